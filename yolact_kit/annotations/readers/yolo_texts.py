"""The text files of a YOLO set, before it is clear what their rows are; rows that are no outlines are sorted out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import ReadContext
from yolact_kit.annotations.readers.jobs import BoxesOnlyError
from yolact_kit.annotations.readers.yolo_rows import (
    RowNumbers,
    are_oriented_boxes,
    columns_behind,
    have_four_corners,
    have_keypoints,
    numbers_of,
)
from yolact_kit.annotations.readers.yolo_sets import YoloSet
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.words import counted

_BOX = 4
"""Numbers of a box."""
_EXPORT_OUTLINES = (
    "Export the labels for segmentation, as outlines, or take the boxes as masks with --box-as-mask; the model then "
    "learns rectangles."
)


@dataclass(slots=True)
class YoloText:
    """The rows of a text file.

    Attributes:
        path: The file.
        problems: Its problems so far.
        rows: Number of each line, and the words in it; None where the file cannot be read.
    """

    path: Path
    problems: Problems
    rows: list[tuple[int, list[str]]] | None

    @property
    def classes(self) -> set[int]:
        """The numbers of its classes; -1 stands for all that are no whole number."""
        return {int(words[0]) if words[0].isdecimal() else -1 for _, words in self.rows or ()}

    @property
    def numbers(self) -> list[RowNumbers]:
        """The rows that are numbers, without their class."""
        rows = [numbers_of(words[1:]) for _, words in self.rows or ()]
        return [row for row in rows if row]

    @property
    def may_have_columns(self) -> bool:
        """Whether the first row has an odd number of coordinates or ends in a whole number."""
        first = numbers_of(self.rows[0][1][1:]) if self.rows else None
        return first is not None and len(first) > _BOX and (len(first) % 2 == 1 or first[-1].is_integer())


def read_yolo_text(path: Path, problems: Problems) -> YoloText:
    """Reads the rows of a text file.

    Args:
        path: The file; an empty one belongs to a picture without objects.
        problems: Where problems are added.

    Returns:
        Its rows.
    """
    text = read_text(path, problems) if path.stat().st_size else ""
    if text is None:
        return YoloText(path, problems, None)
    lines = enumerate(text.splitlines(), start=1)
    return YoloText(path, problems, [(number, line.split()) for number, line in lines if line.strip()])


def check_rows(texts: list[YoloText], whole: YoloSet, context: ReadContext) -> None:
    """Finds out what rows are, and drops what stands behind their coordinates, in place.

    Args:
        texts: The text files of a set.
        whole: The set.
        context: The source.

    Raises:
        BoxesOnlyError: The rows are no outlines, and ``--box-as-mask`` was not given.
    """
    # Without a word in data.yaml, only rows of equally many columns can be something else; most sets have others, and
    # their numbers need not be looked at here.
    if (whole.keypoints or _are_uniform(texts)) and have_keypoints(_all_numbers(texts), whole.keypoints):
        _drop_keypoints(texts, whole, context)
        return
    _drop_columns(texts)
    if not context.options.box_as_mask and (whole.task == "obb" or _are_uniform(texts)):
        _check_corners(texts, whole, context)


def _are_uniform(texts: list[YoloText]) -> bool:
    """Whether all rows have equally many columns."""
    return len({len(words) for text in texts for _, words in text.rows or ()}) == 1


def _drop_keypoints(texts: list[YoloText], whole: YoloSet, context: ReadContext) -> None:
    """Drops the keypoints behind boxes, if boxes may be taken as masks; else refuses such rows."""
    if not context.options.box_as_mask:
        why = f" (`kpt_shape` of data.yaml is {list(whole.keypoints)})" if whole.keypoints else ""
        raise BoxesOnlyError(f"{_example(texts)} are boxes with keypoints{why}, not outlines.", _EXPORT_OUTLINES)
    for text in texts:
        if text.rows:
            rows = counted(len(text.rows), "row")
            text.problems.add("columns-dropped", f"Its {rows} hold keypoints; only the boxes are read.")
            text.rows = [(line, words[: _BOX + 1]) for line, words in text.rows]


def _check_corners(texts: list[YoloText], whole: YoloSet, context: ReadContext) -> None:
    """Refuses rows that are oriented boxes, and warns of those that may be."""
    rows = _all_numbers(texts)
    if rows and (whole.task == "obb" or are_oriented_boxes(rows)):
        raise BoxesOnlyError(f"{_example(texts)} are oriented boxes, not outlines.", _EXPORT_OUTLINES)
    if have_four_corners(rows):
        context.problems.add("rows-of-four", f"Each of the {len(rows)} rows has exactly four points.")


def _example(texts: list[YoloText]) -> str:
    """The rows of a set, with a file that holds some."""
    files = [f"'{text.problems.file}'" for text in texts if text.rows]
    return f"The rows of {files[0]}" + (" and others" if len(files) > 1 else "")


def _all_numbers(texts: list[YoloText]) -> list[RowNumbers]:
    """The rows of all files that are numbers, without their class."""
    return [row for text in texts for row in text.numbers]


def _drop_columns(texts: list[YoloText]) -> None:
    """Drops confidences and track ids, in place: as the whole set has them, or else as the files have them."""
    filled = [text for text in texts if text.rows]
    columns: tuple[str, ...] = ()
    if all(text.may_have_columns for text in filled):
        columns = columns_behind(_all_numbers(filled))
    for text in filled:
        own = columns or _own_columns(text)
        if own:
            # The class stays: a broken row may have nothing behind it.
            text.rows = [(line, words[:1] + words[1 : -len(own)]) for line, words in text.rows or ()]
            rows, listed = counted(len(text.rows), "row"), " and a ".join(own)
            text.problems.add("columns-dropped", f"Its {rows} end in a {listed}, which is left out.")


def _own_columns(text: YoloText) -> tuple[str, ...]:
    """The columns behind the coordinates of one file; a single row is too little to tell."""
    if not text.may_have_columns or len(text.rows or ()) < 2:
        return ()
    return columns_behind(text.numbers)
