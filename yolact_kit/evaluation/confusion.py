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
    places = {category["id"]: place for place, category in enumerate(truth["categories"])}
    labels = [places[annotation["category_id"]] for annotation in truth["annotations"]]
    detected = [places[result["category_id"]] for result in results]
    counts = np.zeros((len(places) + 1, len(places) + 1), dtype=np.int64)
    for here in picture_overlaps(truth, results, score):
        _count(counts, here, [labels[place] for place in here.objects], [detected[place] for place in here.found], iou)
    return counts


def _count(counts: NDArray[np.int64], here: Overlaps, labels: list[int], detected: list[int], iou: float) -> None:
    """Adds one picture to the counts."""
    pairs = sorted(zip(*(here.iou >= iou).nonzero(), strict=True), key=lambda pair: -here.iou[pair])
    matched_found: set[int] = set()
    matched_objects: set[int] = set()
    for detection, index in sorted(pairs, key=lambda pair: here.crowds[pair[1]]):
        if detection in matched_found or index in matched_objects:
            continue
        matched_found.add(detection)
        if not here.crowds[index]:
            matched_objects.add(index)
            counts[labels[index], detected[detection]] += 1
    for index, label in enumerate(labels):
        if index not in matched_objects and not here.crowds[index]:
            counts[label, -1] += 1
    for detection, label in enumerate(detected):
        if detection not in matched_found:
            counts[-1, label] += 1
