"""How many pictures, objects and problems there were in a conversion."""

from __future__ import annotations

from collections import Counter
from typing import Any

from yolact_kit.annotations.choices import SplitMethod
from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.result import ReadResult
from yolact_kit.datasets.untrained_classes import untrained_classes


def count_conversion(
    dataset: Dataset,
    result: ReadResult,
    problems: list[Problem],
    verified: bool,
    split: SplitMethod | None = None,
) -> dict[str, Any]:
    """Counts what a conversion read and wrote.

    Args:
        dataset: The data set.
        result: What was read.
        problems: Everything that was wrong.
        verified: Whether every picture was decoded.
        split: How the user asked to divide the pictures.

    Returns:
        Pictures, objects and problems, as in ``conversion.json``.
    """
    pictures = dataset.pictures()
    severities = Counter(problem.severity for problem in problems)
    return {
        "format": result.format,
        "format_told_by": result.why,
        "verified": verified,
        "pictures": len(pictures),
        "objects": sum(len(picture.instances) for picture in pictures),
        "background": sum(1 for picture in pictures if not picture.instances),
        "left_out": result.left_out,
        "left_out_objects": len(result.left_out_objects),
        "without_labels": len(result.without_labels),
        "by_class": _by_class(pictures, dataset.classes),
        "splits": {
            name: {
                "pictures": len(split),
                "objects": sum(len(picture.instances) for picture in split),
                "background": sum(1 for picture in split if not picture.instances),
                "by_class": _by_class(split, dataset.classes),
            }
            for name, split in dataset.splits.items()
        },
        "without_training": untrained_classes(dataset, split),
        "problems": {severity: severities[severity] for severity in ("E", "F", "W", "S")},
        "problems_by_code": dict(Counter(problem.code for problem in problems).most_common()),
    }


def _by_class(pictures: list[Picture], classes: list[str]) -> dict[str, int]:
    counts = Counter(instance.label for picture in pictures for instance in picture.instances)
    return {name: counts[name] for name in classes}
