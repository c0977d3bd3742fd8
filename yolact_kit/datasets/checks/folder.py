"""Reading data set folders without stopping at mistakes: what cannot be used is left out.

`yolact_kit.annotations.dataset_folder.load_dataset` is for data sets without mistakes and stops at the first one; this
finds every mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.dataset_folder import read_instance
from yolact_kit.annotations.entries import entry_id, image_fault, usable_annotation
from yolact_kit.annotations.problem_kinds import new_problem
from yolact_kit.annotations.problems import Problem
from yolact_kit.errors import UserError
from yolact_kit.json_text import parse_json
from yolact_kit.pixels.depth import DepthRange, depth_range

_LISTS = ("images", "annotations", "categories")
_CONVERT_AGAIN = "Write the data set again with `yolact-kit convert`."


@dataclass(frozen=True, slots=True)
class Document:
    """The unchanged annotation file of one split.

    Attributes:
        split: Name of the split.
        file: The file, relative to the data set folder.
        pictures: Folder of the split's pictures.
        classes: The data set's classes in their order.
        images: Entries of the pictures.
        annotations: Entries of the objects.
        categories: Entries of the classes.
    """

    split: str
    file: str
    pictures: Path
    classes: list[str]
    images: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    categories: list[dict[str, Any]]

    def usable_images(self) -> dict[str, dict[str, Any]]:
        """Entries of the pictures that can be used, by their id; if an id repeats, the first one."""
        usable: dict[str, dict[str, Any]] = {}
        for image in self.images:
            if image_fault(image) is None and image.get("id") is not None:
                usable.setdefault(entry_id(image["id"]), image)
        return usable

    def category_names(self) -> dict[str, str]:
        """Class names by category id."""
        return {
            entry_id(category["id"]): str(category["name"])
            for category in self.categories
            if category.get("id") is not None and "name" in category
        }

    def known_annotations(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Entries of the objects whose picture and class are known, each with the entry of its picture."""
        images, names = self.usable_images(), self.category_names()
        for annotation in self.annotations:
            image_id = entry_id(annotation.get("image_id"))
            if image_id in images and entry_id(annotation.get("category_id")) in names:
                yield annotation, images[image_id]


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set folder.

    Attributes:
        root: The folder.
        name: Name of the data set.
        classes: Its classes in their order.
        documents: The annotation files that can be read.
        depth_range: The values that became black and white in pictures of more than 8 bits, where it had any.
    """

    root: Path
    name: str
    classes: list[str]
    documents: list[Document]
    depth_range: DepthRange | None = None


def read_folder(path: Path | str) -> tuple[Folder, list[Problem]]:
    """Reads a data set folder, whatever is wrong with its annotation files.

    Args:
        path: The folder, or its ``dataset.yaml``.

    Returns:
        The folder, and a problem for each annotation file that cannot be read.

    Raises:
        UserError: ``dataset.yaml`` is missing, cannot be read, or does not name classes and splits.
    """
    path = Path(path)
    file = path / "dataset.yaml" if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"'{file}' does not exist.", "Give a folder that `yolact-kit convert` wrote.")
    described = _read_description(file)
    classes = [str(name) for name in described["classes"]]
    documents, problems = [], []
    for split, parts in described["splits"].items():
        read = _read_document(file.parent, str(split), parts, classes)
        if isinstance(read, Document):
            documents.append(read)
        else:
            problems.append(read)
    name = str(described.get("name", file.parent.name))
    return Folder(file.parent, name, classes, documents, depth_range(described.get("depth_range"))), problems


def build_dataset(folder: Folder) -> Dataset:
    """The pictures and objects of a data set folder that can be used.

    Args:
        folder: The folder, as `read_folder` gives it.

    Returns:
        The data set, without the entries that the checks of annotation files report as errors.
    """
    splits: dict[str, list[Picture]] = {}
    for document in folder.documents:
        pictures = {
            id: Picture(image["file_name"], image["width"], image["height"], document.pictures / image["file_name"])
            for id, image in document.usable_images().items()
        }
        names = document.category_names()
        for annotation, image in document.known_annotations():
            annotation, fault = usable_annotation(annotation, image["width"], image["height"])
            if fault is None:
                picture = pictures[entry_id(annotation["image_id"])]
                label = names[entry_id(annotation["category_id"])]
                picture.instances.append(read_instance(annotation, label, picture))
        splits[document.split] = list(pictures.values())
    dataset = Dataset(folder.name, folder.classes, splits, folder.root, folder.depth_range)
    for picture in dataset.pictures():
        picture.depth = dataset.depth_range
    return dataset


def _read_description(file: Path) -> dict[str, Any]:
    """The content of ``dataset.yaml``."""
    try:
        described = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not UTF-8 text.", _CONVERT_AGAIN) from error
    except yaml.YAMLError as error:
        raise UserError(f"'{file}' is not valid YAML: {' '.join(str(error).split())}", _CONVERT_AGAIN) from error
    if not isinstance(described, dict):
        raise UserError(f"'{file}' does not describe a data set.", _CONVERT_AGAIN)
    for key, kind, what in (("classes", list, "a list of the classes"), ("splits", dict, "the splits")):
        if not isinstance(described.get(key), kind):
            raise UserError(f"'{file}' lacks '{key}': {what}.", _CONVERT_AGAIN)
    return described


def _read_document(root: Path, split: str, parts: Any, classes: list[str]) -> Document | Problem:
    """The annotation file of a split, or why it cannot be used."""
    if not _names_its_files(parts):
        return _unreadable("dataset.yaml", f"The split '{split}' does not name its annotation file and picture folder.")
    file = parts["annotations"]
    try:
        data = parse_json((root / file).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return _unreadable(file, f"The annotation file of the split '{split}' does not exist.")
    except (OSError, ValueError, RecursionError) as error:
        return _unreadable(file, f"The annotation file of the split '{split}' cannot be read: {error}.")
    lists: list[Any] = [data.get(key) if isinstance(data, dict) else None for key in _LISTS]
    if not all(map(_is_list_of_objects, lists)):
        return _unreadable(file, "It is not COCO: it lacks the lists images, annotations and categories.")
    return Document(split, file, root / parts["images"], classes, *lists)


def _names_its_files(parts: Any) -> bool:
    """Whether the entry of a split in ``dataset.yaml`` names an annotation file and a picture folder."""
    return isinstance(parts, dict) and all(isinstance(parts.get(key), str) for key in ("annotations", "images"))


def _is_list_of_objects(entries: Any) -> bool:
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


def _unreadable(file: str, message: str) -> Problem:
    return new_problem("file-unreadable", message, file, in_dataset=True)
