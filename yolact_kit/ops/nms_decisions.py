"""Why boxes did not survive non-maximum suppression: which box each of them lost to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.ops.box_arrays import Floats, overlaps
from yolact_kit.ops.candidates import Candidates, choose_candidates, largest_of_rows
from yolact_kit.ops.nms import NMS, NmsOptions, class_members


class Decisions(NamedTuple):
    """What non-maximum suppression decided about the boxes of one picture, best first.

    Attributes:
        rows: int64 [N], the rows of the candidates' boxes; one row may take part for several classes.
        labels: int64 [N], the class that each takes part for, 0-based.
        scores: float32 [N], 0..1, before suppression.
        survives: bool [N], whether it is among the detections.
        rivals: int64 [N], the index of the box that it lost to, -1 for none: one that survives where there is one, else
            one that was suppressed itself, which in Fast NMS suppresses others all the same.
        ious: float32 [N], the IoU with the rival, 0 without one.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: Floats
    survives: NDArray[np.bool_]
    rivals: NDArray[np.int64]
    ious: Floats


def explain_nms(name: str, boxes: Floats, scores: Floats, options: NmsOptions) -> Decisions:
    """Runs non-maximum suppression on one picture and says what became of each box.

    Args:
        name: Which kind, a key of `yolact_kit.ops.nms.NMS`.
        boxes: float32 [A, 4], x1 y1 x2 y2 in any unit.
        scores: float32 [A, C], 0..1, without background.
        options: Which boxes take part, and how much they may overlap.

    Returns:
        The decisions. A box that neither survives nor has a rival was cut off by ``top_k``.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]], dtype=np.float32)
        >>> decisions = explain_nms("fast", boxes, np.array([[0.9], [0.8], [0.7]]), NmsOptions())
        >>> decisions.survives.tolist(), decisions.rivals.tolist()
        ([True, False, True], [-1, 0, -1])
    """
    candidates = _candidates(name, scores, options)
    survives = _survives(name, candidates, boxes, scores, options)
    # Without the cut at top_k: a box that only the cut removed has lost to no rival, and still suppressed others.
    survives_uncut = _survives(name, candidates, boxes, scores, options._replace(top_k=None))
    threshold = 0.0 if name == "cluster-spm" else options.iou
    groups = np.zeros_like(candidates.labels) if name == "cross-class" else candidates.labels
    rivals, ious = np.full_like(candidates.rows, -1), np.zeros_like(candidates.scores)
    for members in class_members(groups):
        group = boxes[candidates.rows[members]]
        rival, iou = _rivals(np.triu(overlaps(group, group), k=1), survives_uncut[members], threshold)
        # Rivals are counted within the group; `members` turns them into indices of candidates.
        rivals[members], ious[members] = np.where(rival < 0, -1, members[rival]), iou
    return Decisions(candidates.rows, candidates.labels, candidates.scores, survives, rivals, ious)


def _candidates(name: str, scores: Floats, options: NmsOptions) -> Candidates:
    """The boxes that take part, chosen as each kind of suppression chooses them."""
    legacy, limit = options.legacy, options.candidates
    if name == "cross-class":
        object_scores = largest_of_rows(scores)[:, None]
        candidates = choose_candidates(object_scores, options.min_score, limit, strict=legacy)
        return candidates._replace(labels=scores[candidates.rows].argmax(axis=1))
    if name == "standard":
        limit = max(1, len(scores)) if legacy else limit
        return choose_candidates(scores, options.min_score, limit, strict=legacy)
    legacy = legacy and name == "fast"
    return choose_candidates(scores, options.min_score, limit, strict=legacy, every_class=legacy)


def _survives(
    name: str, candidates: Candidates, boxes: Floats, scores: Floats, options: NmsOptions
) -> NDArray[np.bool_]:
    """Whether each candidate is among the detections, bool [N]."""
    detections, classes = NMS[name](boxes, scores, options), scores.shape[1]
    # A box and a class together are one number, row * classes + label.
    return np.isin(candidates.rows * classes + candidates.labels, detections.rows * classes + detections.labels)


def _rivals(overlap: Floats, survives: NDArray[np.bool_], iou: float) -> tuple[NDArray[np.int64], Floats]:
    """The index of each box's rival, -1 for none, and the IoU with it, by the IoUs [N, N] with better boxes (rows)."""
    # Among boxes that overlap enough, a surviving one comes first, then the one that overlaps the most: no IoU is above
    # 1, so adding 2 puts all survivors before all others.
    rank = np.where(overlap > iou, overlap + 2.0 * survives[:, None], 0.0)
    rival = rank.argmax(axis=0)
    columns = np.arange(len(rival))
    lost = (rank[rival, columns] > 0) & ~survives
    return np.where(lost, rival, -1), np.where(lost, overlap[rival, columns], np.float32(0))
