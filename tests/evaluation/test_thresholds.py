from __future__ import annotations

import json

import numpy as np
import pytest

from yolact_kit.evaluation.coco import evaluate_documents
from yolact_kit.evaluation.thresholds import Ranking

from .scenes import scene


@pytest.mark.parametrize("seed", range(2))
def test_a_threshold_counts_as_matching_anew_without_the_lower_scores_does(seed: int) -> None:
    truth, results = scene(seed)
    matches = evaluate_documents(truth, results).mask.matches
    best = Ranking.of(matches[:1]).best()
    most = 0.0
    for score in (0.0, 0.3, 0.31, *sorted(result["score"] for result in results)):
        left = evaluate_documents(truth, [one for one in results if one["score"] >= score]).mask.matches
        for place in range(3):
            kept = ~left[place].ignored[0]
            right = int((left[place].matched[0, kept] >= 0).sum())
            objects = int(left[place].objects.sum())
            point = Ranking.of(matches[place : place + 1]).at(score)
            assert (point.right, point.wrong, point.missed) == (right, kept.sum() - right, objects - right)
        point = Ranking.of(matches[:1]).at(score)
        most = max(most, point.f1 or 0)
        if point.precision and point.recall:
            assert point.f1 == pytest.approx(2 / (1 / point.precision + 1 / point.recall))
    assert best is not None
    assert best.f1 == most


def test_all_classes_together_are_the_sum_of_the_single_ones() -> None:
    matches = evaluate_documents(*scene(5)).mask.matches
    whole = Ranking.of(matches).at(0.4)
    single = [Ranking.of([one]).at(0.4) for one in matches]
    for name in ("right", "wrong", "missed"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in single)


def test_equal_scores_stay_together() -> None:
    ranking = Ranking(np.array([0.9, 0.5, 0.5, 0.2]), np.array([True, True, False, False]), 2)
    best = ranking.best()
    assert best is not None
    assert (best.score, best.right, best.wrong) == (0.35, 2, 1)
    assert ranking.at(0.5).wrong == 1


def test_the_highest_of_equally_good_thresholds_and_the_lowest_score_itself() -> None:
    high = Ranking(np.array([0.9, 0.5, 0.4, 0.3, 0.2]), np.array([True, False, False, False, True]), 1).best()
    assert high is not None and high.score == 0.7
    low = Ranking(np.array([0.6]), np.array([True]), 3).best()
    assert low is not None and low.score == 0.6 and low.missed == 2


def test_nothing_found_nothing_there_and_nothing_right() -> None:
    none = np.zeros(0), np.zeros(0, dtype=np.bool_)
    assert Ranking(*none, 0).at(0.3).to_dict() == {
        "score": 0.3, "right": 0, "wrong": 0, "missed": 0, "precision": None, "recall": None, "f1": None,
    }  # fmt: skip
    missed = Ranking(*none, 4)
    assert (missed.at(0.3).precision, missed.at(0.3).recall, missed.at(0.3).f1) == (None, 0, 0)
    assert missed.best() is None
    wrong = Ranking(np.array([0.9]), np.array([False]), 0)
    assert (wrong.at(0.3).precision, wrong.at(0.3).recall, wrong.at(0.3).f1, wrong.best()) == (0, None, None, None)
    json.dumps(wrong.at(0.3).to_dict(), allow_nan=False)
