"""The confusion matrix: confused classes, missed objects, and detections in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.evaluation.overlaps import Overlaps, picture_overlaps


def confusion_matrix(
    truth: dict[str, Any], results: Sequence[dict[str, Any]], score: float = 0.3, iou: float = 0.5
) -> NDArray[np.int64]:
    """Counts of labelled against detected classes, by masks.

    In each picture, objects and detections are matched in order of falling IoU, without regard to class. Detections
    that lie in a crowd region are not counted.

    Args:
        truth: A COCO document.
        results: Detections in COCO's results format.
        score: Detections with a lower score are left out.
        iou: An object and a detection match where the IoU of their masks is at least this.

    Returns:
        int64 [C + 1, C + 1] in the order of the categories: rows are labels, columns detections; the last row has
        detections in the background, the last column missed objects.
    """
    columns = {category["id"]: column for column, category in enumerate(truth["categories"])}
    labels = [columns[annotation["category_id"]] for annotation in truth["annotations"]]
    predicted = [columns[result["category_id"]] for result in results]
    counts = np.zeros((len(columns) + 1, len(columns) + 1), dtype=np.int64)
    for overlaps in picture_overlaps(truth, results, score):
        picture_labels = [labels[index] for index in overlaps.objects]
        picture_predicted = [predicted[index] for index in overlaps.detections]
        _count_picture(counts, overlaps, picture_labels, picture_predicted, iou)
    return counts


def _count_picture(
    counts: NDArray[np.int64], overlaps: Overlaps, labels: list[int], predicted: list[int], iou: float
) -> None:
    """Adds one picture to the counts."""
    # Greedy matching: the pair with the highest IoU first, each detection and each object once. Pairs with crowds come
    # last (the sort is stable), so a detection counts as inside a crowd only where no object is left for it.
    pairs = sorted(zip(*(overlaps.iou >= iou).nonzero(), strict=True), key=lambda pair: -overlaps.iou[pair])
    matched_detections: set[int] = set()
    matched_objects: set[int] = set()
    for detection, index in sorted(pairs, key=lambda pair: overlaps.crowds[pair[1]]):
        if detection in matched_detections or index in matched_objects:
            continue
        matched_detections.add(detection)
        if not overlaps.crowds[index]:
            matched_objects.add(index)
            counts[labels[index], predicted[detection]] += 1
    for index, label in enumerate(labels):
        if index not in matched_objects and not overlaps.crowds[index]:
            counts[label, -1] += 1
    for detection, label in enumerate(predicted):
        if detection not in matched_detections:
            counts[-1, label] += 1
