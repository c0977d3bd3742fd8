from __future__ import annotations

import json
import time

import numpy as np
import pytest

from yolact_kit.evaluation.bootstrap import compare, draw_pictures
from yolact_kit.evaluation.coco import Metrics, evaluate_documents

from .scenes import repeated, scene


def metrics(seed: int, keep: float = 1.0) -> Metrics:
    """Of a share of the objects, found to the pixel."""
    truth, _ = scene(seed)
    rng = np.random.default_rng(99)
    objects = [one for one in truth["annotations"] if not one["iscrowd"]]
    return evaluate_documents(truth, [{**one, "score": rng.uniform(0.3, 1)} for one in objects if rng.random() < keep])


def test_the_interval_is_that_of_a_slow_bootstrap() -> None:
    """COCOeval run anew on each draw, for both models."""
    truth, ours = scene(3, pictures=8)
    theirs = [one for one in ours if one["score"] > 0.5]
    fast = compare(evaluate_documents(truth, ours), evaluate_documents(truth, theirs), resamples=40, seed=7)
    values: dict[str, list[float]] = {"AP": [], "AP50": [], "AP75": []}
    first: list[float] = []
    for times in draw_pictures(8, 40, 7):
        this, other = (evaluate_documents(*repeated(truth, found, times.tolist())).mask for found in (ours, theirs))
        for name, column in values.items():
            a, b = this.values[name], other.values[name]
            if a is not None and b is not None:
                column.append(a - b)
        a, b = (one.by_class["클래스 1"]["AP"] for one in (this, other))
        if a is not None and b is not None:
            first.append(a - b)
    for name, column in values.items():
        found = fast.mask[name]
        assert [found.low, found.high] == pytest.approx(np.quantile(column, [0.025, 0.975]), abs=1e-12)
    by_class = fast.mask_by_class["클래스 1"]
    assert [by_class.low, by_class.high] == pytest.approx(np.quantile(first, [0.025, 0.975]), abs=1e-12)


def test_a_model_is_not_better_than_itself() -> None:
    same = metrics(4)
    compared = compare(same, same, resamples=100)
    for found in (*compared.mask.values(), *compared.box.values()):
        assert (found.difference, found.low, found.high, found.verdict) == (0, 0, 0, "no clear difference")


def test_a_much_better_model_is_better_and_the_other_way_round_worse() -> None:
    good, bad = metrics(5), metrics(5, keep=0.4)
    there, back = (compare(*pair, resamples=200).mask["AP"] for pair in ((good, bad), (bad, good)))
    assert there.verdict == "better" and back.verdict == "worse"
    assert there.low == pytest.approx(-(back.high or 0))
    assert there.difference == pytest.approx((good.mask.values["AP"] or 0) - (bad.mask.values["AP"] or 0))


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    """Samples of 25 pictures from 400: about 95 % of the intervals hold the difference on all 400."""
    truth, ours = scene(6, pictures=400)
    rng = np.random.default_rng(1)
    theirs = [{**one, "score": one["score"] * rng.uniform(0.6, 1)} for one in ours if rng.random() < 0.9]
    whole = evaluate_documents(truth, ours).mask.values["AP50"] or 0
    apart = whole - (evaluate_documents(truth, theirs).mask.values["AP50"] or 0)
    held = 0
    for number in range(40):
        chosen = np.isin(np.arange(400), rng.choice(400, 25, replace=False)).astype(int).tolist()
        a, b = (evaluate_documents(*repeated(truth, found, chosen)) for found in (ours, theirs))
        found = compare(a, b, resamples=300, seed=number).mask["AP50"]
        held += (found.low or 0) <= apart <= (found.high or 0)
    assert 33 <= held <= 40


def test_what_nothing_defines_is_said_to_be_undefined() -> None:
    truth, results = scene(7)
    empty = evaluate_documents({**truth, "annotations": []}, results)
    found = compare(empty, empty, resamples=50)
    assert found.mask["AP"].verdict == "undefined"
    some = evaluate_documents(truth, results)
    assert compare(some, some, resamples=50).mask_by_class["클래스 3"].verdict == "undefined"
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["mask"]["AP"] == {
        "this": None, "other": None, "difference": None, "low": None, "high": None, "verdict": "undefined",
    }  # fmt: skip
    assert list(document["mask"]) == ["AP", "AP50", "AP75", "by_class"]


def test_nothing_found_by_either() -> None:
    truth, _ = scene(8)
    none = evaluate_documents(truth, [])
    assert compare(none, none, resamples=50).mask["AP"].verdict == "no clear difference"


@pytest.mark.slow
def test_a_thousand_pictures_take_seconds_not_minutes() -> None:
    truth, results = scene(9, pictures=1000)
    found = evaluate_documents(truth, results)
    start = time.process_time()
    compare(found, found)
    assert time.process_time() - start < 20
