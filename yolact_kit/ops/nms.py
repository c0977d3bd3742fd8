"""Non-maximum suppression: Fast NMS (YOLACT, section 5), the standard greedy one, and Cluster-NMS.

All have the same arguments and result (`NmsFunction`), choose their candidates alike, and differ in which of them they
keep. Fast NMS goes class by class or over all classes; of Cluster-NMS (Zheng et al., 2021, arXiv 2005.03572) it is the
variant that lowers scores.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from yolact_kit.ops.boxes import box_iou
from yolact_kit.ops.candidates import Candidates, choose_candidates, rank_in_group

_OVERLAPS_ON_CPU, _OVERLAPS_ON_GPU = 2**16, 2**24
"""Overlaps that are computed at once: on a processor as many as its cache holds; elsewhere few rounds are faster."""


class NmsOptions(NamedTuple):
    """What non-maximum suppression keeps.

    Attributes:
        iou: A box is kept if its IoU with better ones is at most this.
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


class NmsFunction(Protocol):
    """The arguments and the result that every function for non-maximum suppression has."""

    def __call__(self, boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
        """Removes boxes that overlap better ones.

        Args:
            boxes: float [A, 4] or [B, A, 4], x1 y1 x2 y2 in any unit.
            scores: float [A, C] or [B, A, C], 0..1, without background.
            options: Which boxes take part, and how much they may overlap.

        Returns:
            The surviving candidates, by picture, best first; a box may survive for several classes.
        """


def fast_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS per class: a box goes when any better box of its class overlaps it too much, even one that goes itself.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]])
        >>> fast_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]])).rows.tolist()
        [0, 2]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    candidates = choose_candidates(
        scores, options.min_score, options.candidates, strict=options.legacy, every_class=options.legacy
    )
    return _fast_survivors(candidates, boxes, scores.shape[2], options.iou).best(options.top_k)


def cross_class_fast_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS over all classes at once: each box stands for its best class and goes when any better box overlaps it.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10]])
        >>> cross_class_fast_nms(boxes, torch.tensor([[0.9, 0.1], [0.2, 0.8]])).labels.tolist()
        [0]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    # A single class, "object", with the scores of each box's best class; which one that is, is looked up at the end.
    object_scores = scores.amax(dim=-1, keepdim=True)
    candidates = choose_candidates(object_scores, options.min_score, options.candidates, strict=options.legacy)
    top_k = None if options.legacy else options.top_k
    survivors = _fast_survivors(candidates, boxes, 1, options.iou).best(top_k)
    return survivors._replace(labels=scores[survivors.pictures, survivors.rows].argmax(dim=-1))


def standard_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Greedy NMS per class: a box goes when a better box of its class that stays overlaps it too much.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
        >>> standard_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]]), NmsOptions(iou=0.3)).rows.tolist()
        [0, 2]
    """
    boxes, scores = _batch(boxes), _batch(scores)
    limit = scores.shape[1] if options.legacy else options.candidates
    candidates = choose_candidates(scores, options.min_score, limit, strict=options.legacy)
    if len(candidates.rows) == 0:
        return candidates
    # torchvision shifts the boxes of each class apart, which needs coordinates from 0 and more digits than float32 has;
    # Apple's GPUs have no more.
    device = boxes.device if boxes.device.type != "mps" else torch.device("cpu")
    corners = boxes[candidates.pictures, candidates.rows].to(device).double()
    groups = candidates.groups(scores.shape[2]).to(device)
    survivors = batched_nms(corners - corners.min(), candidates.scores.to(device).double(), groups, options.iou)
    # By index, since the candidates are sorted by picture already and torchvision's result by score alone.
    return candidates.take(survivors.sort().values.to(boxes.device)).best(options.top_k)


def cluster_spm_nms(boxes: Tensor, scores: Tensor, options: NmsOptions = USUAL) -> Candidates:
    """Cluster-NMS with the score penalty: a box that overlaps better ones of its class has its score lowered.

    Only boxes that greedy NMS keeps take score from others. Arguments and result are those of `NmsFunction`, but the
    resulting scores are the lowered ones; ``min_score`` holds for these as well, and ``legacy`` changes nothing.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [20, 20, 30, 30]])
        >>> cluster_spm_nms(boxes, torch.tensor([[0.9], [0.8], [0.7]])).scores
        tensor([0.9000, 0.7000])
    """
    boxes, scores = _batch(boxes), _batch(scores)
    candidates = choose_candidates(scores, options.min_score, options.candidates)
    padded, positions, _ = _by_group(candidates, boxes, scores.shape[2])
    # overlap[g, i, j] is the IoU of box j with box i where i is the better one, else 0.
    overlap = box_iou(padded, padded).triu_(diagonal=1)
    survives = _greedy_survivors(overlap, options.iou)
    # The penalties exp(-iou^2 / sigma) of all surviving better boxes multiply, so their exponents add up.
    penalty = torch.exp(-(overlap.square() * survives[..., None]).sum(dim=1) / _SIGMA)
    lowered = candidates._replace(scores=candidates.scores * penalty[positions])
    return lowered.take(lowered.scores >= options.min_score).ranked().best(options.top_k)


NMS: dict[str, NmsFunction] = {
    "fast": fast_nms,
    "cross-class": cross_class_fast_nms,
    "standard": standard_nms,
    "cluster-spm": cluster_spm_nms,
}
"""The functions for non-maximum suppression, by the names in `yolact_kit.ops.nms_methods`."""


def _batch(values: Tensor) -> Tensor:
    """Adds a batch dimension of one picture if there is none."""
    return values if values.ndim == 3 else values[None]


def _fast_survivors(candidates: Candidates, boxes: Tensor, classes: int, iou: float) -> Candidates:
    """Those candidates that no better one of their picture and class overlaps by more than ``iou``."""
    padded, positions, sizes = _by_group(candidates, boxes, classes)
    return candidates.take(_not_suppressed(padded, sizes, iou)[positions])


class _Groups(NamedTuple):
    """Candidates' boxes in one table with a row for each pair of picture and class.

    Attributes:
        boxes: [G, M, 4], in each row best first; the longest row first, the others padded by empty boxes.
        positions: The row and the column of each candidate's box, int64 [N] each.
        sizes: How many boxes each row has.
    """

    boxes: Tensor
    positions: tuple[Tensor, Tensor]
    sizes: list[int]


def _by_group(candidates: Candidates, boxes: Tensor, classes: int) -> _Groups:
    """Arranges the candidates' boxes by picture and class."""
    # Only boxes of one class in one picture compete. Instead of a loop over classes, or one matrix of overlaps of all
    # boxes with all, each class of each picture becomes a row of one padded tensor, and one batched operation handles
    # all rows. The empty boxes of the padding overlap nothing, so they suppress nothing.
    corners = boxes[candidates.pictures, candidates.rows]
    if len(boxes) * classes == 1:  # one row: the candidates are in its order already
        columns = torch.arange(len(corners), device=boxes.device)
        return _Groups(corners[None], (torch.zeros_like(columns), columns), [len(corners)])
    groups = candidates.groups(classes)
    counts, by_count = torch.bincount(groups, minlength=len(boxes) * classes).sort(descending=True)
    sizes = [count for count in counts.tolist() if count]
    # `by_count` says which group each row holds; its inverse permutation, the argsort, says which row each group is in.
    row_of_group = by_count.argsort()
    # Candidates come best first, so a box's column is the number of earlier candidates of its group.
    positions = row_of_group[groups], rank_in_group(groups)
    padded = corners.new_zeros(len(sizes), max(sizes, default=0), 4)
    padded[positions] = corners
    return _Groups(padded, positions, sizes)


def _greedy_survivors(overlap: Tensor, iou: float) -> Tensor:
    """Which boxes greedy NMS keeps, bool [G, M], by their IoU [G, M, M] with better ones (rows), 0 elsewhere."""
    # Fast NMS, repeated with only the last round's survivors as suppressors. After r rounds the first r boxes of each
    # group are right, since they depend on better boxes only; in practice nothing changes after a few rounds.
    survives = overlap.new_ones(overlap.shape[:2], dtype=torch.bool)
    for _ in range(overlap.shape[1]):
        next_round = (overlap * survives[..., None]).amax(dim=1) <= iou
        if torch.equal(next_round, survives):
            break
        survives = next_round
    return survives


def _not_suppressed(boxes: Tensor, sizes: list[int], iou: float) -> Tensor:
    """Whether no better box of its group overlaps a box by more than ``iou``.

    Args:
        boxes: [G, M, 4], groups of boxes, best first, the largest group first.
        sizes: How many boxes each group has; the rest of its row is padding.
        iou: The IoU.

    Returns:
        bool [G, M].
    """
    # The matrix of overlaps is computed in blocks of columns start..stop that fit in the cache. A block needs the boxes
    # before it and its own, rows 0..stop, and only the groups that are as long; these come first.
    budget = _OVERLAPS_ON_CPU if boxes.device.type == "cpu" else _OVERLAPS_ON_GPU
    survives = torch.ones(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
    start = 0
    while start < boxes.shape[1]:
        active = sum(size > start for size in sizes)
        # The widest block for which active * stop * (stop - start) overlaps stay within the budget.
        width = (math.sqrt(start**2 + 4 * budget / active) - start) / 2
        stop = start + max(1, int(width))
        # Column j is box start + j: only rows above that, the better boxes, count.
        overlap = box_iou(boxes[:active, :stop], boxes[:active, start:stop]).triu_(diagonal=1 - start)
        survives[:active, start:stop] = overlap.amax(dim=1) <= iou
        start = stop
    return survives
