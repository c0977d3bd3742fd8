"""What holds for many of YOLO's text files: the names of the classes, and the splits."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from yolact_kit.annotations.entries import entry_id, is_category_name
from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.annotations.split_lists import NAMES, SplitLists, read_lists
from yolact_kit.annotations.textfiles import read_text, yaml_words
from yolact_kit.errors import UserError

_NAME_FILES = ("classes.txt", "_darknet.labels")
_NOTES = "notes.json"
"""Label Studio's second file of names, with their numbers."""


@dataclass(slots=True)
class YoloSet:
    """What one file of names says, and the splits beside it.

    Attributes:
        file: The file; None if the names are those of ``--classes``.
        scope: The folder whose text files it holds for.
        names: Class name by number.
        folders: Split by the folder of its pictures.
        lists: Splits by lists of pictures.
        keypoints: How many keypoints a row has, and how many numbers each, where the file says so (``kpt_shape``).
        task: What the set is for, where the file says so: ``segment``, ``obb``, ``pose``.
    """

    file: Path | None
    scope: Path
    names: dict[int, str]
    folders: dict[Path, str] = field(default_factory=dict)
    lists: SplitLists = field(default_factory=lambda: SplitLists({}))
    keypoints: tuple[int, int] | None = None
    task: str = ""

    def split_of(self, picture: Path) -> str:
        """The split that a picture belongs to; empty if it is unknown."""
        picture = Path(os.path.normpath(picture.absolute()))
        for folder, split in self.folders.items():
            if picture.is_relative_to(folder):
                return split
        return self.lists.split_of(PurePosixPath(picture.as_posix()))


@dataclass(slots=True)
class YoloSets:
    """All files of names of a source: exports that lie side by side may number their classes differently.

    Attributes:
        sets: One for each file of names, the main one first.
    """

    sets: list[YoloSet]

    def set_of(self, path: Path) -> YoloSet:
        """The set whose folder a text file or a picture is in; the main one for those in none."""
        return next((item for item in self.sets if path.is_relative_to(item.scope)), self.sets[0])

    @property
    def classes(self) -> list[str]:
        """The names of all sets, each once."""
        return list(dict.fromkeys(name for item in self.sets for name in item.names.values()))


def read_sets(
    description: Path | None, folder: SourceFolder, files: list[Path], options: ReadOptions, problems: Problems
) -> YoloSets:
    """Reads what holds for all text files of a source.

    A file of names holds for the folder that it lies in, or for all if no text file is in that folder. If two hold for
    the same text files, the outer one counts, and YAML before others.

    Args:
        description: The YAML file that the source was given as; None if all files of names count.
        folder: The source.
        files: The text files.
        options: ``classes`` stand in for names that the source lacks.
        problems: Where problems are added.

    Returns:
        The sets; at least one.

    Raises:
        UserError: The names of the classes are nowhere to be found, or contradict each other.
    """
    found = [(description, folder.root)] if description else _scoped(folder, files)
    sets: list[YoloSet] = []
    for path, scope in found:
        if not any(scope.is_relative_to(item.scope) for item in sets):
            item = _read_set(path, scope, folder, options, problems)
            if item.names:
                sets.append(item)
    if not sets:
        sets = [_unnamed_set(folder, options)]
    _note_differences(sets, folder, problems)
    return YoloSets(sets)


def _scoped(folder: SourceFolder, files: list[Path]) -> list[tuple[Path, Path]]:
    """All files of names with the folders that they hold for: the outermost first, YAML before others."""
    inhabited = {parent for path in files for parent in path.parents}
    yamls = [path for path in folder.candidates if is_yaml(path) and describes_set(path)]
    found = []
    for path in [*yamls, *filter(is_name_file, folder.files)]:
        found.append((path, path.parent if path.parent in inhabited else folder.root))
    return sorted(found, key=lambda pair: (len(pair[1].parts), *_rank(pair[0])))


def _rank(path: Path) -> tuple[Any, ...]:
    """Puts files of names that hold for the same folder in order: ``data.yaml``, other YAML, ``classes.txt``, notes."""
    return (not is_yaml(path), path.name == _NOTES, len(path.parts), path.stem != "data", path.name)


def is_yaml(path: Path) -> bool:
    """Whether a file is YAML, by its suffix."""
    return path.suffix.lower() in (".yaml", ".yml")


def describes_set(path: Path) -> bool:
    """Whether a YAML file names the classes and the splits of a YOLO set."""
    try:
        document = _load(path)
    except UserError:
        return False
    return "names" in document and any(str(key).lower() in NAMES for key in document)


def is_name_file(path: Path) -> bool:
    """Whether a file holds the names of the classes, by its own name: ``classes.txt``, or Darknet's ``*.names``."""
    return path.name in _NAME_FILES or path.suffix.lower() == ".names" or _is_notes(path)


def _is_notes(path: Path) -> bool:
    return path.name == _NOTES and bool(_names_in_notes(path))


def _read_set(path: Path, scope: Path, folder: SourceFolder, options: ReadOptions, problems: Problems) -> YoloSet:
    """What a file of names says; without names if it has none and no other file nor ``--classes`` has."""
    problems.file = folder.name(path)
    document = _load(path) if is_yaml(path) else {}
    names = _names(document.get("names"), problems) if is_yaml(path) else _names_in(path)
    folders, lists = _splits(document, path, folder.root, problems)
    problems.file = ""
    if not names:
        names = _unnamed_set(folder, options).names
    # Without splits in YAML, there may be lists beside it, train.txt and val.txt.
    beside = [file for file in folder.files if file.parent == scope] if not folders and not lists else []
    inner_first = dict(sorted(folders.items(), key=lambda pair: -len(pair[0].parts)))
    split_lists = read_lists(beside) if beside else SplitLists(lists)
    task = str(document.get("task", "")).lower()
    return YoloSet(path, scope, names, inner_first, split_lists, _keypoints(document), task)


def _keypoints(document: dict[str, Any]) -> tuple[int, int] | None:
    """The number of keypoints and of their numbers that a YAML file states."""
    shape = document.get("kpt_shape")
    if not isinstance(shape, list) or len(shape) != 2 or not all(str(part).isdecimal() for part in shape):
        return None
    count, size = (int(part) for part in shape)
    return (count, size) if count and size in (2, 3) else None


def _unnamed_set(folder: SourceFolder, options: ReadOptions) -> YoloSet:
    """The set of a source whose YAML file names no class, or that has none: names from elsewhere.

    Raises:
        UserError: The names are nowhere to be found.
    """
    beside = min(filter(is_name_file, folder.files), key=lambda path: len(path.parts), default=None)
    names = _names_in(beside) if beside is not None else {}
    names = names or dict(enumerate(options.classes or ()))
    if not names:
        for path in filter(is_yaml, folder.files):
            _load(path)  # which says what is wrong with a file that may have named them
        raise UserError(
            f"It is unclear which classes the numbers in '{folder.root}' stand for.",
            "Put a data.yaml with `names` or a classes.txt into the folder, or name them in order with --classes.",
        )
    return YoloSet(beside, folder.root, names, lists=read_lists(folder.top_files))


def _note_differences(sets: list[YoloSet], folder: SourceFolder, problems: Problems) -> None:
    """Says if the sets of a source number their classes differently."""
    first = sets[0]
    other = next((item for item in sets if item.names != first.names), None)
    if other is not None and first.file and other.file:
        names = f"'{folder.name(first.file)}' and '{folder.name(other.file)}'"
        message = f"The files {names} number the classes differently; each holds for its own folder."
        problems.add("class-lists-differ", message)


def check_numbers(item: YoloSet, numbers: Iterable[int], name: str) -> None:
    """Refuses class numbers that count from 1 while the names count from 0: every object would get a wrong class.

    Args:
        item: The set.
        numbers: The class numbers in its text files.
        name: What messages call its file of names.

    Raises:
        UserError: The numbers begin with 1, and the last one has no name.
    """
    used, count = set(numbers), len(item.names)
    if used and min(used) >= 1 and max(used) == count and set(item.names) == set(range(count)):
        listed = ", ".join(f"{number}: {word}" for number, word in enumerate(item.names.values(), start=1))
        raise UserError(
            f"The classes are numbered up to {count} and none is 0, but {name} counts its names from 0: "
            f"{count} has no name.",
            f"If the numbers count from 1, say so in data.yaml: `names: {{{listed}}}`, and `train: .` or the like.",
        )


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


def _names_in(path: Path) -> dict[int, str]:
    """Class name by number, from a file with a name on each line or from Label Studio's notes.

    Raises:
        UserError: The notes beside the file give a number another name.
    """
    if path.name == _NOTES:
        return _names_in_notes(path)
    lines = (read_text(path, Problems()) or "").splitlines()
    names = dict(enumerate(line.strip() for line in lines if line.strip()))
    notes = path.with_name(_NOTES)
    noted = _names_in_notes(notes) if notes.is_file() else {}
    for number, name in names.items():
        if noted.get(number, name) != name:
            raise UserError(
                f"'{path}' and '{notes}' contradict each other: the class {number} is '{name}' in the first and "
                f"'{noted[number]}' in the second.",
                "Find out on a picture which of them is right, and remove the other file.",
            )
    return names


def _names_in_notes(path: Path) -> dict[int, str]:
    """Class name by number in the notes of Label Studio's export; empty if the file is something else."""
    document = read_json(path, Problems())
    categories = document.get("categories") if isinstance(document, dict) else None
    names: dict[int, str] = {}
    for entry in categories if isinstance(categories, list) else ():
        number, name = (entry.get("id"), entry.get("name")) if isinstance(entry, dict) else (None, None)
        if is_category_name(name) and entry_id(number).isdecimal():
            names[int(entry_id(number))] = str(name).strip()
    return names


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
