"""The matches of a COCOeval, stored so that other metrics can use them without matching again."""

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
        counts = ~self.ignored[threshold]
        return self.scores[counts], self.matched[threshold, counts] >= 0

    def average_precision(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """COCO's average precision at each IoU threshold, with a weight for each picture.

        Args:
            weights: int64 [B, P], how often each picture counts, in B different ways; by default each counts once.

        Returns:
            float64 [B, T], 0..1; NaN if the counted pictures have no object of this class.
        """
        if weights is None:
            weights = np.ones((1, len(self.objects)), dtype=np.int64)
        # A picture of weight n counts as if it were there n times. Cumulative sums of the weights along the ranking,
        # best detection first, then give the numbers of detections (right, ignored, all) at every rank, for all B
        # weightings at once; precision needs them only at the right detections.
        objects = weights @ self.objects
        values = np.full((len(weights), len(self.matched)), np.nan)
        defined = objects > 0
        times = weights[defined][:, self.pictures]
        detections = times.cumsum(axis=1)
        for threshold, (matched, ignored) in enumerate(zip(self.matched, self.ignored, strict=True)):
            right, skipped = np.flatnonzero((matched >= 0) & ~ignored), np.flatnonzero(ignored)
            skipped_sums = np.pad(times[:, skipped].cumsum(axis=1), ((0, 0), (1, 0)))
            skipped_before = skipped_sums[:, np.searchsorted(skipped, right)]
            right_sums = times[:, right].cumsum(axis=1)
            values[defined, threshold] = mean_precision(
                right_sums, detections[:, right] - skipped_before, objects[defined]
            )
        return values


def mean_precision(
    right: NDArray[np.int64], detections: NDArray[np.int64], objects: NDArray[np.int64]
) -> NDArray[np.float64]:
    """COCO's average precision: the mean over 101 recalls of the best precision at that recall or a higher one.

    Only right detections matter, since precision is highest and recall rises there.

    Args:
        right: int64 [B, N], at the Nth right detection, best first: how many right ones there are so far.
        detections: int64 [B, N], how many detections there are so far, right and wrong.
        objects: int64 [B], how many objects there are to be found, at least 1.

    Returns:
        float64 [B].

    Example:
        >>> round(float(mean_precision(np.array([[1]]), np.array([[2]]), np.array([2]))[0]), 4)
        0.2525
    """
    # The envelope: the maximum from the right makes precision fall along the ranking. Each right detection then stands
    # for the recalls of COCO's 101 that it is the first to reach: from the last one before it up to its own.
    precision = np.maximum.accumulate((right / (detections + np.spacing(1)))[:, ::-1], axis=1)[:, ::-1]
    recall = right / objects[:, None]
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
    positions = {picture: position for position, picture in enumerate(parameters.imgIds)}
    all_sizes = list(parameters.areaRng[0])
    by_class: dict[Any, dict[int, dict[str, Any]]] = {category: {} for category in parameters.catIds}
    for entry in evaluation.evalImgs:
        if entry is not None and list(entry["aRng"]) == all_sizes:
            by_class[entry["category_id"]][positions[entry["image_id"]]] = entry
    thresholds = len(parameters.iouThrs)
    return [_class_matches(sorted(entries.items()), len(positions), thresholds) for entries in by_class.values()]


def _class_matches(entries: list[tuple[int, dict[str, Any]]], pictures: int, thresholds: int) -> ClassMatches:
    """Joins the matches of one class: a COCOeval has an entry for each picture, here with the picture's position."""
    scores = _joined([entry["dtScores"] for _, entry in entries])
    order = np.argsort(-scores, kind="mergesort")  # like COCOeval, so that ties have the same order
    positions = _joined([[position] * len(entry["dtIds"]) for position, entry in entries])
    results = _joined([entry["dtIds"] for _, entry in entries])
    matched = _joined_rows([entry["dtMatches"] for _, entry in entries], thresholds)
    ignored = _joined_rows([entry["dtIgnore"] for _, entry in entries], thresholds)
    objects = np.zeros(pictures, dtype=np.int64)
    for position, entry in entries:
        objects[position] = np.count_nonzero(np.asarray(entry["gtIgnore"]) == 0)
    # Ids are 1..N and 0 stands for "no match", so one less is an index, and -1 for none.
    return ClassMatches(
        scores[order],
        positions.astype(np.int64)[order],
        results.astype(np.int64)[order] - 1,
        matched.astype(np.int64)[:, order] - 1,
        ignored.astype(np.bool_)[:, order],
        objects,
    )


def _joined(parts: list[Any]) -> NDArray[np.float64]:
    """Lists of numbers, one after the other; float64 even where there are none."""
    return np.concatenate([np.zeros(0), *(np.asarray(part, dtype=np.float64) for part in parts)])


def _joined_rows(parts: list[Any], thresholds: int) -> NDArray[np.float64]:
    """Arrays [T, D of a picture] side by side: [T, D]."""
    return np.concatenate([np.zeros((thresholds, 0)), *(np.reshape(part, (thresholds, -1)) for part in parts)], axis=1)
