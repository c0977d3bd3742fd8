"""Detection with shapes that do not depend on the picture, for programs that record it: exported models, CUDA graphs.

`yolact_kit.ops.nms` takes as many candidates as a picture has, which is faster on a processor. Here each class of each
picture has the same number of them, and what is missing is filled up with scores of 0.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from yolact_kit.ops.boxes import area, decode, pairwise_intersection
from yolact_kit.ops.crop import crop_region
from yolact_kit.ops.nms import NmsOptions


class FixedDetections(NamedTuple):
    """The detections of a batch of pictures, best first; scores of 0 fill up those of pictures with fewer.

    Attributes:
        boxes: float [B, N, 4], x1 y1 x2 y2 in 0..1 of the picture, not clipped.
        scores: float [B, N], 0..1.
        labels: int64 [B, N], 0-based.
        coefficients: float [B, N, k].
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    coefficients: Tensor


def fixed_fast_nms(
    logits: Tensor, regressions: Tensor, coefficients: Tensor, anchors: Tensor, options: NmsOptions, cross_class: bool
) -> FixedDetections:
    """Fast NMS of a network's raw outputs (YOLACT, section 5), per class or over all classes.

    Args:
        logits: float [B, A, 1 + C], background first.
        regressions: float [B, A, 4].
        coefficients: float [B, A, k].
        anchors: float [A, 4], centre x, centre y, width, height in 0..1.
        options: Which boxes take part, and how much they may overlap; ``top_k`` is the N of the result.
        cross_class: Whether each box stands for its best class alone and competes with all others.

    Returns:
        The detections; the same as `fast_nms` and `cross_class_fast_nms` give, except in which of equal scores come
        first.
    """
    boxes = decode(regressions, anchors)
    rows, labels, scores = fixed_suppression(boxes, logits.softmax(dim=-1)[..., 1:], options, cross_class)
    return FixedDetections(_rows_of(boxes, rows), scores, labels, _rows_of(coefficients, rows))


def fixed_suppression(
    boxes: Tensor, scores: Tensor, options: NmsOptions, cross_class: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The boxes that Fast NMS keeps.

    Args:
        boxes: float [B, A, 4], x1 y1 x2 y2 in any unit.
        scores: float [B, A, C], 0..1, without background.
        options: As in `fixed_fast_nms`.
        cross_class: As in `fixed_fast_nms`.

    Returns:
        Rows int64 [B, N], labels int64 [B, N] and scores [B, N], best first.
    """
    classes = scores.argmax(dim=-1)
    if cross_class:
        scores = scores.amax(dim=-1, keepdim=True)
    # [B, C, M]: the best candidates of each class; ranked, so that what is better stands before.
    best, rows = scores.transpose(1, 2).topk(min(options.candidates, scores.shape[1]), dim=2)
    candidates = _rows_of(boxes, rows.flatten(1)).reshape(*rows.shape, 4)
    survives = (_overlaps(candidates).triu(diagonal=1).amax(dim=2) <= options.iou) & (best >= options.min_score)
    ranked, order = (best * survives).flatten(1).topk(min(options.top_k or 100, rows.shape[1] * rows.shape[2]), dim=1)
    # An index into the flattened [C, M] says class and candidate; the candidate's row says the anchor.
    chosen = rows.flatten(1).gather(1, order)
    return chosen, classes.gather(1, chosen) if cross_class else order // rows.shape[2], ranked


def fixed_masks(detections: FixedDetections, prototypes: Tensor, padding: float = 1) -> Tensor:
    """Masks at the size of the prototypes, as `assemble` gives them for one picture.

    Args:
        detections: The detections.
        prototypes: float [B, k, Hp, Wp].
        padding: Prototype pixels by which the boxes grow before they crop.

    Returns:
        float [B, N, Hp, Wp] in 0..1, zero outside the boxes.
    """
    height, width = prototypes.shape[-2:]
    batch, count = detections.scores.shape
    soft = (detections.coefficients @ prototypes.flatten(2)).sigmoid().reshape(batch, count, height, width)
    inside = crop_region(detections.boxes.flatten(0, 1), height, width, padding)
    return soft * inside.reshape(batch, count, height, width)


def _overlaps(boxes: Tensor) -> Tensor:
    """IoU of each box with each other one of its class, [B, C, M, M]; `box_iou` has steps that few formats know."""
    shared, areas = pairwise_intersection(boxes, boxes), area(boxes)
    union = areas[..., :, None] + areas[..., None, :] - shared
    return shared / union.clamp(min=1e-12)


def _rows_of(values: Tensor, rows: Tensor) -> Tensor:
    """The rows [B, N, w] of values [B, A, w] at indices [B, N]."""
    return values.gather(1, rows[..., None].expand(-1, -1, values.shape[-1]))
