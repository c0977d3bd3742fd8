"""Candidates: the boxes that take part in non-maximum suppression, and for which classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

_CROWD = 24
"""Once more than one in this many scores is high enough, ranking every class is faster than sorting the high scores."""


class Candidates(NamedTuple):
    """Boxes that take part in suppression, each for one class.

    They are sorted by picture, best first; boxes with equal scores by row, then by class.

    Attributes:
        pictures: int64 [N], the picture of the batch that each lies in.
        rows: int64 [N], its box among the picture's boxes; a box may take part for several classes.
        labels: int64 [N], the class, 0-based without background.
        scores: float [N], the box's score for that class.
    """

    pictures: Tensor
    rows: Tensor
    labels: Tensor
    scores: Tensor

    def groups(self, classes: int) -> Tensor:
        """A number for each pair of picture and class, int64 [N], below pictures times ``classes``."""
        return self.pictures * classes + self.labels

    def take(self, selection: Tensor | slice) -> Candidates:
        """The candidates at the indices ``selection``, int64 [M], in that order; or where it is true, bool [N]."""
        return Candidates(*(part[selection] for part in self))

    def ranked(self) -> Candidates:
        """The candidates sorted by picture, best first; those with equal scores stay in their order."""
        # Two stable sorts, the less important one first: the second leaves the order of scores within each picture.
        by_score = self.take(self.scores.sort(descending=True, stable=True).indices)
        return by_score.take(by_score.pictures.sort(stable=True).indices)

    def best(self, count: int | None) -> Candidates:
        """The first ``count`` candidates of each picture; all of them if it is None."""
        if count is None or len(self.rows) <= count:
            return self
        # Pictures lie one after another, so a candidate's rank is its index less the index at which its picture begins.
        index = torch.arange(len(self.rows), device=self.rows.device)
        picture_start = torch.searchsorted(self.pictures, self.pictures)
        return self.take(index - picture_start < count)


def choose_candidates(
    scores: Tensor, min_score: float, limit: int, strict: bool = False, every_class: bool = False
) -> Candidates:
    """The boxes whose score is high enough, at most ``limit`` of a class and picture, the best.

    Args:
        scores: float [B, A, C], 0..1, without background. Boxes with a score of NaN do not take part.
        min_score: A box takes part for the classes in which its score is at least this.
        limit: At most this many boxes of a class take part in each picture; among equal scores the first rows.
        strict: Whether scores have to be above ``min_score``.
        every_class: Whether a box takes part for every class once one of its scores is high enough.

    Returns:
        The candidates, by picture, best first.

    Example:
        >>> choose_candidates(torch.tensor([[[0.2, 0.9], [0.6, 0.0]]]), min_score=0.5, limit=10).rows.tolist()
        [0, 1]
    """
    batch, count, classes = scores.shape
    pairs = _high_pairs(scores, min_score, limit, torch.gt if strict else torch.ge, every_class)
    best, order = scores.flatten()[pairs].sort(descending=True, stable=True)
    pairs = pairs[order]
    # A pair is an index into the flattened [B, A, C]: class, box and picture are its digits.
    rows, labels = pairs // classes, pairs % classes
    candidates = Candidates(rows // count, rows % count, labels, best)
    if batch > 1:
        candidates = candidates.take(candidates.pictures.sort(stable=True).indices)
    if len(pairs) <= limit:
        return candidates
    if batch * classes == 1:
        return candidates.take(slice(limit))
    return candidates.take(rank_in_group(candidates.groups(classes)) < limit)


def _high_pairs(
    scores: Tensor, min_score: float, limit: int, enough: Callable[[Tensor, float], Tensor], every_class: bool
) -> Tensor:
    """The pairs of box and class that take part, int64 [N] indices into the flattened scores; of many only the best.

    ``enough`` compares scores with the threshold.
    """
    classes = scores.shape[-1]
    crowd = max(limit, scores.numel() // _CROWD)
    # Most anchors are background: only the boxes that have a high score at all are looked at class by class.
    reaches = enough(scores.amax(dim=-1), min_score)
    rows = reaches.flatten().nonzero().squeeze(1)
    if len(rows) <= crowd:
        if classes == 1:
            return rows
        row_scores = scores.flatten(0, 1).index_select(0, rows)
        takes_part = torch.ones_like(row_scores, dtype=torch.bool) if every_class else enough(row_scores, min_score)
        pairs = takes_part.flatten().nonzero().squeeze(1)
        if len(pairs) <= crowd:
            # From indices into the chosen rows [R, C] to indices into all rows [B * A, C].
            return rows[pairs // classes] * classes + pairs % classes
    # A crowd: sorting it would take longer than finding the limit-th best score of each class and comparing with that.
    # Boxes without a high score get -1, below every score.
    ranked = torch.where(reaches[..., None], scores, -1)
    last_score = ranked.topk(min(limit, scores.shape[1]), dim=1).values[:, -1:].clamp(min=0)
    takes_part = ranked >= last_score
    if not every_class:
        takes_part &= enough(scores, min_score)
    return takes_part.flatten().nonzero().squeeze(1)


def rank_in_group(groups: Tensor) -> Tensor:
    """How many earlier elements hold the same number, int64 [N], for each element of ``groups``, int64 [N].

    Example:
        >>> rank_in_group(torch.tensor([5, 7, 5, 5])).tolist()
        [0, 0, 1, 2]
    """
    # Sorted stably, each group is one stretch in its old order: the rank is the index less that of the stretch's start.
    # `order` then carries the ranks back to where the elements came from.
    ordered, order = groups.sort(stable=True)
    group_start = torch.searchsorted(ordered, ordered)
    ranks = torch.empty_like(groups)
    ranks[order] = torch.arange(len(groups), device=groups.device) - group_start
    return ranks
