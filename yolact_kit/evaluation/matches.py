"""The matches of a COCOeval, kept so that other metrics can use them without matching again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RECALLS = np.linspace(0.0, 1.0, 101)
"""The recalls at which COCO reads precision."""
_BOUNDED = np.append(_RECALLS, np.inf)


@dataclass(slots=True)
class ClassMatches:
    """The detections of one class in all pictures, best first, and the objects that they were matched with.

    Attributes:
        scores: float64 [D], 0..1, falling.
        pictures: int64 [D], index of each detection's picture, in the order of the pictures' ids.
        results: int64 [D], index of each detection in the evaluated results.
        matched: int64 [T, D], index of the matched annotation among the truth's at each IoU threshold; -1 for none.
        ignored: bool [T, D], whether the detection is not counted because it lies in a crowd.
        objects: int64 [P], objects to be found in each picture, crowds left out.
    """

    scores: NDArray[np.float64]
    pictures: NDArray[np.int64]
    results: NDArray[np.int64]
    matched: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    objects: NDArray[np.int64]

    def counted(self, threshold: int = 0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The detections that count, at one IoU threshold.

        Args:
            threshold: Which of COCO's thresholds: 0 for 0.50 to 9 for 0.95.

        Returns:
            Scores [N] and whether each is right [N], best first.
        """
        kept = ~self.ignored[threshold]
        return self.scores[kept], self.matched[threshold, kept] >= 0

    def average_precision(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """COCO's average precision at each IoU threshold, with a weight for each picture.

        Args:
            weights: int64 [B, P], how often each picture counts, in B different ways; by default each counts once.

        Returns:
            float64 [B, T], 0..1; NaN if the counted pictures have no object of this class.
        """
        if weights is None:
            weights = np.ones((1, len(self.objects)), dtype=np.int64)
        objects = weights @ self.objects
        values = np.full((len(weights), len(self.matched)), np.nan)
        defined = objects > 0
        times = weights[defined][:, self.pictures]
        seen = times.cumsum(axis=1)
        for place, (matched, ignored) in enumerate(zip(self.matched, self.ignored, strict=True)):
            right, skipped = np.flatnonzero((matched >= 0) & ~ignored), np.flatnonzero(ignored)
            before = np.pad(times[:, skipped].cumsum(axis=1), ((0, 0), (1, 0)))[:, np.searchsorted(skipped, right)]
            found = times[:, right].cumsum(axis=1)
            values[defined, place] = mean_precision(found, seen[:, right] - before, objects[defined])
        return values


def mean_precision(
    found: NDArray[np.int64], detections: NDArray[np.int64], objects: NDArray[np.int64]
) -> NDArray[np.float64]:
    """COCO's average precision: the mean over 101 recalls of the best precision at that recall or a higher one.

    Only right detections matter, since precision is highest and recall rises there.

    Args:
        found: int64 [B, N], at the Nth right detection, best first: how many right ones there are so far.
        detections: int64 [B, N], how many detections there are so far, right and wrong.
        objects: int64 [B], how many objects there are to be found, at least 1.

    Returns:
        float64 [B].

    Example:
        >>> round(float(mean_precision(np.array([[1]]), np.array([[2]]), np.array([2]))[0]), 4)
        0.2525
    """
    precision = np.maximum.accumulate((found / (detections + np.spacing(1)))[:, ::-1], axis=1)[:, ::-1]
    recall = found / objects[:, None]
    last = (recall * 100).astype(np.int64)  # the last recall that is reached; rounding may have moved it by one
    last += _BOUNDED[last + 1] <= recall
    last -= _BOUNDED[last] > recall
    return np.asarray((precision * np.diff(last, axis=1, prepend=-1)).sum(axis=1) / len(_RECALLS))


def collect_matches(evaluation: Any) -> list[ClassMatches]:
    """Collects the matches for objects of all sizes from a COCOeval.

    Args:
        evaluation: A COCOeval that was run, where ids of annotations and results are 1..N.

    Returns:
        The matches of each category, in the order of their ids.
    """
    parameters = evaluation.params
    places = {picture: place for place, picture in enumerate(parameters.imgIds)}
    by_class: dict[Any, dict[int, dict[str, Any]]] = {category: {} for category in parameters.catIds}
    for one in evaluation.evalImgs:
        if one is not None and list(one["aRng"]) == list(parameters.areaRng[0]):  # the first range is all sizes
            by_class[one["category_id"]][places[one["image_id"]]] = one
    return [_collect(sorted(found.items()), len(places), len(parameters.iouThrs)) for found in by_class.values()]


def _collect(found: list[tuple[int, dict[str, Any]]], count: int, thresholds: int) -> ClassMatches:
    """The matches of one class, from those of each picture by position."""
    scores = _joined([one["dtScores"] for _, one in found])
    order = np.argsort(-scores, kind="mergesort")  # like COCOeval, so that ties have the same order
    pictures = _joined([[place] * len(one["dtIds"]) for place, one in found])
    results = _joined([one["dtIds"] for _, one in found])
    matched, ignored = (
        np.concatenate(
            [np.zeros((thresholds, 0)), *(np.reshape(one[key], (thresholds, -1)) for _, one in found)], axis=1
        )
        for key in ("dtMatches", "dtIgnore")
    )
    objects = np.zeros(count, dtype=np.int64)
    for place, one in found:
        objects[place] = np.count_nonzero(np.asarray(one["gtIgnore"]) == 0)
    return ClassMatches(
        scores[order],
        pictures.astype(np.int64)[order],
        results.astype(np.int64)[order] - 1,
        matched.astype(np.int64)[:, order] - 1,
        ignored.astype(np.bool_)[:, order],
        objects,
    )


def _joined(parts: list[Any]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *(np.asarray(part, dtype=np.float64) for part in parts)])
