"""The confusion matrix: what is taken for what, what is missed, and what is seen where nothing is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask


def confusion_matrix(
    truth: dict[str, Any], results: Sequence[dict[str, Any]], score: float = 0.3, iou: float = 0.5
) -> NDArray[np.int64]:
    """Counts of labelled against detected classes, by masks.

    In each picture, pairs of an object and a detection are matched by falling IoU, whatever their classes. Detections
    that lie in a crowd region are not counted.

    Args:
        truth: A COCO document.
        results: Detections in COCO's results format.
        score: Detections with a lower score are left out.
        iou: An object and a detection match where the IoU of their masks is at least this.

    Returns:
        int64 [C + 1, C + 1] in the order of the categories: rows are labels, columns detections; the last row holds
        detections of nothing, the last column objects that were missed.
    """
    places = {category["id"]: place for place, category in enumerate(truth["categories"])}
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    objects: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for annotation in truth["annotations"]:
        objects[annotation["image_id"]].append(annotation)
    for result in results:
        if result["score"] >= score:
            found[result["image_id"]].append(result)
    counts = np.zeros((len(places) + 1, len(places) + 1), dtype=np.int64)
    for number, size in sizes.items():
        _count(counts, objects[number], found[number], size, places, iou)
    return counts


def _count(
    counts: NDArray[np.int64],
    objects: Sequence[dict[str, Any]],
    found: Sequence[dict[str, Any]],
    size: tuple[int, int],
    places: dict[Any, int],
    iou: float,
) -> None:
    """Adds one picture to the counts."""
    background = len(places)
    crowds = [bool(one.get("iscrowd", 0)) for one in objects]
    overlap = np.zeros((len(found), len(objects)))
    if found and objects:
        rles = [_rle(one["segmentation"], *size) for one in objects]
        overlap = np.asarray(coco_mask.iou([_rle(one["segmentation"], *size) for one in found], rles, crowds))
    pairs = sorted(zip(*(overlap >= iou).nonzero(), strict=True), key=lambda pair: -overlap[pair])
    matched_found: set[int] = set()
    matched_objects: set[int] = set()
    for detection, index in sorted(pairs, key=lambda pair: crowds[pair[1]]):
        if detection in matched_found or index in matched_objects:
            continue
        matched_found.add(detection)
        if not crowds[index]:
            matched_objects.add(index)
            counts[places[objects[index]["category_id"]], places[found[detection]["category_id"]]] += 1
    for index, one in enumerate(objects):
        if index not in matched_objects and not crowds[index]:
            counts[places[one["category_id"]], background] += 1
    for index, one in enumerate(found):
        if index not in matched_found:
            counts[background, places[one["category_id"]]] += 1


def _rle(segmentation: Any, height: int, width: int) -> Any:
    if isinstance(segmentation, list):
        return coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation["counts"], list):
        return coco_mask.frPyObjects(segmentation, height, width)
    counts = segmentation["counts"]
    return {"size": segmentation["size"], "counts": counts.encode("ascii") if isinstance(counts, str) else counts}
