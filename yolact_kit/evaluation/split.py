"""A split of a data set as evaluation needs it: the annotation file itself, with its own ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.errors import UserError
from yolact_kit.json_text import parse_json


@dataclass(slots=True)
class Split:
    """A split of a data set folder.

    Attributes:
        name: Name of the split.
        classes: Class names, in the data set's order.
        document: The annotation file: ``images``, ``annotations``, ``categories``.
        folder: The folder that its pictures lie in.
    """

    name: str
    classes: list[str]
    document: dict[str, Any]
    folder: Path

    def compare(self, classes: Iterable[str]) -> tuple[list[str], list[str]]:
        """The classes that only the data set has, and those that only the model has.

        Args:
            classes: A model's class names.

        Returns:
            Both lists of names, each in its own order.
        """
        given = list(classes)
        lacking = [name for name in self.classes if name not in given]
        return lacking, [name for name in given if name not in self.classes]

    def category_ids(self, classes: Iterable[str]) -> list[int | None]:
        """The annotation file's id of each class.

        Args:
            classes: A model's class names, in its order.

        Returns:
            The ids, in that order; None for a class that the data set does not have.

        Raises:
            UserError: The data set has none of the classes.
        """
        wanted = list(classes)
        lacking, foreign = self.compare(wanted)
        if len(foreign) == len(wanted):
            only, others = (", ".join(f"'{name}'" for name in names[:10]) for names in (foreign, lacking))
            raise UserError(
                f"The model's classes are not the data set's: only the model has {only}, only the data set {others}.",
                "Evaluate on a data set with the classes that the model was trained on.",
            )
        ids = {category["name"]: category["id"] for category in self.document["categories"]}
        return [ids.get(name) for name in wanted]

    def without(self, files: Iterable[str]) -> dict[str, Any]:
        """The annotation file's content without some pictures.

        Args:
            files: Their ``file_name``.

        Returns:
            A document like ``document``.
        """
        gone = set(files)
        images = [image for image in self.document["images"] if image["file_name"] not in gone]
        ids = {image["id"] for image in images}
        annotations = [one for one in self.document["annotations"] if one["image_id"] in ids]
        return {**self.document, "images": images, "annotations": annotations}


def load_split(path: Path | str, name: str) -> Split:
    """Reads one split of a data set folder.

    Args:
        path: The folder that ``convert`` wrote, or its ``dataset.yaml``.
        name: Name of the split.

    Returns:
        The split.

    Raises:
        UserError: The data set cannot be read, or has no such split, or no picture in it.
    """
    dataset = load_dataset(path)
    if name not in dataset.splits:
        there = ", ".join(dataset.splits) or "none"
        raise UserError(f"'{path}' has no split '{name}'.", f"Its splits: {there}.")
    if not dataset.splits[name]:
        raise UserError(f"The split '{name}' of '{path}' holds no picture.", "Choose another with --split.")
    file = Path(path) / "dataset.yaml" if Path(path).is_dir() else Path(path)
    described = yaml.safe_load(file.read_text(encoding="utf-8-sig"))["splits"][name]
    document = parse_json((file.parent / described["annotations"]).read_text(encoding="utf-8-sig"))
    return Split(name, dataset.classes, document, file.parent / described["images"])
