"""The classes of a conversion that have no object to learn from, with what to do about each."""

from __future__ import annotations

from typing import Any

from yolact_kit.annotations.choices import SplitMethod
from yolact_kit.annotations.dataset import Dataset


def untrained_classes(dataset: Dataset, split: SplitMethod | None) -> list[dict[str, Any]]:
    """The classes without an object in the training split.

    Args:
        dataset: The data set.
        split: How the user asked to divide the pictures.

    Returns:
        For each class: ``class``, its objects in each split by the split's name, and ``advice``. Empty where the
        training split has no object at all, which is another matter.
    """
    counts: dict[str, dict[str, int]] = {name: {} for name in dataset.classes}
    pictures = dict.fromkeys(dataset.classes, 0)
    for name, members in dataset.splits.items():
        for picture in members:
            for instance in picture.instances:
                by_split = counts[instance.label]
                by_split[name] = by_split.get(name, 0) + 1
            for label in {instance.label for instance in picture.instances}:
                pictures[label] += 1
    if not any("train" in by_split for by_split in counts.values()):
        return []
    rows = []
    for label, by_split in counts.items():
        if "train" not in by_split:
            objects = {name: by_split.get(name, 0) for name in dataset.splits}
            rows.append({"class": label, **objects, "advice": _advice(pictures[label], split)})
    return rows


def _advice(pictures: int, split: SplitMethod | None) -> str:
    """What to do about a class with objects in so many pictures."""
    if pictures == 0:
        return "none: label some, or --map"
    if pictures == 1:
        return "1 picture: label more, or --map"
    if split == "stratified":
        return f"{pictures} pictures: label more"
    return f"{pictures} pictures: --split stratified"
