"""Non-maximum suppression: Fast NMS (YOLACT, section 5), the standard greedy one, and Cluster-NMS.

All have the same arguments and result (`NmsFunction`), choose their candidates alike, and differ in which of them they
keep. Fast NMS goes class by class or over all classes; of Cluster-NMS (Zheng et al., 2021, arXiv 2005.03572) it is the
variant that lowers scores. They work on arrays, picture by picture; `yolact_kit.ops.fixed_nms` has Fast NMS for
programs that record what a network computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from yolact_kit.ops.box_arrays import Floats, overlaps
from yolact_kit.ops.candidates import Candidates, choose_candidates, largest_of_rows

_BLOCK = 256
"""Boxes whose overlaps with all better ones are computed at once: few enough for the processor's cache."""

Survivors = Callable[[Floats, float], NDArray[np.bool_]]
"""Boxes [N, 4], best first, and the IoU: which of them are kept, bool [N]."""


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

    def __call__(self, boxes: Floats, scores: Floats, options: NmsOptions = USUAL) -> Candidates:
        """Removes boxes that overlap better ones.

        Args:
            boxes: float32 [A, 4], x1 y1 x2 y2 in any unit.
            scores: float32 [A, C], 0..1, without background.
            options: Which boxes take part, and how much they may overlap.

        Returns:
            The surviving candidates, best first; a box may survive for several classes.
        """


def fast_nms(boxes: Floats, scores: Floats, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS per class: a box goes when any better box of its class overlaps it too much, even one that goes itself.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]], dtype=np.float32)
        >>> fast_nms(boxes, np.array([[0.9], [0.8], [0.7]])).rows.tolist()
        [0, 2]
    """
    candidates = choose_candidates(
        scores, options.min_score, options.candidates, strict=options.legacy, every_class=options.legacy
    )
    return _class_by_class(candidates, boxes, options.iou, fast_survivors).best(options.top_k)


def cross_class_fast_nms(boxes: Floats, scores: Floats, options: NmsOptions = USUAL) -> Candidates:
    """Fast NMS over all classes at once: each box stands for its best class and goes when any better box overlaps it.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10]], dtype=np.float32)
        >>> cross_class_fast_nms(boxes, np.array([[0.9, 0.1], [0.2, 0.8]])).labels.tolist()
        [0]
    """
    # A single class, "object", with the scores of each box's best class; which one that is, is looked up at the end.
    object_scores = largest_of_rows(scores)[:, None]
    candidates = choose_candidates(object_scores, options.min_score, options.candidates, strict=options.legacy)
    top_k = None if options.legacy else options.top_k
    survivors = _class_by_class(candidates, boxes, options.iou, fast_survivors).best(top_k)
    return survivors._replace(labels=scores[survivors.rows].argmax(axis=1))


def standard_nms(boxes: Floats, scores: Floats, options: NmsOptions = USUAL) -> Candidates:
    """Greedy NMS per class: a box goes when a better box of its class that stays overlaps it too much.

    Arguments and result are those of `NmsFunction`.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], dtype=np.float32)
        >>> standard_nms(boxes, np.array([[0.9], [0.8], [0.7]]), NmsOptions(iou=0.3)).rows.tolist()
        [0, 2]
    """
    limit = max(1, len(scores)) if options.legacy else options.candidates
    candidates = choose_candidates(scores, options.min_score, limit, strict=options.legacy)
    return _class_by_class(candidates, boxes, options.iou, greedy_survivors).best(options.top_k)


def cluster_spm_nms(boxes: Floats, scores: Floats, options: NmsOptions = USUAL) -> Candidates:
    """Cluster-NMS with the score penalty: a box that overlaps better ones of its class has its score lowered.

    Only boxes that greedy NMS keeps take score from others. Arguments and result are those of `NmsFunction`, but the
    resulting scores are the lowered ones; ``min_score`` holds for these as well, and ``legacy`` changes nothing.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 8], [20, 20, 30, 30]], dtype=np.float32)
        >>> cluster_spm_nms(boxes, np.array([[0.9], [0.8], [0.7]])).scores.round(6).tolist()
        [0.9, 0.7]
    """
    candidates = choose_candidates(scores, options.min_score, options.candidates)
    penalties = np.ones_like(candidates.scores)
    for members in class_members(candidates.labels):
        group = boxes[candidates.rows[members]]
        ranks = greedy_survivors(group, options.iou).nonzero()[0]
        # Only better boxes take score from a box: those that stand before it. Their penalties exp(-iou^2 / sigma)
        # multiply, so the exponents add up.
        shared = overlaps(group[ranks], group) * (ranks[:, None] < np.arange(len(group)))
        penalties[members] = np.exp(-np.square(shared).sum(axis=0) / _SIGMA)
    lowered = candidates._replace(scores=candidates.scores * penalties)
    return lowered.take(lowered.scores >= options.min_score).ranked().best(options.top_k)


NMS: dict[str, NmsFunction] = {
    "fast": fast_nms,
    "cross-class": cross_class_fast_nms,
    "standard": standard_nms,
    "cluster-spm": cluster_spm_nms,
}
"""The functions for non-maximum suppression, by the names in `yolact_kit.ops.nms_methods`."""


def class_members(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The indices of each class that has more than one candidate, rising; a single one has no rival.

    Example:
        >>> [members.tolist() for members in class_members(np.array([3, 1, 3, 3]))]
        [[0, 2, 3]]
    """
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = (ordered[1:] != ordered[:-1]).nonzero()[0] + 1
    return [members for members in np.split(order, starts) if len(members) > 1]


def _class_by_class(candidates: Candidates, boxes: Floats, iou: float, survivors: Survivors) -> Candidates:
    """The candidates that survive among those of their class, which come best first."""
    survives = np.ones(len(candidates.rows), dtype=np.bool_)
    for members in class_members(candidates.labels):
        survives[members] = survivors(boxes[candidates.rows[members]], iou)
    return candidates.take(survives)


def fast_survivors(boxes: Floats, iou: float) -> NDArray[np.bool_]:
    """Which boxes Fast NMS keeps: those that no better one overlaps by more than ``iou``, whatever becomes of that one.

    Args:
        boxes: float32 [N, 4], best first.
        iou: The IoU.

    Returns:
        bool [N].
    """
    survives = np.ones(len(boxes), dtype=np.bool_)
    for start in range(0, len(boxes), _BLOCK):
        stop = min(start + _BLOCK, len(boxes))
        own = np.arange(start, stop)
        # The first of the boxes up to the block's end that overlaps a box, itself included, says whether it is better.
        too_much = overlaps(boxes[start:stop], boxes[:stop]) > iou
        first = too_much.argmax(axis=1)
        survives[start:stop] = ~(too_much[own - start, first] & (first < own))
    return survives


def greedy_survivors(boxes: Floats, iou: float) -> NDArray[np.bool_]:
    """Which boxes greedy NMS keeps: those that no better one that is kept itself overlaps by more than ``iou``.

    Args:
        boxes: float32 [N, 4], best first.
        iou: The IoU.

    Returns:
        bool [N].
    """
    survives = np.ones(len(boxes), dtype=np.bool_)
    for start in range(0, len(boxes), _BLOCK):
        block, left = boxes[start : start + _BLOCK], survives[start : start + _BLOCK]
        # What the blocks before have kept decides first; then each box in turn decides on those after it.
        if start:
            left &= ~(overlaps(boxes[:start][survives[:start]], block) > iou).any(axis=0)
        too_much = overlaps(block, block) > iou
        for index in range(len(block)):
            if left[index]:
                left[index + 1 :] &= ~too_much[index, index + 1 :]
    return survives
