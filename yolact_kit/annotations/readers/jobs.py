"""What the readers of several formats share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from yolact_kit.annotations.matching import match
from yolact_kit.annotations.objects import NO_LABELS, is_listed, map_label
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.source import PictureResult, RawPicture
from yolact_kit.annotations.split_lists import split_in_name
from yolact_kit.errors import UserError

Pending = tuple[RawPicture | None, Problems]
"""What a file says of a picture, None where it cannot be read; and the problems so far."""

WITHOUT_OUTLINE = frozenset({"mask-missing", "segmentation-missing"})
"""Codes of the problems that an object with only a box has."""


class BoxesOnlyError(UserError):
    """The labels are boxes without outlines, and ``--box-as-mask`` was not given."""


class UnclearClassError(UserError):
    """Objects have several attributes, and nothing says which of them is the class.

    Args:
        attributes: Names of the attributes.
    """

    def __init__(self, attributes: list[str]) -> None:
        names = ", ".join(f"'{name}'" for name in attributes)
        super().__init__(
            f"It is unclear which attribute of the regions is the class: {names}.",
            "Name it with --class-attribute NAME.",
        )
        self.attributes = attributes


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


def picture_jobs(items: list[Pending], context: ReadContext, format: LabelFormat) -> Jobs:
    """The jobs of a format whose files list many pictures and may say in which split each is.

    Args:
        items: What the files say of each picture.
        context: The source.
        format: The format.

    Returns:
        The jobs.

    Raises:
        BoxesOnlyError: There are objects, and none has an outline.
    """
    refuse_boxes(items, context, format)
    by_name = splits_by_name(context) or {}
    raws = [raw for raw, _ in items if raw is not None]
    for raw in raws:
        raw.split = raw.split or by_name.get(raw.source, "")
    if not {"train"} < {raw.split for raw in raws if raw.split}:
        for raw in raws:
            raw.split = ""
    return Jobs(partial(_match_with_boxes, index=context.index, options=context.options), items)


def splits_by_name(context: ReadContext) -> dict[Path, str] | None:
    """The splits that annotation files are, by their names and folders; None where they are not splits."""
    splits: dict[Path, str] = {}
    for path in context.labels.files:
        split = split_in_name(context.folder.name(path))
        if split:
            splits[path] = split
    is_complete = len(splits) == len(context.labels.files)
    return splits if is_complete and {"train"} < set(splits.values()) else None


def match_job(item: Pending, index: PictureIndex, options: ReadOptions) -> PictureResult:
    """Matches what a file says of a picture with the picture; its split is the one that the file names.

    Args:
        item: What the file says.
        index: The pictures that may be used.
        options: How labels are read.

    Returns:
        What became of the picture.
    """
    raw, problems = item
    if raw is None:
        return PictureResult(None, problems.found)
    result = match(raw, index, options, problems)
    result.split = raw.split
    return result


def _match_with_boxes(item: Pending, index: PictureIndex, options: ReadOptions) -> PictureResult:
    """As `match_job`, for formats in which an object may have a box and no outline."""
    raw, problems = item
    if raw is not None:
        _note_missing_masks(raw, options, problems)
    return match_job(item, index, options)


def _note_missing_masks(raw: RawPicture, options: ReadOptions, problems: Problems) -> None:
    """Reports objects that have only a box, except those whose label is left out anyway."""
    for item in raw.objects:
        label = map_label(item.label, options.label_map or {})
        is_skipped = label is None or label.strip() in NO_LABELS
        if not item.parts and not is_skipped and is_listed(label, options):
            problems.add("mask-missing", "It has a box, but no outline.", item.name)
