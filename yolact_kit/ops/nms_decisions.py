"""Why boxes did not survive non-maximum suppression: which box each of them lost to."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from yolact_kit.ops.boxes import box_iou
from yolact_kit.ops.candidates import Candidates, choose_candidates
from yolact_kit.ops.nms import NMS, NmsOptions


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

    rows: Tensor
    labels: Tensor
    scores: Tensor
    survives: Tensor
    rivals: Tensor
    ious: Tensor


def explain_nms(name: str, boxes: Tensor, scores: Tensor, options: NmsOptions) -> Decisions:
    """Runs non-maximum suppression on one picture and says what became of each box.

    Args:
        name: Which kind, a key of `yolact_kit.ops.nms.NMS`.
        boxes: float [A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C], 0..1, without background.
        options: Which boxes take part, and how much they may overlap.

    Returns:
        The decisions. A box that neither survives nor has a rival was cut off by ``top_k``.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]])
        >>> decisions = explain_nms("fast", boxes, torch.tensor([[0.9], [0.8], [0.7]]), NmsOptions())
        >>> decisions.survives.tolist(), decisions.rivals.tolist()
        ([True, False, True], [-1, 0, -1])
    """
    candidates = _candidates(name, scores, options)
    survives = _survives(name, candidates, boxes, scores, options)
    # Without the cut at top_k: a box that only the cut removed has lost to no rival, and still suppressed others.
    survives_uncut = _survives(name, candidates, boxes, scores, options._replace(top_k=None))
    threshold = 0.0 if name == "cluster-spm" else options.iou
    groups = torch.zeros_like(candidates.labels) if name == "cross-class" else candidates.labels
    rivals, ious = torch.full_like(candidates.rows, -1), torch.zeros_like(candidates.scores)
    for group in set(groups.tolist()):
        members = (groups == group).nonzero().squeeze(1)
        corners = boxes[candidates.rows[members]]
        overlap = box_iou(corners, corners).triu_(diagonal=1)
        rival, iou = _rivals(overlap, survives_uncut[members], threshold)
        # Rivals are counted within the group; `members` turns them into indices of candidates.
        rivals[members], ious[members] = torch.where(rival < 0, -1, members[rival]), iou
    return Decisions(candidates.rows, candidates.labels, candidates.scores, survives, rivals, ious)


def _candidates(name: str, scores: Tensor, options: NmsOptions) -> Candidates:
    """The boxes that take part, chosen as each kind of suppression chooses them."""
    legacy, limit = options.legacy, options.candidates
    if name == "cross-class":
        object_scores = scores.amax(dim=-1, keepdim=True)
        candidates = choose_candidates(object_scores[None], options.min_score, limit, strict=legacy)
        return candidates._replace(labels=scores[candidates.rows].argmax(dim=-1))
    if name == "standard":
        limit = len(scores) if legacy else limit
        return choose_candidates(scores[None], options.min_score, limit, strict=legacy)
    legacy = legacy and name == "fast"
    return choose_candidates(scores[None], options.min_score, limit, strict=legacy, every_class=legacy)


def _survives(name: str, candidates: Candidates, boxes: Tensor, scores: Tensor, options: NmsOptions) -> Tensor:
    """Whether each candidate is among the detections, bool [N]."""
    detections, classes = NMS[name](boxes, scores, options), scores.shape[1]
    # A box and a class together are one number, row * classes + label.
    return torch.isin(candidates.rows * classes + candidates.labels, detections.rows * classes + detections.labels)


def _rivals(overlap: Tensor, survives: Tensor, iou: float) -> tuple[Tensor, Tensor]:
    """The index of each box's rival, -1 for none, and the IoU with it, by the IoUs [N, N] with better boxes (rows)."""
    # Among boxes that overlap enough, a surviving one comes first, then the one that overlaps the most: no IoU is above
    # 1, so adding 2 puts all survivors before all others.
    rank = torch.where(overlap > iou, overlap + 2.0 * survives[:, None], 0.0)
    best, rival = rank.max(dim=0)
    lost = (best > 0) & ~survives
    rival_iou = overlap.gather(0, rival[None])[0]
    return torch.where(lost, rival, -1), torch.where(lost, rival_iou, 0.0)
