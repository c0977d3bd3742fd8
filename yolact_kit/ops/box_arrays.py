"""Boxes as arrays, for detection: `yolact_kit.ops.boxes` does the same with tensors, for training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

VARIANCES = (0.1, 0.2)
"""Scale of the regressions of centres and of log sizes (Liu et al., SSD, ECCV 2016)."""

Floats = NDArray[np.float32]


def decode_boxes(regressions: Floats, anchors: Floats) -> Floats:
    """Applies regressions to anchors.

    Args:
        regressions: float32 [N, 4].
        anchors: float32 [N, 4], centre x, centre y, width, height.

    Returns:
        float32 [N, 4], x1 y1 x2 y2 in the anchors' unit, not clipped.

    Example:
        >>> anchors = np.array([[0.5, 0.5, 0.25, 0.5]], dtype=np.float32)
        >>> decode_boxes(np.zeros((1, 4), dtype=np.float32), anchors).tolist()
        [[0.375, 0.25, 0.625, 0.75]]
    """
    centres = anchors[:, :2] + regressions[:, :2] * np.float32(VARIANCES[0]) * anchors[:, 2:]
    with np.errstate(over="ignore"):  # infinite sizes are dealt with where overlaps are computed
        sizes = anchors[:, 2:] * np.exp(regressions[:, 2:] * np.float32(VARIANCES[1]))
    top_left = centres - sizes / 2
    return np.concatenate([top_left, top_left + sizes], axis=1)


def corners(anchors: Floats) -> Floats:
    """Anchors [N, 4], centre x, centre y, width, height, as x1 y1 x2 y2."""
    halves = anchors[:, 2:] / 2
    return np.concatenate([anchors[:, :2] - halves, anchors[:, :2] + halves], axis=1)


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of each box with each other box.

    Args:
        boxes: float32 [N, 4], x1 y1 x2 y2.
        others: float32 [M, 4], in the same unit.

    Returns:
        float32 [N, M], 0..1; 0 if both are empty, and for boxes that are not finite.

    Example:
        >>> boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2]], dtype=np.float32)
        >>> overlaps(boxes[:1], boxes).round(3).tolist()
        [[1.0, 0.3330000042915344]]
    """
    left, top, right, bottom = boxes.T[:, :, None]
    others_left, others_top, others_right, others_bottom = np.ascontiguousarray(others.T)[:, None]
    # In place, since these matrices are what suppression spends its time on. Of two empty boxes it is 0 over the
    # smallest number, which is 0; infinite boxes give what is no number, and count as 0.
    with np.errstate(invalid="ignore", over="ignore"):
        shared: Floats = np.minimum(right, others_right)
        shared -= np.maximum(left, others_left)
        heights = np.minimum(bottom, others_bottom)
        heights -= np.maximum(top, others_top)
        shared = np.maximum(shared, 0, out=shared)
        shared *= np.maximum(heights, 0, out=heights)
        union = (right - left) * (bottom - top) + (others_right - others_left) * (others_bottom - others_top)
        union -= shared
        shared /= np.maximum(union, np.finfo(np.float32).tiny, out=union)
    if not np.isfinite(shared.sum()):
        np.nan_to_num(shared, copy=False, posinf=0.0)
    return shared
