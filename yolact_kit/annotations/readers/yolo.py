"""Reading YOLO's files for instance segmentation: one text file per picture, one line per object, names in YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from yolact_kit.annotations.bridges import has_bridges
from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.matching import match
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import FolderSign, Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.jobs import Pending, read_each, refuse_boxes
from yolact_kit.annotations.source import LabelFiles, PictureResult, RawObject, RawPart, RawPicture
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.annotations.split_lists import NAMES, SplitLists, read_lists
from yolact_kit.annotations.textfiles import read_text, yaml_words
from yolact_kit.errors import UserError
from yolact_kit.shapes.rings import GeometryError, Ring, rectangle_ring, to_points

_NAME_FILES = ("classes.txt", "_darknet.labels")
_ROW = re.compile(r"\s*\d+(\.0*)?(\s+[0-9.eE+-]+){4,}\s*$")
_FURTHEST = 2.0
"""Coordinates beyond this share of the picture are pixels."""


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
        has_names = any(map(is_name_file, folder.candidates)) or find_yaml(folder.candidates) is not None
        return FolderSign.LAYOUT if has_names else FolderSign.NONE

    def is_certain(self, folder: SourceFolder, files: list[Path]) -> bool:
        """Whether a file is in the place of a label file; otherwise they may be tables of numbers."""
        return any(is_label_file(path, folder) for path in files)

    def label_files(self, folder: SourceFolder, kinds: Mapping[Path, str]) -> LabelFiles:
        """The text files that are in the place of label files, or have rows of numbers."""
        texts = [path for path in kinds if path.suffix.lower() in self.suffixes]
        files = [path for path in texts if is_label_file(path, folder) or kinds[path] == self.name]
        description = folder.description or find_yaml(folder.candidates)
        return LabelFiles(self.name, files, why=self.evidence(files), description=description)

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        description = context.labels.description
        context.problems.file = context.folder.name(description) if description else ""
        whole = read_set(description, context.folder, context.options, context.problems)
        pictures = by_stem(context.index)
        items = read_each(context.labels.files, context, partial(read_yolo, names=whole.names))
        for raw, _ in items:
            if raw is not None:
                name_picture(raw, pictures)
        refuse_boxes(items, context, self)
        read = partial(_read_job, index=context.index, options=context.options, whole=whole)
        return Jobs(read, items, list(dict.fromkeys(whole.names.values())))


FORMAT = YoloFormat()


def _read_job(item: Pending, index: PictureIndex, options: ReadOptions, whole: YoloSet) -> PictureResult:
    """Matches what one text file says with its picture."""
    raw, problems = item
    if raw is None:
        return PictureResult(None, problems.found)
    for row in raw.objects:
        if not row.parts:
            problems.add("mask-missing", "It has a box, but no outline.", row.name)
    result = match(raw, index, options, problems)
    if result.path is not None:
        result.split = whole.split_of(result.path)
    return result


@dataclass(slots=True)
class YoloSet:
    """What holds for all files of a set.

    Attributes:
        names: Class name by id.
        folders: Split by the folder of its pictures.
        lists: Splits by lists of pictures.
    """

    names: dict[int, str]
    folders: dict[Path, str] = field(default_factory=dict)
    lists: SplitLists = field(default_factory=lambda: SplitLists({}))

    def split_of(self, picture: Path) -> str:
        """The split that a picture belongs to; empty if it is unknown."""
        picture = Path(os.path.normpath(picture.absolute()))
        for folder, split in self.folders.items():
            if picture.is_relative_to(folder):
                return split
        return self.lists.split_of(PurePosixPath(picture.as_posix()))


def find_yaml(files: list[Path]) -> Path | None:
    """The file that names the classes and the splits of a set: the outermost that has ``names``; None without one."""
    candidates = [path for path in files if path.suffix.lower() in (".yaml", ".yml") and describes_set(path)]
    return min(candidates, key=lambda path: (len(path.parts), path.stem != "data", path.name), default=None)


def describes_set(path: Path) -> bool:
    """Whether a YAML file names the classes and the splits of a YOLO set."""
    try:
        document = _load(path)
    except UserError:
        return False
    return "names" in document and any(str(key).lower() in NAMES for key in document)


def is_name_file(path: Path) -> bool:
    """Whether a file holds the names of the classes, by its own name: ``classes.txt``, or Darknet's ``*.names``."""
    return path.name in _NAME_FILES or path.suffix.lower() == ".names"


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


def read_set(description: Path | None, folder: SourceFolder, options: ReadOptions, problems: Problems) -> YoloSet:
    """Reads what holds for all files of a set.

    Args:
        description: Its YAML file, if it has one.
        folder: The source.
        options: ``classes`` stand in for names that the set lacks.
        problems: Where problems are added.

    Returns:
        Names and splits.

    Raises:
        UserError: The names of the classes are nowhere to be found.
    """
    # Names: from data.yaml, else from classes.txt and the like, else from --classes. Splits: folders or lists that
    # data.yaml names, else lists beside it, train.txt and val.txt.
    document = _load(description) if description is not None else {}
    names = _names(document.get("names"), problems) or _names_beside(folder.files)
    if not names and options.classes:
        names = dict(enumerate(options.classes))
    if not names:
        for path in (path for path in folder.files if path.suffix.lower() in (".yaml", ".yml")):
            _load(path)  # which says what is wrong with a file that may have named them
        raise UserError(
            f"It is unclear which classes the numbers in '{folder.root}' stand for.",
            "Put a data.yaml with `names` or a classes.txt into the folder, or name them in order with --classes.",
        )
    folders, lists = _splits(document, description, folder.root, problems)
    beside = read_lists(folder.top_files) if not folders and not lists else None
    inner_first = dict(sorted(folders.items(), key=lambda pair: -len(pair[0].parts)))
    return YoloSet(names, inner_first, beside if beside is not None else SplitLists(lists))


def _splits(
    document: dict[str, Any], description: Path | None, root: Path, problems: Problems
) -> tuple[dict[Path, str], dict[str, list[str]]]:
    """The splits that a YAML file names: split by folder, and the pictures listed for each split."""
    folders: dict[Path, str] = {}
    lists: dict[str, list[str]] = {}
    for key, split, item in _split_items(document):
        path = _locate(item, description, document, root) if isinstance(item, str) else None
        if path is None:
            text = item if isinstance(item, str) else "what it names"
            problems.add("split-missing", f"'{key}: {text}' is not in the folder.")
        elif not path.is_dir():
            lists.setdefault(split, []).extend((read_text(path, problems) or "").splitlines())
        elif folders.setdefault(path, split) != split:
            problems.add("split-repeated", f"'{key}: {item}' is the folder of '{folders[path]}' as well.")
    return folders, lists


def _split_items(document: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """The folders and lists that a YAML file names: key, split, and path of each.

    Validation comes before testing: if both name the same folder, the first one gets it, and training needs validation.
    """
    splits = {key: NAMES[str(key).lower()] for key in document if document[key] and str(key).lower() in NAMES}
    order = list(NAMES.values())
    items: list[tuple[str, str, Any]] = []
    for key, split in sorted(splits.items(), key=lambda pair: order.index(pair[1])):
        values = document[key] if isinstance(document[key], list) else [document[key]]
        items += [(key, split, value) for value in values]
    return items


def read_yolo(path: Path, options: ReadOptions, problems: Problems, names: dict[int, str]) -> RawPicture | None:
    """Reads one text file.

    Args:
        path: The file; an empty one belongs to a picture without objects.
        options: How labels are read.
        problems: Where problems are added.
        names: Class name by id.

    Returns:
        What it says, in shares of the picture; None with a problem where it cannot be read.
    """
    raw = RawPicture(path, "", path.stem, None, shares=True)
    if not path.stat().st_size:
        return raw
    text = read_text(path, problems)
    if text is None:
        return None
    rows = [(number, row.split()) for number, row in enumerate(text.splitlines(), start=1) if row.strip()]
    objects = [_object(number, row, names, options, problems) for number, row in rows]
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


def _load(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; empty if it holds something else."""
    try:
        document = yaml_words(read_text(path, Problems()) or "")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(f"'{path}' is broken YAML: {error}", "Mend it, or remove it and give --classes.") from error
    return document if isinstance(document, dict) else {}


def _names(value: Any, problems: Problems) -> dict[int, str]:
    """Class name by id, as a list or a map says."""
    by_id = dict(enumerate(value)) if isinstance(value, list) else value
    names: dict[int, str] = {}
    for key, word in by_id.items() if isinstance(by_id, dict) else ():
        if isinstance(word, list | dict):  # which YAML's aliases can make endless
            raise UserError(f"The name of the class {key} is a list.", "Mend data.yaml: each class has one name.")
        name = str(word).strip()
        try:
            number = int(key)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"The name '{name}' has the id '{key}', which is not a number.", "Mend data.yaml."
            ) from error
        if name in names.values():
            problems.add("name-of-class-repeated", f"Two classes are named '{name}'.", f"class {number}")
        names[number] = name
    return names


def _names_beside(files: list[Path]) -> dict[int, str]:
    """Class name by id, from the outermost file of names."""
    for path in sorted(filter(is_name_file, files), key=lambda path: len(path.parts)):
        lines = (read_text(path, Problems()) or "").splitlines()
        return dict(enumerate(line.strip() for line in lines if line.strip()))
    return {}


def _locate(item: str, description: Path | None, document: dict[str, Any], root: Path) -> Path | None:
    """The folder or list of a split; None if it is not in the source.

    Paths in YAML files are often relative to another folder, or come from another machine. Tried are: the path below
    the YAML file's ``path`` and below the YAML file's folder, each with and without leading ``..``; then the ends of an
    absolute path.
    """
    assert description is not None
    reference, base = (Path(text.replace("\\", "/")) for text in (item, str(document.get("path") or ".")))
    folders = (description.parent / base, description.parent / _inner(base), description.parent)
    candidates = [folder / path for folder in folders for path in (reference, _inner(reference))]
    candidates += [description.parent / end for end in _ends(reference)]
    for path in candidates:
        real = Path(os.path.normpath(path.absolute()))
        if real.exists() and real.is_relative_to(Path(os.path.normpath(root.absolute()))):
            return real
    return None


def _ends(path: Path) -> list[Path]:
    """The ends of an absolute path, the longest first; its last name alone only if that is the name of a split."""
    if not path.is_absolute() and ":" not in str(path)[:2]:
        return []
    ends = [Path(*path.parts[first:]) for first in range(1, len(path.parts))]
    return ends if path.stem.lower() in NAMES else ends[:-1]


def _inner(path: Path) -> Path:
    """A relative path without its ``..``."""
    return path if path.is_absolute() else Path(*[part for part in path.parts if part != ".."])
