"""Candidates: the boxes that take part in non-maximum suppression, and for which classes."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.ops.box_arrays import Floats

_FEW = 40
"""Columns up to which the largest value of each row is found faster column by column."""


class Candidates(NamedTuple):
    """Boxes of one picture that take part in suppression, each for one class.

    They are sorted, best first; boxes with equal scores by row, then by class.

    Attributes:
        rows: int64 [N], the box of each; a box may take part for several classes.
        labels: int64 [N], the class, 0-based without background.
        scores: float32 [N], the box's score for that class.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: Floats

    def take(self, selection: NDArray[np.bool_] | NDArray[np.int64]) -> Candidates:
        """The candidates at the indices ``selection``, int64 [M], in that order; or where it is true, bool [N]."""
        return Candidates(self.rows[selection], self.labels[selection], self.scores[selection])

    def ranked(self) -> Candidates:
        """The candidates sorted, best first; those with equal scores stay in their order."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    def best(self, count: int | None) -> Candidates:
        """The first ``count`` candidates; all of them if it is None."""
        return Candidates(self.rows[:count], self.labels[:count], self.scores[:count])


def choose_candidates(
    scores: Floats, min_score: float, limit: int, strict: bool = False, every_class: bool = False
) -> Candidates:
    """The boxes of a picture whose score is high enough, at most ``limit`` of a class, the best.

    Args:
        scores: float32 [A, C], 0..1, without background. Boxes with a score of NaN do not take part.
        min_score: A box takes part for the classes in which its score is at least this.
        limit: At most this many boxes of a class take part; among equal scores the first rows.
        strict: Whether scores have to be above ``min_score``.
        every_class: Whether a box takes part for every class once one of its scores is high enough.

    Returns:
        The candidates, best first.

    Example:
        >>> choose_candidates(np.array([[0.2, 0.9], [0.6, 0.0]]), min_score=0.5, limit=10).rows.tolist()
        [0, 1]
    """
    enough = np.greater if strict else np.greater_equal
    # Most anchors are background: only the boxes that have a high score at all are looked at class by class.
    rows = enough(largest_of_rows(scores), min_score).nonzero()[0]
    values = scores[rows]
    takes_part = np.ones(values.shape, dtype=np.bool_) if every_class else enough(values, min_score)
    if len(rows) > limit:
        # Sorting a crowd would take longer than finding the limit-th best score of each class and comparing with it.
        takes_part &= values >= np.partition(values, -limit, axis=0)[-limit]
    index, labels = takes_part.nonzero()
    candidates = Candidates(rows[index], labels, values[index, labels]).ranked()
    if len(rows) <= limit:
        return candidates
    return candidates.take(rank_in_group(candidates.labels) < limit)


def largest_of_rows(values: Floats) -> Floats:
    """The largest value of each row, [N] of float32 [N, C]; what is no number where one of them is none.

    Example:
        >>> largest_of_rows(np.array([[0.5, 0.25], [0.0, 1.0]])).tolist()
        [0.5, 1.0]
    """
    # NumPy goes through short rows value by value: column by column takes a tenth of the time or less.
    if values.shape[1] > _FEW:
        with np.errstate(invalid="ignore"):
            return np.asarray(values.max(axis=1))
    return np.asarray(reduce(np.maximum, values.T))


def rank_in_group(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many earlier elements hold the same number, int64 [N], for each element of ``groups``, int64 [N].

    Example:
        >>> rank_in_group(np.array([5, 7, 5, 5])).tolist()
        [0, 0, 1, 2]
    """
    # Sorted stably, each group is one stretch in its old order: the rank is the index less that of the stretch's start.
    # `order` then carries the ranks back to where the elements came from.
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    ranks = np.empty_like(groups)
    ranks[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    return ranks
