"""Why non-maximum suppression kept some boxes and not others: which box each of the others lost to."""

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
        kept: bool [N], whether it was kept.
        rivals: int64 [N], the place of the box that it lost to, -1 for none: one that was kept where there is one, else
            one that was suppressed itself, which in Fast NMS suppresses others all the same.
        ious: float32 [N], the IoU with the rival, 0 without one.
    """

    rows: Tensor
    labels: Tensor
    scores: Tensor
    kept: Tensor
    rivals: Tensor
    ious: Tensor


def explain_nms(name: str, boxes: Tensor, scores: Tensor, options: NmsOptions) -> Decisions:
    """Runs non-maximum suppression on one picture and says what became of each box.

    Args:
        name: Which way, a key of `yolact_kit.ops.nms.NMS`.
        boxes: float [A, 4], x1 y1 x2 y2 in any unit.
        scores: float [A, C], 0..1, without background.
        options: What is kept.

    Returns:
        The decisions. A box that was neither kept nor has a rival was cut off by ``top_k``.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]])
        >>> found = explain_nms("fast", boxes, torch.tensor([[0.9], [0.8], [0.7]]), NmsOptions())
        >>> found.kept.tolist(), found.rivals.tolist()
        ([True, False, True], [-1, 0, -1])
    """
    found = _candidates(name, scores, options)
    kept = _is_kept(name, found, boxes, scores, options)
    unlike = _is_kept(name, found, boxes, scores, options._replace(top_k=None))
    groups = torch.zeros_like(found.labels) if name == "cross-class" else found.labels
    rivals, ious = torch.full_like(found.rows, -1), torch.zeros_like(found.scores)
    for group in set(groups.tolist()):
        places = (groups == group).nonzero().squeeze(1)
        overlap = box_iou(boxes[found.rows[places]], boxes[found.rows[places]]).triu_(diagonal=1)
        rival, iou = _rivals(overlap, unlike[places], 0.0 if name == "cluster-spm" else options.iou)
        rivals[places], ious[places] = torch.where(rival < 0, -1, places[rival]), iou
    return Decisions(found.rows, found.labels, found.scores, kept, rivals, ious)


def _candidates(name: str, scores: Tensor, options: NmsOptions) -> Candidates:
    """The boxes that take part, chosen as each way to suppress chooses them."""
    legacy, limit = options.legacy, options.candidates
    if name == "cross-class":
        found = choose_candidates(scores.amax(dim=-1, keepdim=True)[None], options.min_score, limit, strict=legacy)
        return found._replace(labels=scores[found.rows].argmax(dim=-1))
    if name == "standard":
        limit = len(scores) if legacy else limit
        return choose_candidates(scores[None], options.min_score, limit, strict=legacy)
    legacy = legacy and name == "fast"
    return choose_candidates(scores[None], options.min_score, limit, strict=legacy, every_class=legacy)


def _is_kept(name: str, found: Candidates, boxes: Tensor, scores: Tensor, options: NmsOptions) -> Tensor:
    """Whether each candidate is kept, bool [N]."""
    result, classes = NMS[name](boxes, scores, options), scores.shape[1]
    return torch.isin(found.rows * classes + found.labels, result.rows * classes + result.labels)


def _rivals(overlap: Tensor, kept: Tensor, iou: float) -> tuple[Tensor, Tensor]:
    """The place of each box's rival, -1 for none, and the IoU with it, by the IoUs [N, N] with better boxes (rows)."""
    # Among boxes that overlap enough, one that was kept comes first, then the one that overlaps the most.
    worth = torch.where(overlap > iou, overlap + 2.0 * kept[:, None], 0.0)
    best, rival = worth.max(dim=0)
    lost = (best > 0) & ~kept
    shared = overlap.gather(0, rival[None])[0]
    return torch.where(lost, rival, -1), torch.where(lost, shared, 0.0)
