"""Reading YOLO's files for instance segmentation: one text file per picture, one line per object, names in YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from yolact_kit.annotations.bridges import has_bridges
from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.matching import match
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import FolderSign, Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.jobs import Pending, refuse_boxes
from yolact_kit.annotations.readers.yolo_rows import numbers_of
from yolact_kit.annotations.readers.yolo_sets import (
    YoloSet,
    YoloSets,
    check_numbers,
    describes_set,
    is_name_file,
    is_yaml,
    read_sets,
)
from yolact_kit.annotations.readers.yolo_texts import YoloText, check_rows, read_yolo_text
from yolact_kit.annotations.source import LabelFiles, PictureResult, RawObject, RawPart, RawPicture
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.shapes.rings import GeometryError, Ring, rectangle_ring, to_points

_ROW = re.compile(r"\s*\d+(\.0*)?(\s+[0-9.eE+-]+){4,}\s*$")
_FURTHEST = 2.0
"""Coordinates beyond this share of the picture are pixels."""
_PAIRS = "x and y come in pairs, and a confidence or a track id behind them would be in every row of the file."


class YoloFormat(LabelFormat):
    """YOLO for instance segmentation: a text file for each picture, a row for each object."""

    name = "yolo"
    title = "YOLO"
    suffixes = (".txt",)
    sign = "text files with lines of numbers"

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        rows = [row for row in text.splitlines() if row.strip()]
        return bool(rows) and all(_ROW.match(row) for row in rows[:20])

    def folder_sign(self, folder: SourceFolder) -> FolderSign:
        """Text files in YOLO's layout together with names of classes, even if none of their rows is readable."""
        if not any(is_label_file(path, folder) for path in folder.candidates if path.suffix.lower() == ".txt"):
            return FolderSign.NONE
        has_names = any(is_name_file(path) or (is_yaml(path) and describes_set(path)) for path in folder.candidates)
        return FolderSign.LAYOUT if has_names else FolderSign.NONE

    def is_certain(self, folder: SourceFolder, files: list[Path]) -> bool:
        """Whether a file is in the place of a label file; otherwise they may be tables of numbers."""
        return any(is_label_file(path, folder) for path in files)

    def label_files(self, folder: SourceFolder, kinds: Mapping[Path, str]) -> LabelFiles:
        """The text files that are in the place of label files, or have rows of numbers."""
        texts = [path for path in kinds if path.suffix.lower() in self.suffixes]
        files = [path for path in texts if is_label_file(path, folder) or kinds[path] == self.name]
        return LabelFiles(self.name, files, why=self.evidence(files), description=folder.description)

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        files, folder = context.labels.files, context.folder
        sets = read_sets(context.labels.description, folder, files, context.options, context.problems)
        pictures = by_stem(context.index)
        texts = [read_yolo_text(path, Problems(folder.name(path))) for path in files]
        owners = [(text, sets.set_of(text.path)) for text in texts]
        by_set = [(whole, [text for text, owner in owners if owner is whole]) for whole in sets.sets]
        for whole, own in by_set:
            check_rows(own, whole, context)
        items = [(_read_rows(text, owner.names, context.options), text.problems) for text, owner in owners]
        _check_numbers(items, by_set, folder)
        for raw, _ in items:
            if raw is not None:
                name_picture(raw, pictures)
        refuse_boxes(items, context, self)
        read = partial(_read_job, index=context.index, options=context.options, sets=sets)
        return Jobs(read, items, sets.classes)


FORMAT = YoloFormat()


def _check_numbers(items: list[Pending], by_set: list[tuple[YoloSet, list[YoloText]]], folder: SourceFolder) -> None:
    """Refuses sets whose class numbers count from 1, where a number has no name."""
    if not any(problem.code == "category-unknown" for _, problems in items for problem in problems.found):
        return
    for whole, texts in by_set:
        name = f"'{folder.name(whole.file)}'" if whole.file is not None else "--classes"
        check_numbers(whole, {number for text in texts for number in text.classes}, name)


def _read_job(item: Pending, index: PictureIndex, options: ReadOptions, sets: YoloSets) -> PictureResult:
    """Matches what one text file says with its picture."""
    raw, problems = item
    if raw is None:
        return PictureResult(None, problems.found)
    for row in raw.objects:
        if not row.parts:
            problems.add("mask-missing", "It has a box, but no outline.", row.name)
    result = match(raw, index, options, problems)
    if result.path is not None:
        result.split = sets.set_of(result.path).split_of(result.path)
    return result


def is_label_file(path: Path, folder: SourceFolder) -> bool:
    """Whether a text file is in the place of a label file: in a folder ``labels``, or beside its picture.

    Args:
        path: The text file.
        folder: The source.

    Returns:
        Whether it does.
    """
    if is_name_file(path):
        return False
    folders = path.relative_to(folder.root).parts[:-1] if path.is_relative_to(folder.root) else ()
    return "labels" in map(str.lower, folders) or path.with_suffix("") in folder.picture_stems


def _read_rows(text: YoloText, names: dict[int, str], options: ReadOptions) -> RawPicture | None:
    """What a text file says, in shares of the picture; None where it cannot be read."""
    if text.rows is None:
        return None
    objects = [_object(line, words, names, options, text.problems) for line, words in text.rows]
    raw = RawPicture(text.path, "", text.path.stem, None, shares=True)
    raw.objects = [item for item in objects if item is not None]
    return raw


def name_picture(raw: RawPicture, pictures: dict[str, list[Path]]) -> None:
    """Names the picture of a text file, in place: the one beside it, else the one in ``images`` instead of ``labels``.

    Args:
        raw: What the text file says.
        pictures: What `by_stem` gave.
    """
    parts = list(raw.source.with_suffix("").parts)
    # "a/labels/train/x.txt" may belong to "a/images/train/x.jpg". Any folder "labels" of the path may be the one to
    # replace; the innermost is tried first.
    candidates = [parts]
    for index in (index for index, part in enumerate(parts[:-1]) if part.lower() == "labels"):
        candidates.insert(1, [*parts[:index], "images", *parts[index + 1 :]])
    for candidate in candidates:
        paths = pictures.get(comparable(str(Path(*candidate))), [])
        if len(paths) == 1:
            raw.reference = Path(os.path.relpath(paths[0], raw.source.parent)).as_posix()
            return


def by_stem(index: PictureIndex) -> dict[str, list[Path]]:
    """The pictures by path without suffix, in comparable form."""
    pictures: dict[str, list[Path]] = {}
    for entry in index.entries.values():
        pictures.setdefault(comparable(str(entry.path.with_suffix(""))), []).append(entry.path)
    return pictures


def _object(
    line: int, row: list[str], names: dict[int, str], options: ReadOptions, problems: Problems
) -> RawObject | None:
    """One row as an object; None with a problem if it is neither an outline nor a box."""
    name = f"line {line}"
    try:
        number = to_points([row[0], 0])[0, 0]
        label = names.get(int(number)) if number == int(number) else None
        if label is None:
            problems.add("category-unknown", f"Its class {row[0]} has no name.", name)
            return None
        name = f"{name} ({label})"
        if len(row) < 5:
            raise GeometryError("shape-malformed", f"It has {len(row)} numbers; an outline has 7 or more, a box 5.")
        if len(row) % 2 == 0 and numbers_of(row) is not None:
            raise GeometryError("coordinates-odd", f"It has {len(row) - 1} numbers behind its class; {_PAIRS}")
        points = to_points(row[1:])
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None
    if abs(points).max() > _FURTHEST:
        problems.add("shares-too-large", f"It has the coordinate {abs(points).max():g}; shares are at most 1.", name)
        return None
    if len(points) > 2:
        return RawObject(name, label, [RawPart(name, ring=points, bridged=has_bridges(points))])
    return _box_object(name, label, points, options, problems)


def _box_object(name: str, label: str, points: Ring, options: ReadOptions, problems: Problems) -> RawObject | None:
    """An object with a box only: the x y of its centre, its width and height."""
    centre, extent = points
    if (extent <= 0).any():
        problems.add("area-zero", "Its box encloses nothing.", name)
        return None
    (x1, y1), (x2, y2) = (centre - extent / 2).tolist(), (centre + extent / 2).tolist()
    ring = rectangle_ring(to_points([x1, y1, x2, y2]))
    parts = [RawPart(name, ring=ring)] if options.box_as_mask else []
    return RawObject(name, label, parts, box=(x1, y1, x2, y2))
