"""Data set folders: ``dataset.yaml``, COCO annotations and pictures, as ``convert`` writes them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from yolact_kit.annotations.coco_document import to_coco
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.entries import entry_id, image_fault, usable_annotation
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, replacing
from yolact_kit.json_text import json_text, parse_json
from yolact_kit.pixels.depth import depth_range
from yolact_kit.shapes.rle import parse_rle
from yolact_kit.shown_paths import shown_path


@dataclass(slots=True)
class SplitFile:
    """The annotation file of a split.

    Attributes:
        document: Its content: ``images``, ``annotations`` (without objects that have no mask), ``categories``.
        images: The folder with its pictures.
    """

    document: dict[str, Any]
    images: Path


def load_dataset(path: Path | str) -> Dataset:
    """Reads a data set folder that ``convert`` wrote.

    Args:
        path: The folder, or its ``dataset.yaml``.

    Returns:
        The data set, every split loaded.

    Raises:
        UserError: The folder, its ``dataset.yaml`` or an annotation file is missing or cannot be read.
    """
    return load_dataset_and_file(path)[0]


def load_dataset_and_file(path: Path | str, split: str | None = None) -> tuple[Dataset, SplitFile | None]:
    """Reads a data set folder, and also returns the annotation file of one of its splits.

    Args:
        path: The folder, or its ``dataset.yaml``.
        split: Name of the split.

    Returns:
        The data set, and the split's file; None if the data set does not have the split.

    Raises:
        UserError: As `load_dataset`.
    """
    path = Path(path)
    file = path / "dataset.yaml" if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"'{file}' does not exist.", "Give a folder that `yolact-kit convert` wrote.")
    if file.suffix.lower() not in (".yaml", ".yml"):
        raise UserError(f"'{file}' is not a data set.", "Give the folder that `yolact-kit convert` wrote.")
    root = file.parent
    try:
        described: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
        classes = [str(name) for name in described["classes"]]
        splits: dict[str, list[Picture]] = {}
        split_file = None
        for name, entry in described["splits"].items():
            file = root / entry["annotations"]
            document = parse_json(file.read_text(encoding="utf-8-sig"))
            splits[str(name)], document = _pictures(document, root, entry, classes)
            if str(name) == split:
                split_file = SplitFile(document, root / entry["images"])
        dataset = Dataset(str(described["name"]), classes, splits, root, depth_range(described.get("depth_range")))
        for picture in dataset.pictures():
            picture.depth = dataset.depth_range
        return dataset, split_file
    except FileNotFoundError as error:
        raise UserError(f"'{error.filename}' does not exist.", "Convert the labels again.") from error
    except (ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise UserError(f"The data set '{root}' is damaged ({what}).", "Convert the labels again.") from error


def _pictures(
    document: dict[str, Any], root: Path, split: dict[str, str], classes: list[str]
) -> tuple[list[Picture], dict[str, Any]]:
    """The pictures of an annotation file with their objects, and the file's content without unusable annotations."""
    file = root / split["annotations"]
    names = {entry_id(category["id"]): str(category["name"]) for category in document["categories"]}
    for name in set(names.values()).difference(classes):
        raise _fault(root, file, f"the class '{name}' is listed, which is none of dataset.yaml")
    pictures = {entry_id(image["id"]): _picture(image, root, split, file) for image in document["images"]}
    usable: list[dict[str, Any]] = []
    for annotation in document["annotations"]:
        who = f"the annotation {annotation.get('id')}"
        for key, known in (("image_id", pictures), ("category_id", names)):
            if entry_id(annotation[key]) not in known:
                raise _fault(root, file, f"{who} has the {key} {annotation[key]}, which the file does not list")
        picture = pictures[entry_id(annotation["image_id"])]
        annotation, fault = usable_annotation(annotation, picture.width, picture.height)
        if fault is not None and PROBLEM_KINDS[fault[0]].severity == "S":
            continue  # an object without a mask, which `validate` counts
        if fault is not None:
            raise _fault(root, file, f"{who} {fault[1]}")
        usable.append(annotation)
        picture.instances.append(read_instance(annotation, names[entry_id(annotation["category_id"])], picture))
    return list(pictures.values()), {**document, "annotations": usable}


def _picture(image: dict[str, Any], root: Path, split: dict[str, str], file: Path) -> Picture:
    fault = image_fault(image)
    if fault is not None:
        raise _fault(root, file, f"the picture {image['id']} {fault}")
    path = root / split["images"] / image["file_name"]
    return Picture(image["file_name"], image["width"], image["height"], path, extra=image.get("labelme", {}))


def _fault(root: Path, file: Path, what: str) -> UserError:
    return UserError(
        f"In '{file}' {what}.",
        f"`yolact-kit validate {root}` names all such faults, and with --fix OUT writes a data set without them; or "
        "convert the labels again.",
    )


def read_instance(annotation: dict[str, Any], label: str, picture: Picture) -> Instance:
    """The object of an annotation that `usable_annotation` gives without a fault.

    Args:
        annotation: The annotation as in the file.
        label: Its class.
        picture: Its picture.

    Returns:
        The object.
    """
    segmentation = annotation["segmentation"]
    is_rle = isinstance(segmentation, dict)
    return Instance(
        label=label,
        polygons=[] if is_rle else [np.asarray(ring, dtype=np.float64).reshape(-1, 2) for ring in segmentation],
        rle=parse_rle(segmentation, picture.height, picture.width) if is_rle else None,
        crowd=bool(annotation.get("iscrowd", 0)),
        extra=annotation.get("labelme", {}),
    )


def save_dataset(
    dataset: Dataset,
    out: Path | str,
    images: str = "images",
    source: str = "",
    options: dict[str, Any] | None = None,
) -> None:
    """Writes ``dataset.yaml`` and the COCO annotations of each split, but not the pictures, see `copy_pictures`.

    Args:
        dataset: The data set.
        out: Its folder.
        images: The folder that the pictures' paths start from, relative to ``out`` or absolute.
        source: What the data set was made from.
        options: How it was made.

    Example:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp())
        >>> save_dataset(Dataset("parts", ["nut"], {"train": [Picture("a.jpg", 8, 8, out / "a.jpg")]}), out)
        >>> load_dataset(out).classes
        ['nut']
    """
    out = Path(out)
    first_image = first_annotation = 1
    for name, pictures in dataset.splits.items():
        document = to_coco(pictures, dataset.classes, first_image, first_annotation)
        atomic_write_text(out / "annotations" / f"{name}.json", json_text(document))
        first_image += len(document["images"])
        first_annotation += len(document["annotations"])
    described: dict[str, Any] = {
        "name": dataset.name,
        "classes": dataset.classes,
        "splits": {name: {"annotations": f"annotations/{name}.json", "images": images} for name in dataset.splits},
        "source": shown_path(source),
        "options": options or {},
    }
    if dataset.depth_range is not None:
        described["depth_range"] = list(dataset.depth_range.pair)
    text = yaml.safe_dump(described, allow_unicode=True, sort_keys=False)
    atomic_write_text(out / "dataset.yaml", text)


def copy_pictures(pictures: Iterable[Picture], folder: Path) -> None:
    """Copies the files of pictures into a folder.

    Args:
        pictures: The pictures.
        folder: The folder; each picture is at its `Picture.file` there. A missing folder is created.
    """
    for picture in pictures:
        with replacing(folder / picture.file) as beside:
            shutil.copyfile(picture.path, beside)
