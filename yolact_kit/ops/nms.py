"""Non-maximum suppression: Fast NMS (YOLACT, section 5), the standard greedy one, and Cluster-NMS.

All take one picture or a batch, choose their candidates alike, and differ in which of them they keep. Fast NMS goes
class by class or over all classes; Cluster-NMS (Zheng et al., 2021, arXiv 2005.03572) has the form that lowers scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from yolact_kit.ops.boxes import box_iou
from yolact_kit.ops.candidates import Candidates, choose_candidates, rank_in_group

_CACHE, _MEMORY = 2**16, 2**24
"""Overlaps that are computed at once: on a processor as many as its cache holds; elsewhere few rounds are faster."""


class NmsOptions(NamedTuple):
    """What non-maximum suppression keeps.

    Attributes:
        iou: A box is kept where its IoU with better ones is at most this.
        min_score: A box takes part for the classes in which its score is at least this.
        candidates: At most this many boxes of a class take part, the best ones.
        top_k: At most this many detections of a picture are kept over all classes; None for no limit.
        legacy: Whether to do as the original does. Scores have to be above ``min_score``; in Fast NMS a box then takes
            part for every class; cross-class Fast NMS ignores ``top_k``, and standard NMS ``candidates``.
    """

    iou: float = 0.5
    min_score: float = 0.05
    candidates: int = 200
    top_k: int | None = 100
    legacy: bool = False


_SIGMA = 0.2
"""How sharply overlaps lower scores in Cluster-NMS, its authors' value."""

USUAL = NmsOptions()
"""The paper's options, with the second score threshold."""


def fast_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS per class: a box is suppressed when any better box of its class, kept or not, overlaps it too much.

    Args:
        boxes: float [A, 4] or [B, A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C] or [B, A, C], 0..1, without background.
        options: What is kept.

    Returns:
        The candidates that are kept, by picture, best first; a box may be kept for several classes.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]])
        >>> fast_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]])).rows.tolist()
        [0, 2]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    found = choose_candidates(
        scores, options.min_score, options.candidates, strict=options.legacy, every_class=options.legacy
    )
    return _keep_unlike_better(found, boxes, scores.shape[2], options.iou).best(options.top_k)


def cross_class_fast_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS over all classes at once: each box stands for its best class and is suppressed by any better box.

    Args:
        boxes: float [A, 4] or [B, A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C] or [B, A, C], 0..1, without background.
        options: What is kept.

    Returns:
        The candidates that are kept, by picture, best first; a box may be kept for several classes.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10]])
        >>> cross_class_fast_nms(boxes, torch.tensor([[0.9, 0.1], [0.2, 0.8]])).labels.tolist()
        [0]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    best = scores.amax(dim=-1, keepdim=True)
    found = choose_candidates(best, options.min_score, options.candidates, strict=options.legacy)
    kept = _keep_unlike_better(found, boxes, 1, options.iou).best(None if options.legacy else options.top_k)
    return kept._replace(labels=scores[kept.pictures, kept.rows].argmax(dim=-1))


def standard_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Greedy NMS per class: a box is suppressed when a better box of its class that was kept overlaps it too much.

    Args:
        boxes: float [A, 4] or [B, A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C] or [B, A, C], 0..1, without background.
        options: What is kept.

    Returns:
        The candidates that are kept, by picture, best first; a box may be kept for several classes.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
        >>> standard_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]]), NmsOptions(iou=0.3)).rows.tolist()
        [0, 2]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    limit = scores.shape[1] if options.legacy else options.candidates
    found = choose_candidates(scores, options.min_score, limit, strict=options.legacy)
    if len(found.rows) == 0:
        return found
    # torchvision shifts the boxes of each class apart, which needs coordinates from 0 and more digits than float32 has;
    # Apple's GPUs have no more.
    device = boxes.device if boxes.device.type != "mps" else torch.device("cpu")
    taken = boxes[found.pictures, found.rows].to(device).double()
    groups = found.groups(scores.shape[2]).to(device)
    kept = batched_nms(taken - taken.min(), found.scores.to(device).double(), groups, options.iou).sort().values
    return found.take(kept.to(boxes.device)).best(options.top_k)


def cluster_spm_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Cluster-NMS with the score penalty: a box that overlaps better ones of its class has its score lowered.

    Only boxes that greedy NMS keeps take score from others. They are found by Fast NMS, repeated without the boxes that
    it suppressed until nothing changes.

    Args:
        boxes: float [A, 4] or [B, A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C] or [B, A, C], 0..1, without background.
        options: What is kept; ``min_score`` holds for the lowered scores as well, and ``legacy`` changes nothing.

    Returns:
        The candidates that are kept, by picture, best first by their lowered scores.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [20, 20, 30, 30]])
        >>> cluster_spm_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]])).scores
        tensor([0.9000, 0.7000])
    """
    boxes, scores = _batch(boxes), _batch(scores)
    found = choose_candidates(scores, options.min_score, options.candidates)
    padded, place, _ = _by_group(found, boxes, scores.shape[2])
    overlap = box_iou(padded, padded).triu_(diagonal=1)
    left = _settled(overlap, options.iou)
    penalty = torch.exp(-(overlap.square() * left[..., None]).sum(dim=1) / _SIGMA)
    lowered = found._replace(scores=found.scores * penalty[place])
    return lowered.take(lowered.scores >= options.min_score).ranked().best(options.top_k)


NMS: dict[str, Callable[[Tensor, Tensor, NmsOptions], Candidates]] = {
    "fast": fast_nms,
    "cross-class": cross_class_fast_nms,
    "standard": standard_nms,
    "cluster-spm": cluster_spm_nms,
}
"""The functions for non-maximum suppression, by their names in configurations and on the command line."""


def _batch(values: Tensor) -> Tensor:
    return values if values.ndim == 3 else values[None]


def _keep_unlike_better(found: Candidates, boxes: Tensor, classes: int, iou: float) -> Candidates:
    """Those candidates that no better one of their picture and class overlaps by more than ``iou``."""
    padded, place, counts = _by_group(found, boxes, classes)
    return found.take(_unlike_better(padded, counts, iou)[place])


def _by_group(found: Candidates, boxes: Tensor, classes: int) -> tuple[Tensor, tuple[Tensor, Tensor], list[int]]:
    """The candidates' boxes by picture and class.

    Returns:
        Boxes [G, M, 4], best first, the largest group first, padded by empty ones; where each candidate is among them;
        and how many each group has.
    """
    corners = boxes[found.pictures, found.rows]
    if len(boxes) * classes == 1:
        rows = torch.arange(len(corners), device=boxes.device)
        return corners[None], (torch.zeros_like(rows), rows), [len(corners)]
    groups = found.groups(classes)
    sizes, order = torch.bincount(groups, minlength=len(boxes) * classes).sort(descending=True)
    counts = [count for count in sizes.tolist() if count]
    place = order.argsort()[groups], rank_in_group(groups)
    padded = corners.new_zeros(len(counts), max(counts, default=0), 4)
    padded[place] = corners
    return padded, place, counts


def _settled(overlap: Tensor, iou: float) -> Tensor:
    """Which boxes greedy NMS keeps, bool [G, M], by their IoU [G, M, M] with better ones (rows), 0 elsewhere."""
    left = overlap.new_ones(overlap.shape[:2], dtype=torch.bool)
    for _ in range(overlap.shape[1]):
        after = (overlap * left[..., None]).amax(dim=1) <= iou
        if torch.equal(after, left):
            break
        left = after
    return left


def _unlike_better(boxes: Tensor, counts: list[int], iou: float) -> Tensor:
    """Whether no box before it in its group overlaps a box by more than ``iou``.

    Args:
        boxes: [G, M, 4], groups of boxes, best first, the largest group first.
        counts: How many boxes each group has; the rest of its row is padding.
        iou: The IoU.

    Returns:
        bool [G, M].
    """
    budget = _CACHE if boxes.device.type == "cpu" else _MEMORY
    unlike = torch.ones(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
    start = 0
    while start < boxes.shape[1]:
        # The block of boxes start..stop and all before them, in the groups that reach so far.
        active = sum(count > start for count in counts)
        stop = start + max(1, int((math.sqrt(start**2 + 4 * budget / active) - start) / 2))
        overlap = box_iou(boxes[:active, :stop], boxes[:active, start:stop]).triu_(diagonal=1 - start)
        unlike[:active, start:stop] = overlap.amax(dim=1) <= iou
        start = stop
    return unlike
