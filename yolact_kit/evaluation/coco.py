"""COCO's metrics: average precision of masks and boxes, by COCOeval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.coco_document import to_coco
from yolact_kit.annotations.dataset import Picture
from yolact_kit.evaluation.engine import CocoEngine, IouType, run_cocoeval
from yolact_kit.evaluation.matches import ClassMatches, collect_matches
from yolact_kit.evaluation.tables import metrics_table
from yolact_kit.inference.prediction import Prediction
from yolact_kit.words import counted

PRECISIONS = ("AP", "AP50", "AP75", "APs", "APm", "APl")
RECALLS = ("AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
"""COCO's names of its twelve numbers, in the order that COCOeval gives them."""


@dataclass(slots=True)
class Scores:
    """COCO's metrics of masks or of boxes, each 0..1, or None if undefined.

    Attributes:
        values: By name, ``AP`` to ``APl`` and ``AR1`` to ``ARl``.
        by_class: AP, AP50, AP75, APs, APm and APl of each class.
        objects: How many objects each class has.
        precision: float [T, R, C]: precision at each IoU threshold (0.50 to 0.95), recall (0 to 1 in 101 steps) and
            class, over all sizes, -1 if undefined; None if there is nothing to compare.
        matches: The matches of each class, in the order of ``by_class``.
    """

    values: dict[str, float | None]
    by_class: dict[str, dict[str, float | None]]
    objects: dict[str, int]
    precision: NDArray[np.float64] | None = None
    matches: list[ClassMatches] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {**{name: self.values[name] for name in PRECISIONS}, "by_class": self.by_class}


@dataclass(slots=True)
class Metrics:
    """COCO's metrics of a set of predictions; printed or shown in a notebook, they appear as a table by class.

    Attributes:
        mask: The metrics of the masks.
        box: The metrics of the boxes.
    """

    mask: Scores
    box: Scores

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {"mask": self.mask.to_dict(), "box": self.box.to_dict()}

    def __str__(self) -> str:
        """The metrics as a table of plain text."""
        return metrics_table(self).to_text()

    def _repr_html_(self) -> str:
        """The metrics as a table for a notebook."""
        return metrics_table(self).to_html()


def why_undefined(split: str, crowds: int) -> str:
    """Why a split without objects has no AP; an AP of 0 would be that of a model that finds none of its objects.

    Args:
        split: The split's name.
        crowds: How many crowds it has; COCO's metrics ignore them.

    Returns:
        A sentence without a full stop.

    Example:
        >>> why_undefined("val", 0)
        'val has no objects, so there is no mask AP'
    """
    if not crowds:
        return f"{split} has no objects, so there is no mask AP"
    verb = "is" if crowds == 1 else "are"
    return f"{split} has nothing but {counted(crowds, 'crowd')}, which {verb} not measured, so there is no mask AP"


def evaluate(pictures: Sequence[Picture], classes: Sequence[str], predictions: Sequence[Prediction]) -> Metrics:
    """COCO's metrics of predictions against labelled pictures.

    Args:
        pictures: The labelled pictures. Those without objects count too: every detection in them is a false one.
        classes: Class names of the labels.
        predictions: One for each picture, in the same order.

    Returns:
        The metrics of masks and boxes.

    Example:
        >>> from pathlib import Path
        >>> evaluate([Picture("a.png", 8, 8, Path("a.png"))], ["cup"], []).mask.values["AP"] is None
        True
    """
    ids = {name: number for number, name in enumerate(classes, start=1)}
    truth = ground_truth(pictures, classes)
    results = [
        result
        for number, prediction in enumerate(predictions, start=1)
        for result in prediction.to_coco(number, [ids[name] for name in prediction.classes])
    ]
    return evaluate_documents(truth, results)


def ground_truth(pictures: Sequence[Picture], classes: Sequence[str]) -> dict[str, Any]:
    """Labelled pictures as a COCO document; ids are 1..N in the order given.

    Args:
        pictures: The pictures.
        classes: Class names.

    Returns:
        ``images``, ``annotations`` with masks as RLE, and ``categories``.
    """
    return to_coco(pictures, classes, as_masks=True)


def evaluate_documents(
    truth: dict[str, Any], results: Sequence[dict[str, Any]], box_results: Sequence[dict[str, Any]] | None = None
) -> Metrics:
    """COCO's metrics of results in COCO's results format.

    The size of a detection is the area of its mask for masks, and of its box for boxes.

    Args:
        truth: A COCO document: ``images``, ``annotations``, ``categories``.
        results: Detections with ``image_id``, ``category_id``, ``score``, ``segmentation`` and ``bbox``.
        box_results: The detections for the metrics of boxes, if they differ.

    Returns:
        The metrics of masks and boxes.
    """
    masks = without_key(results, "bbox")
    boxes = without_key(results if box_results is None else box_results, "segmentation")
    return Metrics(score_documents(truth, masks, "segm"), score_documents(truth, boxes, "bbox"))


def without_key(results: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Copies of detections without one of their keys."""
    return [{name: value for name, value in result.items() if name != key} for result in results]


def score_documents(
    truth: dict[str, Any],
    results: Sequence[dict[str, Any]],
    kind: IouType,
    engine: CocoEngine | None = None,
    refine: Callable[[Any], None] | None = None,
) -> Scores:
    """Runs COCOeval.

    Args:
        truth: A COCO document.
        results: Detections that have a ``segmentation`` or a ``bbox``, whichever ``kind`` asks for, and not the other.
        kind: What is compared.
        engine: Which program computes; the fastest one by default.
        refine: Called with pycocotools' COCOeval before it runs, to change what it does.

    Returns:
        The metrics.
    """
    names = {category["id"]: category["name"] for category in truth["categories"]}
    counts = dict.fromkeys(names, 0)
    for annotation in truth["annotations"]:
        counts[annotation["category_id"]] += 1 - annotation.get("iscrowd", 0)
    evaluation = run_cocoeval(truth, results, kind, engine, refine)
    values = [None if value < 0 else float(value) for value in evaluation.stats]
    # COCOeval's precision is [T, R, C, A, M]; the last of its limits M on detections a picture is COCO's 100.
    by_size: NDArray[np.float64] = np.asarray(evaluation.eval["precision"])[..., -1]
    by_class = {}
    for index, number in enumerate(evaluation.params.catIds):
        by_class[names[number]] = _of_class(by_size[:, :, index])
    objects = {names[number]: counts[number] for number in evaluation.params.catIds}
    matches = collect_matches(evaluation)
    whole = dict(zip(PRECISIONS + RECALLS, values, strict=True))
    return Scores(whole, by_class, objects, by_size[..., 0], matches)


def _of_class(precision: NDArray[np.float64]) -> dict[str, float | None]:
    """AP of one class from precision [T, R, A], A for objects of all sizes, small, medium and large ones."""
    # The first IoU threshold is 0.50, the sixth 0.75; COCOeval writes -1 where nothing defines a precision.
    small, medium, large = np.moveaxis(precision[..., 1:], -1, 0)
    parts = (precision[..., 0], precision[0, :, 0], precision[5, :, 0], small, medium, large)
    values: dict[str, float | None] = {}
    for name, part in zip(PRECISIONS, parts, strict=True):
        values[name] = float(part.mean()) if (part > -1).all() else None
    return values
