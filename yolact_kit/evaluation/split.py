"""A split of a data set for evaluation: the annotation file itself, with its own ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_kit.annotations.dataset_folder import load_dataset_and_file
from yolact_kit.errors import UserError
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.words import counted


@dataclass(slots=True)
class LabelledSplit:
    """A split of a data set folder.

    Attributes:
        name: Name of the split.
        classes: Class names, in the data set's order.
        document: The annotation file: ``images``, ``annotations``, ``categories``.
        folder: The folder with its pictures.
        depth_range: The values that became black and white in pictures of more than 8 bits; None where there were none.
    """

    name: str
    classes: list[str]
    document: dict[str, Any]
    folder: Path
    depth_range: DepthRange | None = None

    def compare(self, classes: Iterable[str]) -> tuple[list[str], list[str]]:
        """The classes that only the data set has, and those that only the model has.

        Args:
            classes: A model's class names.

        Returns:
            Both lists of names, each in its own order.
        """
        known = list(classes)
        unknown = [name for name in self.classes if name not in known]
        foreign = [name for name in known if name not in self.classes]
        return unknown, foreign

    def category_ids(self, classes: Iterable[str]) -> list[int | None]:
        """The annotation file's id of each class.

        Args:
            classes: A model's class names, in its order.

        Returns:
            The ids, in that order; None for a class that the data set does not have.

        Raises:
            UserError: The data set has none of the classes.
        """
        known = list(classes)
        unknown, foreign = self.compare(known)
        if len(foreign) == len(known):
            models = ", ".join(f"'{name}'" for name in foreign[:10])
            datasets = ", ".join(f"'{name}'" for name in unknown[:10])
            raise UserError(
                f"The model's classes are not the data set's: only the model has {models}, only the data set "
                f"{datasets}.",
                "Evaluate on a data set with the classes that the model was trained on.",
            )
        ids = {category["name"]: category["id"] for category in self.document["categories"]}
        return [ids.get(name) for name in known]

    def describe(self, truth: dict[str, Any] | None = None) -> str:
        """The split's name and how many pictures it has, for titles.

        Args:
            truth: The document without the pictures that were left out; the whole split by default.
        """
        pictures = (truth or self.document)["images"]
        return f"split '{self.name}', {counted(len(pictures), 'picture')}"

    def without(self, files: Iterable[str]) -> dict[str, Any]:
        """The annotation file's content without some pictures.

        Args:
            files: Their ``file_name``.

        Returns:
            A document like ``document``.
        """
        excluded = set(files)
        images = [image for image in self.document["images"] if image["file_name"] not in excluded]
        ids = {image["id"] for image in images}
        annotations = [annotation for annotation in self.document["annotations"] if annotation["image_id"] in ids]
        return {**self.document, "images": images, "annotations": annotations}


def load_split(path: Path | str, name: str) -> LabelledSplit:
    """Reads one split of a data set folder.

    Args:
        path: The folder that ``convert`` wrote, or its ``dataset.yaml``.
        name: Name of the split.

    Returns:
        The split.

    Raises:
        UserError: The data set cannot be read, does not have the split, or has no picture in it.
    """
    dataset, file = load_dataset_and_file(path, name)
    if file is None:
        names = ", ".join(dataset.splits) or "none"
        raise UserError(f"'{path}' has no split '{name}'.", f"Its splits: {names}.")
    if not dataset.splits[name]:
        raise UserError(f"The split '{name}' of '{path}' has no pictures.", "Choose another with --split.")
    return LabelledSplit(name, dataset.classes, file.document, file.images, dataset.depth_range)
