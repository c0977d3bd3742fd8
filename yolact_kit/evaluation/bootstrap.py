"""Whether one model is better than another, or just lucky with the pictures: a paired bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yolact_kit.evaluation.coco import Metrics, Scores

Verdict = Literal["better", "worse", "no clear difference", "undefined"]
RESAMPLES = 1000
CONFIDENCE = 0.95
_AT_ONCE = 2_000_000
"""Numbers in the largest array of a step; limits the memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two models on the same pictures.

    Attributes:
        this: The metric of the first model, 0..1; None where it is undefined.
        other: The metric of the second.
        low: Lower end of the 95 % confidence interval of ``this - other``.
        high: Its upper end.
    """

    this: float | None
    other: float | None
    low: float | None
    high: float | None

    @property
    def difference(self) -> float | None:
        """How far the first model is ahead."""
        return None if self.this is None or self.other is None else self.this - self.other

    @property
    def verdict(self) -> Verdict:
        """The verdict on the first model: a difference is clear only if the interval does not contain 0."""
        if self.low is None or self.high is None:
            return "undefined"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no clear difference"

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {
            "this": self.this,
            "other": self.other,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models compared on the same pictures.

    Attributes:
        pictures: How many pictures there are.
        resamples: How many bootstrap samples were drawn.
        mask: AP, AP50 and AP75 of masks.
        box: The same of boxes.
        mask_by_class: AP of masks of each class.
        box_by_class: The same of boxes.
    """

    pictures: int
    resamples: int
    mask: dict[str, Difference]
    box: dict[str, Difference]
    mask_by_class: dict[str, Difference]
    box_by_class: dict[str, Difference]

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {
            "pictures": self.pictures,
            "resamples": self.resamples,
            "confidence": CONFIDENCE,
            "mask": {**_dicts(self.mask), "by_class": _dicts(self.mask_by_class)},
            "box": {**_dicts(self.box), "by_class": _dicts(self.box_by_class)},
        }


def _dicts(differences: dict[str, Difference]) -> dict[str, dict[str, Any]]:
    """Differences by name, as in ``metrics.json``."""
    return {name: difference.to_dict() for name, difference in differences.items()}


def compare(this: Metrics, other: Metrics, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Compares two models by a paired bootstrap over pictures (Efron and Tibshirani 1993, percentile interval).

    Pictures are drawn with replacement, as many as there are; the metrics of both models are computed on the same draw,
    and their difference is noted. The middle 95 % of these differences are the interval. A difficult picture is
    difficult for both models, so they are compared in pairs: separate intervals would be much wider. The interval
    covers other pictures of the same kind, not another training with another seed.

    Args:
        this: The metrics of the first model.
        other: The metrics of the second, measured against the same labels.
        resamples: How many draws.
        seed: Seed of the draws.

    Returns:
        The differences with their intervals.

    Example:
        >>> compare(found.metrics, before.metrics).mask["AP"].verdict  # doctest: +SKIP
        'no clear difference'
    """
    pictures = len(this.mask.matches[0].objects) if this.mask.matches else 0
    draws = draw_pictures(pictures, resamples, seed)
    mask, mask_by_class = _compare(this.mask, other.mask, draws)
    box, box_by_class = _compare(this.box, other.box, draws)
    return Comparison(pictures, resamples, mask, box, mask_by_class, box_by_class)


def draw_pictures(pictures: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Draws pictures with replacement.

    Args:
        pictures: How many there are, and how many each draw takes.
        resamples: How many draws.
        seed: Seed.

    Returns:
        int64 [resamples, pictures]: how often each draw contains each picture.
    """
    shares = np.full(pictures, 1 / max(pictures, 1))
    return np.asarray(np.random.default_rng(seed).multinomial(pictures, shares, size=resamples), dtype=np.int64)


def resampled_precision(scores: Scores, draws: NDArray[np.int64]) -> NDArray[np.float64]:
    """Average precision of each class on draws of pictures.

    Args:
        scores: The metrics of masks or boxes.
        draws: int64 [B, P], how often each draw contains each picture.

    Returns:
        float64 [B, T, C], NaN where a draw holds no object of a class.
    """
    by_class = []
    for matches in scores.matches:
        step = max(1, _AT_ONCE // max(1, len(matches.scores)))
        parts = [matches.average_precision(draws[start : start + step]) for start in range(0, len(draws), step)]
        by_class.append(np.concatenate(parts))
    return np.stack(by_class, axis=-1)


def _compare(
    this: Scores, other: Scores, draws: NDArray[np.int64]
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """The differences of AP, AP50 and AP75, and of the AP of each class."""
    if not this.matches:
        return {name: Difference(None, None, None, None) for name in ("AP", "AP50", "AP75")}, {}
    gaps = resampled_precision(this, draws) - resampled_precision(other, draws)  # [B, T, C]
    # A draw may hold no object of some class: AP is then NaN, and the mean is over the other classes. Both models are
    # measured on the same objects, so the same classes are missing for both.
    defined = np.isfinite(gaps[:, 0])
    means = np.where(defined[:, None], gaps, 0).sum(axis=-1) / np.maximum(defined.sum(axis=-1), 1)[:, None]
    means = means[defined.any(axis=-1)]
    columns = {"AP": means.mean(axis=1), "AP50": means[:, 0], "AP75": means[:, 5]}
    values = {name: _difference(this.values[name], other.values[name], column) for name, column in columns.items()}
    class_gaps = gaps.mean(axis=1)
    by_class = {}
    for index, name in enumerate(this.by_class):
        column = class_gaps[defined[:, index], index]
        by_class[name] = _difference(this.by_class[name]["AP"], other.by_class[name]["AP"], column)
    return values, by_class


def _difference(this: float | None, other: float | None, draws: NDArray[np.float64]) -> Difference:
    """A metric of both models, with the interval that holds the middle 95 % of the draws' differences."""
    if this is None or other is None or len(draws) == 0:
        return Difference(this, other, None, None)
    return Difference(this, other, *middle(draws))


def middle(draws: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """The interval that holds the middle 95 % of some draws.

    Args:
        draws: Values [B], at least one.

    Example:
        >>> [round(end, 3) for end in middle([0.0, 1.0])]
        [0.025, 0.975]
    """
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
