"""The score threshold that a model should be used with, chosen so that a few pictures do not mislead it.

The threshold with the best F1 jumps about where there are few detections: with five pictures, one lucky detection more
or less moves it from 0.4 to 0.9. So the pictures are drawn again and again with replacement, the best threshold of each
draw is noted, and the mean of them is taken (bagging, Breiman 1996). Few objects say little even so: the mean is
weighed against 0.3 as if a few objects more had spoken for that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.score_threshold import DEFAULT_SCORE, ScoreThreshold
from yolact_kit.evaluation.coco import Scores
from yolact_kit.evaluation.matches import ClassMatches
from yolact_kit.evaluation.thresholds import Ranking

CANDIDATES: Final = np.arange(10, 91) / 100
"""The thresholds that can be chosen. Below 0.1 everything is drawn, above 0.9 new pictures would lose too much."""
DRAWS = 200
OBJECTS_FOR_DEFAULT = 3
"""The default weighs as much as this many objects."""


def choose_threshold(masks: Scores) -> ScoreThreshold | None:
    """The score threshold for a model, from its detections on labelled pictures that it was not trained on.

    The choice depends on nothing but the detections: the same ones give the same threshold.

    Args:
        masks: The metrics of the masks on these pictures, with every detection from the lowest score on.

    Returns:
        The threshold, 0.1..0.9 to two digits, with its precision and recall on the same pictures; None if there are no
        objects, or none of them is found from that score on.

    Example:
        >>> choose_threshold(evaluate_documents(truth, results).mask).score  # doctest: +SKIP
        0.62
    """
    ranking = Ranking.of(masks.matches)
    if not ranking.right.any():
        return None
    right, detections, objects = _count_by_picture(masks.matches)
    mean = _mean_of_best(right, detections, objects)
    weight = ranking.objects / (ranking.objects + OBJECTS_FOR_DEFAULT)
    point = ranking.at(round(weight * mean + (1 - weight) * DEFAULT_SCORE, 2))
    if not point.right or point.precision is None or point.recall is None or point.f1 is None:
        return None
    return ScoreThreshold(
        score=point.score,
        precision=point.precision,
        recall=point.recall,
        f1=point.f1,
        pictures=len(objects),
        objects=ranking.objects,
    )


def _count_by_picture(
    matches: list[ClassMatches],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The counts of each picture: right detections [P, G] and all [P, G] from each candidate on, and objects [P]."""
    pictures, steps = len(matches[0].objects), len(CANDIDATES) + 1
    right, detections = np.zeros((pictures, steps)), np.zeros((pictures, steps))
    objects = np.zeros(pictures)
    for class_matches in matches:
        counts = ~class_matches.ignored[0]
        is_right = class_matches.matched[0, counts] >= 0
        # Step n of a detection: it reaches the first n candidates and no other.
        step = np.searchsorted(CANDIDATES, class_matches.scores[counts], side="right")
        cells = class_matches.pictures[counts], step
        np.add.at(detections, cells, 1)
        np.add.at(right, (cells[0][is_right], cells[1][is_right]), 1)
        objects += class_matches.objects
    return _reaching(right), _reaching(detections), objects


def _reaching(by_step: NDArray[np.float64]) -> NDArray[np.float64]:
    """From detections by their highest step [P, G + 1] to detections that reach each candidate [P, G]."""
    reaching: NDArray[np.float64] = by_step[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return reaching


def _mean_of_best(right: NDArray[np.float64], detections: NDArray[np.float64], objects: NDArray[np.float64]) -> float:
    """The mean, over draws of pictures, of the threshold with the best F1."""
    random, pictures = np.random.default_rng(0), len(objects)
    shares = np.full(pictures, 1 / pictures)
    best = np.full(DRAWS, DEFAULT_SCORE)
    for draw in range(DRAWS):
        times = random.multinomial(pictures, shares).astype(np.float64)
        f1 = 2 * (times @ right) / np.maximum(times @ detections + times @ objects, 1)
        # Of equally good thresholds the mean: in the middle of a gap between scores there is room on both sides.
        if f1.max() > 0:
            best[draw] = CANDIDATES[f1 == f1.max()].mean()
    return float(best.mean())
