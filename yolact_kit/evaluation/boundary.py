"""How well masks follow the outlines of objects: Boundary IoU (Cheng et al. 2021)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from pycocotools.cocoeval import COCOeval

from yolact_kit.evaluation.coco import Scores, score_documents, without_key
from yolact_kit.evaluation.overlaps import to_rle
from yolact_kit.shapes.crops import MaskCrop, decode_crop

WIDTH = 0.02
"""Width of the boundary as a share of the picture's diagonal, as in the paper for COCO."""
_LEAST = 0.5
"""Only pairs of masks that overlap at least this much can match."""


@dataclass(frozen=True, slots=True)
class Outline:
    """How well the masks of detected objects follow their outlines.

    Attributes:
        objects: How many objects were detected, at a mask IoU of 0.5.
        iou: Mean IoU of their masks; None where there are none.
        boundary: Mean Boundary IoU.
    """

    objects: int
    iou: float | None
    boundary: float | None


@dataclass(frozen=True, slots=True)
class BoundaryQuality:
    """How well masks follow the outlines of objects.

    Attributes:
        scores: COCO's metrics with the smaller of mask IoU and Boundary IoU as the overlap.
        all: The detected objects.
        by_class: The same of each class.
    """

    scores: Scores
    all: Outline
    by_class: dict[str, Outline]

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {
            **{name: self.scores.values[name] for name in ("AP", "AP50", "AP75")},
            **_described(self.all),
            "by_class": {
                name: {"AP": self.scores.by_class[name]["AP"], **_described(outline)}
                for name, outline in self.by_class.items()
            },
        }


def _described(outline: Outline) -> dict[str, Any]:
    """An outline's numbers, as in ``metrics.json``."""
    return {"objects": outline.objects, "iou": outline.iou, "boundary_iou": outline.boundary}


def boundary(mask: MaskCrop, width: int) -> MaskCrop:
    """The pixels of a mask that are near its outline.

    Args:
        mask: The part of the mask that is not empty.
        width: A pixel of the mask belongs to the boundary if a pixel outside is at most this many steps away (also
            diagonal ones); everything beyond the picture is outside.

    Returns:
        The boundary, in the same part of the picture.

    Example:
        >>> int(boundary(MaskCrop(0, 0, np.ones((5, 5), np.bool_)), 1).pixels.sum())
        16
    """
    side = 2 * width + 1
    # What an erosion takes away is the boundary. One erosion by a large square is as many erosions by 3 x 3 as its
    # width says; the padding makes what is beyond the crop count as outside.
    padded = np.pad(mask.pixels.view(np.uint8), 1)
    inner = cv2.erode(padded, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return MaskCrop(mask.x, mask.y, mask.pixels & (inner[1:-1, 1:-1] == 0))


def crop_iou(first: MaskCrop, second: MaskCrop) -> float:
    """The IoU of two masks of the same picture.

    Args:
        first: The part of a mask that is not empty.
        second: The same of the other mask.

    Returns:
        0..1; 0 where both are empty.
    """
    # Only where both crops lie can the masks share pixels, so only that rectangle is compared.
    x_min, y_min = max(first.x, second.x), max(first.y, second.y)
    x_max = min(first.x + first.pixels.shape[1], second.x + second.pixels.shape[1])
    y_max = min(first.y + first.pixels.shape[0], second.y + second.pixels.shape[0])
    intersection = 0
    if x_min < x_max and y_min < y_max:
        pixels = first.pixels[y_min - first.y : y_max - first.y, x_min - first.x : x_max - first.x]
        others = second.pixels[y_min - second.y : y_max - second.y, x_min - second.x : x_max - second.x]
        intersection = int(np.count_nonzero(pixels & others))
    union = int(np.count_nonzero(first.pixels)) + int(np.count_nonzero(second.pixels)) - intersection
    return intersection / union if union else 0.0


def measure_boundaries(truth: dict[str, Any], results: Sequence[dict[str, Any]], masks: Scores) -> BoundaryQuality:
    """Measures how well masks follow the outlines of objects.

    Args:
        truth: A COCO document.
        results: Detections in COCO's results format.
        masks: The metrics of these masks.

    Returns:
        Boundary AP, and the mean Boundary IoU of the detected objects.

    Example:
        >>> measure_boundaries(found.truth, found.results, found.metrics.mask).all.boundary  # doctest: +SKIP
        0.71
    """
    pairs: dict[tuple[int, int], tuple[float, float]] = {}
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}

    def refine(evaluation: COCOeval) -> None:
        _use_boundary_iou(evaluation, sizes, pairs)

    scores = score_documents(truth, without_key(results, "bbox"), "segm", refine=refine)
    by_class: dict[str, list[tuple[float, float]]] = {}
    for name, matches in zip(masks.by_class, masks.matches, strict=True):
        right = np.flatnonzero((matches.matched[0] >= 0) & ~matches.ignored[0])
        by_class[name] = [pairs[int(matches.results[index]), int(matches.matched[0, index])] for index in right]
    every_class = [pair for class_pairs in by_class.values() for pair in class_pairs]
    means = {name: _mean(class_pairs) for name, class_pairs in by_class.items()}
    return BoundaryQuality(scores, _mean(every_class), means)


def _mean(pairs: Sequence[tuple[float, float]]) -> Outline:
    """The mean IoU and the mean Boundary IoU of pairs of a detection and an object."""
    if not pairs:
        return Outline(0, None, None)
    iou, outline = np.mean(pairs, axis=0).tolist()
    return Outline(len(pairs), iou, outline)


def _use_boundary_iou(
    evaluation: COCOeval, sizes: dict[Any, tuple[int, int]], pairs: dict[tuple[int, int], tuple[float, float]]
) -> None:
    """Makes a COCOeval use the smaller of IoU and Boundary IoU as the overlap of two masks; crowds stay as they are.

    The IoU and the Boundary IoU of each result with each annotation are stored in ``pairs``, by their indices.
    """
    # COCOeval asks its own computeIoU for the overlaps [D, G] of a picture and a class. This replacement corrects them
    # before matching begins; rows are detections by falling score, as computeIoU orders them.
    plain = evaluation.computeIoU

    def overlaps(picture: Any, category: Any) -> Any:
        iou = plain(picture, category)
        if len(iou) == 0:
            return iou
        detections = sorted(evaluation._dts[picture, category], key=lambda detection: -detection["score"])
        objects = evaluation._gts[picture, category]
        for row, column in zip(*(iou >= _LEAST).nonzero(), strict=True):
            detection, annotation = detections[row], objects[column]
            if not annotation["iscrowd"]:
                predicted = _boundary(detection["segmentation"], *sizes[picture])
                labelled = _boundary(annotation["segmentation"], *sizes[picture])
                pair = float(iou[row, column]), crop_iou(predicted, labelled)
                pairs[detection["id"] - 1, annotation["id"] - 1] = pair
                iou[row, column] = min(pair)
        return iou

    evaluation.computeIoU = overlaps


def _boundary(segmentation: Any, height: int, width: int) -> MaskCrop:
    """The boundary of a segmentation, as wide as suits the size of its picture."""
    mask = decode_crop(to_rle(segmentation, height, width))
    return boundary(mask, max(1, round(WIDTH * math.hypot(height, width))))
