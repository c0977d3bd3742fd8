"""Data set folders: ``dataset.yaml``, COCO annotations and pictures, as ``convert`` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.errors import UserError


def load_dataset(path: Path | str) -> Dataset:
    """Reads a data set folder that ``convert`` wrote.

    Args:
        path: The folder, or its ``dataset.yaml``.

    Returns:
        The data set, every split loaded.

    Raises:
        UserError: The folder, its ``dataset.yaml`` or an annotation file is missing or cannot be read.
    """
    path = Path(path)
    file = path / "dataset.yaml" if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"'{file}' does not exist.", "Give a folder that `yolact-kit convert` wrote.")
    described: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    root = file.parent
    splits = {name: _load_split(root, split) for name, split in described["splits"].items()}
    return Dataset(str(described["name"]), [str(name) for name in described["classes"]], splits, root)


def _load_split(root: Path, split: dict[str, str]) -> list[Picture]:
    document = json.loads((root / split["annotations"]).read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in document["categories"]}
    pictures = {
        image["id"]: Picture(
            image["file_name"],
            image["width"],
            image["height"],
            root / split["images"] / image["file_name"],
            extra=image.get("labelme", {}),
        )
        for image in document["images"]
    }
    for annotation in document["annotations"]:
        pictures[annotation["image_id"]].instances.append(_instance(annotation, names))
    return list(pictures.values())


def _instance(annotation: dict[str, Any], names: dict[int, str]) -> Instance:
    segmentation = annotation["segmentation"]
    is_rle = isinstance(segmentation, dict)
    return Instance(
        label=names[annotation["category_id"]],
        polygons=[] if is_rle else [np.asarray(ring, dtype=np.float64).reshape(-1, 2) for ring in segmentation],
        rle=segmentation if is_rle else None,
        crowd=bool(annotation.get("iscrowd", 0)),
        extra=annotation.get("labelme", {}),
    )
