"""What the readers of several formats share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import LabelFormat, ReadContext
from yolact_kit.annotations.source import RawPicture
from yolact_kit.errors import UserError

Pending = tuple[RawPicture | None, Problems]
"""What a file says of a picture, None where it cannot be read; and the problems so far."""

WITHOUT_OUTLINE = frozenset({"mask-missing", "segmentation-missing"})
"""Codes of the problems that readers report of an object with a box and no outline."""


class BoxesOnlyError(UserError):
    """The labels are boxes without outlines, and nothing says that boxes may be taken as masks."""


def read_each(
    files: list[Path], context: ReadContext, read: Callable[[Path, ReadOptions, Problems], RawPicture | None]
) -> list[Pending]:
    """Reads annotation files of one picture each, one after the other.

    Args:
        files: The files.
        context: The source.
        read: Reads a file: called with it, the options and the problems that it adds to.

    Returns:
        What each file says.
    """
    items: list[Pending] = []
    for path in files:
        problems = Problems(context.folder.name(path))
        items.append((read(path, context.options, problems), problems))
    return items


def refuse_boxes(items: list[Pending], context: ReadContext, format: LabelFormat) -> None:
    """Refuses labels that are boxes without outlines, unless boxes may be taken as masks.

    Args:
        items: What the files say.
        context: The source.
        format: Says what to do about it.

    Raises:
        BoxesOnlyError: There are objects, and none has an outline.
    """
    objects = [item for raw, _ in items if raw is not None for item in raw.objects]
    if objects and not context.options.box_as_mask and not any(item.parts for item in objects):
        raise BoxesOnlyError(format.boxes_only, format.boxes_advice)
