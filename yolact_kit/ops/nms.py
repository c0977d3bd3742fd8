"""Non-maximum suppression: Fast NMS per class and over all classes (YOLACT, section 5), and the standard greedy one."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from yolact_kit.ops.boxes import box_iou


class Kept(NamedTuple):
    """What is left after suppression, best first.

    Attributes:
        rows: int64 [N], the rows of ``boxes`` that were kept; one row may be kept for several classes.
        labels: int64 [N], the class of each, 0-based without background.
        scores: float32 [N].
    """

    rows: Tensor
    labels: Tensor
    scores: Tensor


def fast_nms(
    boxes: Tensor,
    scores: Tensor,
    iou: float = 0.5,
    min_score: float = 0.05,
    candidates: int = 200,
    top_k: int | None = 100,
    legacy: bool = False,
) -> Kept:
    """Fast NMS per class: a box goes when any better box of its class, kept or not, overlaps it by more than ``iou``.

    Args:
        boxes: float [A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C], 0..1, without background.
        iou: A box is kept where its IoU with every better one is at most this.
        min_score: A box takes part for the classes in which its score is at least this.
        candidates: At most so many boxes of a class take part, the best.
        top_k: At most so many detections are kept over all classes; None for no limit.
        legacy: As the original has it: a box whose best score is above ``min_score`` takes part for every class.

    Returns:
        The rows that are kept, with class and score, best first.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]])
        >>> fast_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]])).rows.tolist()
        [0, 2]
    """
    reach = scores.amax(dim=1, keepdim=True) > min_score if legacy else scores >= min_score
    rows = reach.any(dim=1).nonzero().squeeze(1)
    if len(rows) == 0:
        return _none(scores)
    ranked = torch.where(reach[rows], scores[rows], -1).T
    best, order = ranked.topk(min(candidates, len(rows)), dim=1)
    most = int((best >= 0).sum(dim=1).max())
    present = (best[:, 0] >= 0).nonzero().squeeze(1)
    best, order = best[present, :most], rows[order[present, :most]]
    kept = (_overlap_with_better(boxes[order]) <= iou) & (best >= 0)
    labels = present[:, None].expand_as(order)
    return _best_first(Kept(order[kept], labels[kept], best[kept]), top_k)


def cross_class_fast_nms(
    boxes: Tensor,
    scores: Tensor,
    iou: float = 0.5,
    min_score: float = 0.05,
    candidates: int = 200,
    top_k: int | None = 100,
) -> Kept:
    """Fast NMS over all classes at once: each box stands for its best class and is suppressed by any better box.

    Args:
        boxes: float [A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C], 0..1, without background.
        iou: A box is kept where its IoU with every better one is at most this.
        min_score: A box takes part where its best score is at least this.
        candidates: At most so many boxes take part, the best.
        top_k: At most so many detections are kept; None for no limit, as the original has it.

    Returns:
        The rows that are kept, with class and score, best first.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10]])
        >>> cross_class_fast_nms(boxes, torch.tensor([[0.9, 0.1], [0.2, 0.8]])).labels.tolist()
        [0]
    """
    best, labels = scores.max(dim=1)
    rows = (best >= min_score).nonzero().squeeze(1)
    if len(rows) == 0:
        return _none(scores)
    order = rows[best[rows].topk(min(candidates, len(rows))).indices]
    kept = order[_overlap_with_better(boxes[order]) <= iou]
    return Kept(kept[:top_k], labels[kept[:top_k]], best[kept[:top_k]])


def standard_nms(
    boxes: Tensor,
    scores: Tensor,
    iou: float = 0.5,
    min_score: float = 0.05,
    candidates: int = 200,
    top_k: int | None = 100,
) -> Kept:
    """Greedy NMS per class: a box goes when a better box of its class that was kept overlaps it by more than ``iou``.

    Args:
        boxes: float [A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C], 0..1, without background.
        iou: A box is kept where its IoU with every better one that was kept is at most this.
        min_score: A box takes part for the classes in which its score is at least this.
        candidates: At most so many boxes of a class take part, the best.
        top_k: At most so many detections are kept over all classes; None for no limit.

    Returns:
        The rows that are kept, with class and score, best first.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
        >>> standard_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]]), iou=0.3).rows.tolist()
        [0, 2]
    """
    ranked = torch.where(scores >= min_score, scores, -1).T
    best, order = ranked.topk(min(candidates, ranked.shape[1]), dim=1)
    labels, places = (best >= 0).nonzero().unbind(dim=1)
    if len(labels) == 0:
        return _none(scores)
    found = Kept(order[labels, places], labels, best[labels, places])
    # torchvision shifts the boxes of each class apart, which needs coordinates from 0 and more digits than float32 has.
    taken = boxes[found.rows].double()
    kept = batched_nms(taken - taken.min(), found.scores.double(), found.labels, iou)
    return _best_first(Kept(found.rows[kept], found.labels[kept], found.scores[kept]), top_k)


def _overlap_with_better(boxes: Tensor) -> Tensor:
    """Largest IoU of each box with any box before it, float [..., n], of boxes [..., n, 4] sorted best first."""
    return box_iou(boxes, boxes).triu(diagonal=1).amax(dim=-2)


def _best_first(found: Kept, top_k: int | None) -> Kept:
    order = found.scores.sort(descending=True, stable=True).indices[:top_k]
    return Kept(found.rows[order], found.labels[order], found.scores[order])


def _none(scores: Tensor) -> Kept:
    nothing = torch.zeros(0, dtype=torch.int64, device=scores.device)
    return Kept(nothing, nothing, scores.new_zeros(0))
