"""The one range by which the pictures of more than 8 bits of a source become 8-bit."""

from __future__ import annotations

from pathlib import Path

import yaml

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import Labelled
from yolact_kit.errors import UserError
from yolact_kit.pixels.depth import DepthRange, common_range, depth_range
from yolact_kit.words import counted

_FEW_GREYS = 8
"""A picture that becomes fewer greys than this, of 256, shows hardly anything."""
_NAMED = 3
"""At most this many pictures are named in one message."""


def settle_depth(
    labelled: list[Labelled], root: Path, chosen: DepthRange | None, problems: Problems
) -> DepthRange | None:
    """Decides the range for all pictures of more than 8 bits, and notes it in them.

    Args:
        labelled: The pictures, whose thumbnails are completed.
        root: The folder that they were read from. A data set in it, which an earlier conversion wrote, keeps its range.
        chosen: The range that the user chose; None for one that suits the pictures.
        problems: Where problems are added.

    Returns:
        The range; None if there is no such picture, nor a data set that had any.
    """
    deep = [item for item in labelled if item.deep is not None]
    earlier = _earlier_range(root, problems)
    settled = chosen or earlier or (common_range(_own(item) for item in deep) if deep else None)
    if settled is None:
        return None
    for item in deep:
        assert item.deep is not None
        item.thumbnail = settled.to_8bit(item.deep.small)
        item.picture.depth = settled
        problems.file = item.source.name
        low, high = _greys(item, settled)
        problems.add(
            "picture-16-bit",
            f"'{item.picture.file}' has more than 8 bits a channel: its values {_own(item)} became {low} to {high}; in "
            f"every picture {settled} became 0 to 255.",
        )
    problems.file = ""
    _check_greys(deep, settled, problems)
    if deep and len(deep) < len(labelled):
        message = (
            f"{len(deep)} of {len(labelled)} pictures have more than 8 bits a channel; the others stay as they are."
        )
        problems.add("depth-mixed", message)
    return settled


def _own(item: Labelled) -> DepthRange:
    """The range of a picture's own values."""
    assert item.deep is not None
    return item.deep.range


def _greys(item: Labelled, settled: DepthRange) -> tuple[int, int]:
    """What the lowest and the highest value of a picture become."""
    own = _own(item)
    low, high = ((min(max(value, settled.low), settled.high) - settled.low) for value in (own.low, own.high))
    scale = 255 / (settled.high - settled.low)
    return round(low * scale), round(high * scale)


def _check_greys(deep: list[Labelled], settled: DepthRange, problems: Problems) -> None:
    """Reports pictures that are nearly of one grey in the common range, though they are not in their own."""
    dull = []
    for item in deep:
        low, high = _greys(item, settled)
        if high - low + 1 < _FEW_GREYS and _own(item).low < _own(item).high:
            dull.append(f"'{item.picture.file}' ({_own(item)})")
    if dull:
        more = f" and {len(dull) - _NAMED} more" if len(dull) > _NAMED else ""
        problems.add(
            "depth-few-greys",
            f"{counted(len(dull), 'picture')} of {len(deep)} became fewer than {_FEW_GREYS} greys in the range "
            f"{settled}: {', '.join(dull[:_NAMED])}{more}.",
        )


def _earlier_range(root: Path, problems: Problems) -> DepthRange | None:
    """The range of the data sets that earlier conversions wrote into a folder; None for none, or for several."""
    ranges: dict[DepthRange, str] = {}
    for file in (root / "dataset.yaml", *sorted(root.glob("*/dataset.yaml"))):
        try:
            described = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
            written = depth_range(described.get("depth_range"))
        except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError, UserError):
            continue  # missing, or none of ours
        if written is not None:
            ranges.setdefault(written, file.relative_to(root).as_posix())
    if len(ranges) > 1:
        listed = ", ".join(f"{written} in '{name}'" for written, name in ranges.items())
        problems.add("depth-differs", f"The data sets were scaled to 8 bits by different ranges of values: {listed}.")
        return None
    return next(iter(ranges), None)
