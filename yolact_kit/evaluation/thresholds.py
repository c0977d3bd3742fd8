"""Precision, recall and F1 at a score threshold, and the threshold that is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.evaluation.matches import ClassMatches


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Counts at a score threshold; a detection is right if its mask has an IoU of at least 0.5 with an object.

    Attributes:
        score: The threshold, 0..1.
        right: True positives: detections that match an object.
        wrong: False positives: detections that match no object, or an object that is matched already.
        missed: False negatives: objects that no detection matches.
    """

    score: float
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the detections that are right; None if there are none."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Share of the objects that are found; None if there are none."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None if there are no objects, as recall and AP are."""
        if self.recall is None:
            return None
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


def _share(part: int, whole: int) -> float | None:
    """A fraction 0..1; None of nothing."""
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Detections of one class, or of several, by falling score.

    Attributes:
        scores: float64 [N], 0..1.
        right: bool [N].
        objects: How many objects there are to be found.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    objects: int

    @classmethod
    def of(cls, matches: Sequence[ClassMatches]) -> Ranking:
        """The detections of some classes together, without those that lie in crowds.

        A detection is matched before all those with lower scores, so leaving those out does not change its match.

        Args:
            matches: The matches of each class.

        Returns:
            The detections of all of them.
        """
        scores, right, objects = [np.zeros(0)], [np.zeros(0, dtype=np.bool_)], 0
        for class_matches in matches:
            class_scores, class_right = class_matches.counted()
            scores.append(class_scores)
            right.append(class_right)
            objects += int(class_matches.objects.sum())
        all_scores = np.concatenate(scores)
        order = np.argsort(-all_scores, kind="mergesort")
        return cls(all_scores[order], np.concatenate(right)[order], objects)

    def at(self, score: float) -> OperatingPoint:
        """The operating point at a threshold.

        Args:
            score: Detections with a lower score are left out.

        Returns:
            The counts.
        """
        count = int(np.searchsorted(-self.scores, -score, side="right"))
        right = int(self.right[:count].sum())
        return OperatingPoint(score, right, count - right, self.objects - right)

    def best(self) -> OperatingPoint | None:
        """The operating point with the largest F1; of several, the one with the highest threshold.

        Returns:
            The point, with its threshold half-way to the next lower score; None if no threshold finds anything.

        Example:
            >>> Ranking(np.array([0.9, 0.6, 0.4]), np.array([True, True, False]), 2).best().score
            0.5
        """
        if not self.right.any():
            return None
        # A threshold can only lie behind the last of several equal scores, so F1 is computed at these ends alone.
        ends = np.flatnonzero(np.r_[np.diff(self.scores) < 0, True])
        f1 = 2 * self.right.cumsum()[ends] / (ends + 1 + self.objects)
        end = int(ends[f1.argmax()])
        below = self.scores[end + 1] if end + 1 < len(self.scores) else self.scores[end]
        return self.at(float(self.scores[end] + below) / 2)
