"""Whether scores mean what they say: of the detections with score 0.8, are 80 % right?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yolact_kit.evaluation.thresholds import Ranking

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The detections with scores in one range.

    Attributes:
        low: Lower end of the range, included.
        high: Upper end, included in the last range only.
        count: How many detections there are.
        score: Their mean score; None where there are none.
        precision: The share of them that is right.
    """

    low: float
    high: float
    count: int
    score: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability of scores.

    Attributes:
        bins: The ranges of scores, from 0 to 1.
        error: Expected calibration error, 0..1: the difference between the mean score and the precision of a range,
            averaged over the detections; None if there are none.
        excess: Mean score minus precision over all detections: above 0 if scores are too high.
    """

    bins: list[Bin]
    error: float | None
    excess: float | None

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        bins = []
        for part in self.bins:
            ends = {"from": part.low, "to": part.high}
            bins.append({**ends, "count": part.count, "score": part.score, "precision": part.precision})
        return {"ece": self.error, "excess": self.excess, "bins": bins}


def calibrate(ranking: Ranking, bins: int = BINS) -> Calibration:
    """Measures the reliability of scores: reliability diagram and expected calibration error.

    After Guo et al. 2017 (On Calibration of Modern Neural Networks), for detectors as in Küppers et al. 2020: precision
    takes the place of accuracy, since a detector has no true negatives.

    Args:
        ranking: The detections; one is right where the IoU of the masks is at least 0.5.
        bins: How many ranges of equal width.

    Returns:
        The ranges, and the errors over all of them.

    Example:
        >>> calibrate(Ranking(np.array([0.75, 0.75]), np.array([True, False]), 1)).error
        0.25
    """
    edges = np.linspace(0, 1, bins + 1)
    # The range of each detection; a score of exactly 1 belongs to the last one.
    numbers = np.clip(np.searchsorted(edges, ranking.scores, side="right") - 1, 0, bins - 1)
    ranges: list[Bin] = []
    weighted_gaps = 0.0
    for number in range(bins):
        members = numbers == number
        count = int(members.sum())
        score = precision = None
        if count:
            score, precision = float(ranking.scores[members].mean()), float(ranking.right[members].mean())
            weighted_gaps += count * abs(score - precision)
        ranges.append(Bin(float(edges[number]), float(edges[number + 1]), count, score, precision))
    total = len(ranking.scores)
    if total == 0:
        return Calibration(ranges, None, None)
    return Calibration(ranges, weighted_gaps / total, float(ranking.scores.mean() - ranking.right.mean()))
