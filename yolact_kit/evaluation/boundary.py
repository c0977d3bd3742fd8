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
                name: {"AP": self.scores.by_class[name]["AP"], **_described(one)} for name, one in self.by_class.items()
            },
        }


def _described(outline: Outline) -> dict[str, Any]:
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
    around = np.pad(mask.pixels.view(np.uint8), 1)
    # One erosion by a large square is that many erosions by 3 x 3; beyond the padding is outside as well.
    inner = cv2.erode(around, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return MaskCrop(mask.x, mask.y, mask.pixels & (inner[1:-1, 1:-1] == 0))


def crop_iou(one: MaskCrop, other: MaskCrop) -> float:
    """The IoU of two masks of the same picture.

    Args:
        one: The part of a mask that is not empty.
        other: The same of the other.

    Returns:
        0..1; 0 where both are empty.
    """
    left, top = max(one.x, other.x), max(one.y, other.y)
    right, bottom = (
        min(one.x + one.pixels.shape[1], other.x + other.pixels.shape[1]),
        min(one.y + one.pixels.shape[0], other.y + other.pixels.shape[0]),
    )
    shared = 0
    if left < right and top < bottom:
        first, second = (
            part.pixels[top - part.y : bottom - part.y, left - part.x : right - part.x] for part in (one, other)
        )
        shared = int(np.count_nonzero(first & second))
    union = int(np.count_nonzero(one.pixels)) + int(np.count_nonzero(other.pixels)) - shared
    return shared / union if union else 0.0


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
    scores = score_documents(truth, without_key(results, "bbox"), "segm", refine=lambda one: _refine(one, sizes, pairs))
    by_class: dict[str, list[tuple[float, float]]] = {}
    for name, matches in zip(masks.by_class, masks.matches, strict=True):
        right = np.flatnonzero((matches.matched[0] >= 0) & ~matches.ignored[0])
        by_class[name] = [pairs[int(matches.results[place]), int(matches.matched[0, place])] for place in right]
    together = [pair for own in by_class.values() for pair in own]
    return BoundaryQuality(scores, _mean(together), {name: _mean(own) for name, own in by_class.items()})


def _mean(pairs: Sequence[tuple[float, float]]) -> Outline:
    if not pairs:
        return Outline(0, None, None)
    iou, outline = np.mean(pairs, axis=0).tolist()
    return Outline(len(pairs), iou, outline)


def _refine(
    evaluation: COCOeval, sizes: dict[Any, tuple[int, int]], pairs: dict[tuple[int, int], tuple[float, float]]
) -> None:
    """Makes a COCOeval use the smaller of IoU and Boundary IoU as the overlap of two masks; crowds stay as they are.

    ``pairs`` gets the IoU and the Boundary IoU of results and annotations, by their indices.
    """
    plain = evaluation.computeIoU

    def overlaps(picture: Any, category: Any) -> Any:
        iou = plain(picture, category)
        if len(iou) == 0:
            return iou
        found = sorted(evaluation._dts[picture, category], key=lambda one: -one["score"])
        objects = evaluation._gts[picture, category]
        for row, column in zip(*(iou >= _LEAST).nonzero(), strict=True):
            one, other = found[row], objects[column]
            if not other["iscrowd"]:
                first, second = (_boundary(part["segmentation"], *sizes[picture]) for part in (one, other))
                pair = float(iou[row, column]), crop_iou(first, second)
                pairs[one["id"] - 1, other["id"] - 1] = pair
                iou[row, column] = min(pair)
        return iou

    evaluation.computeIoU = overlaps


def _boundary(segmentation: Any, height: int, width: int) -> MaskCrop:
    whole = decode_crop(to_rle(segmentation, height, width))
    return boundary(whole, max(1, round(WIDTH * math.hypot(height, width))))
