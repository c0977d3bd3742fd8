from __future__ import annotations

import json

import numpy as np
import pytest

from yolact_kit.evaluation.calibration import calibrate
from yolact_kit.evaluation.thresholds import Ranking


def ranking(scores: list[float], right: list[bool]) -> Ranking:
    return Ranking(np.array(scores, dtype=np.float64), np.array(right, dtype=np.bool_), 1)


def test_the_error_is_the_mean_gap_of_every_detections_range() -> None:
    """Detection by detection, with the ranges looked through one by one."""
    rng = np.random.default_rng(0)
    scores = np.r_[rng.random(300), 0.0, 0.1, 0.5, 1.0].tolist()
    right = (rng.random(304) < np.array(scores) ** 2).tolist()
    found = calibrate(ranking(scores, right))

    def same(a: float, b: float) -> bool:
        return any(low / 10 <= a < low / 10 + 0.1 and low / 10 <= b < low / 10 + 0.1 for low in range(9)) or (
            a >= 0.9 and b >= 0.9
        )

    gaps = []
    for score in scores:
        near = [(other, hit) for other, hit in zip(scores, right, strict=True) if same(score, other)]
        gaps.append(abs(sum(other for other, _ in near) - sum(hit for _, hit in near)) / len(near))
    assert found.error == pytest.approx(sum(gaps) / len(gaps), abs=1e-12)
    assert found.excess == pytest.approx(sum(scores) / 304 - sum(right) / 304)
    assert sum(one.count for one in found.bins) == 304


def test_scores_that_keep_their_word_have_no_error() -> None:
    found = calibrate(ranking([0.75] * 4, [True, True, True, False]))
    assert found.error == found.excess == 0
    assert [one.count for one in found.bins] == [0, 0, 0, 0, 0, 0, 0, 4, 0, 0]


def test_scores_that_promise_too_much() -> None:
    found = calibrate(ranking([1.0, 0.95], [False, False]))
    assert found.error == found.excess == pytest.approx(0.975)
    assert (found.bins[-1].count, found.bins[-1].precision) == (2, 0)


def test_no_detection() -> None:
    found = calibrate(ranking([], []))
    assert found.error is found.excess is None
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["bins"][3]["score"] is None
