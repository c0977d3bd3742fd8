from __future__ import annotations

import json
from typing import Any

import pytest

from yolact_kit.evaluation.coco import evaluate_documents, ground_truth
from yolact_kit.evaluation.errors import KINDS, ErrorBreakdown, break_down_errors

from .scenes import scene
from .test_coco import CLASSES, instance, picture, prediction

Square = tuple[int, float, int, int, int]


def split(truth: dict[str, Any], results: list[dict[str, Any]]) -> ErrorBreakdown:
    return break_down_errors(truth, results, evaluate_documents(truth, results).mask)


def errors(*found: Square, crowd: bool = False) -> ErrorBreakdown:
    """One cup of 20 pixels at 0, 0 and two plates of 20 pixels at 30, 0 and at 60, 0."""
    objects = [instance("컵", 0, 0, 20), instance("plate", 30, 0, 20), instance("plate", 60, 0, 20)]
    if crowd:
        objects.append(instance("컵", 0, 60, 40, crowd=True))
    return split(ground_truth([picture(*objects)], CLASSES), prediction(*found).to_coco(1))


def counted(found: ErrorBreakdown) -> dict[str, int]:
    return {kind: count for kind, count in found.counts.items() if count}


PLATES: list[Square] = [(1, 0.95, 30, 0, 20), (1, 0.94, 60, 0, 20)]
CUP: Square = (0, 0.9, 0, 0, 20)


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        ([CUP, *PLATES], {}),
        (PLATES, {"missed": 1}),
        ([], {"missed": 3}),
        # 20 x 13 of 400 + 400 pixels are shared: IoU 0.48
        ([(0, 0.9, 0, 7, 20), *PLATES], {"localisation": 1}),
        ([(1, 0.9, 0, 0, 20), *PLATES], {"class": 1}),
        ([(1, 0.9, 0, 7, 20), *PLATES], {"both": 1, "missed": 1}),
        ([CUP, (0, 0.5, 1, 0, 20), *PLATES], {"duplicate": 1}),
        ([CUP, (0, 0.5, 60, 60, 20), *PLATES], {"background": 1}),
        # 20 x 2: IoU 0.05 is background
        ([CUP, (0, 0.5, 0, 18, 20), *PLATES], {"background": 1}),
        # badly placed on a cup that is found already: still localisation
        ([CUP, (0, 0.5, 0, 7, 20), *PLATES], {"localisation": 1}),
        ([CUP, (1, 0.5, 0, 0, 20), *PLATES], {"class": 1}),
    ],
)
def test_each_kind(found: list[Square], kinds: dict[str, int]) -> None:
    assert counted(errors(*found)) == kinds


def test_what_each_kind_costs_by_hand() -> None:
    """Two classes, so that one class's AP50 moves the mean by half of it."""
    half = pytest.approx(0.5)
    # The only cup is there, but in the wrong place or of the wrong class: AP50 of cups is 0, and would be 1.
    assert errors((0, 0.9, 0, 7, 20), *PLATES).cost["localisation"] == half
    # As a plate with the lowest score it does not harm the plates.
    assert errors((1, 0.2, 0, 0, 20), *PLATES).cost["class"] == half
    # A cup out of nothing before the true one halves the precision of cups; so does a duplicate of the plates' second.
    assert errors((0, 0.95, 60, 60, 20), CUP, *PLATES).cost["background"] == pytest.approx(0.25)
    # A second detection of the first plate before the second plate: precision 1 up to recall 0.5, then 2/3.
    costly = errors((1, 0.99, 30, 0, 20), (1, 0.97, 31, 0, 20), (1, 0.9, 60, 0, 20), CUP)
    assert costly.cost["duplicate"] == pytest.approx((50 / 101 * (1 - 2 / 3)) / 2)
    # One of two plates missed: precision is 1 up to recall 0.5, 51 of the 101 steps.
    assert errors(CUP, PLATES[0]).cost["missed"] == pytest.approx((1 - 51 / 101) / 2)
    # Wrong class and place, before a cup: mended by taking it away.
    assert errors((0, 0.99, 30, 7, 20), CUP, *PLATES).cost["both"] == pytest.approx(0.25)


def test_of_two_that_would_be_the_same_object_the_better_is_and_the_other_goes() -> None:
    found = errors((0, 0.9, 0, 7, 20), (0, 0.8, 0, 8, 20), *PLATES)
    assert counted(found) == {"localisation": 2}
    assert found.cost["localisation"] == pytest.approx(0.5)


def test_mending_nothing_costs_nothing_and_all_false_ones_and_all_missed_ones() -> None:
    perfect = errors(CUP, *PLATES)
    assert set(perfect.cost.values()) == {0.0} and perfect.ap50 == pytest.approx(1)
    found = errors((0, 0.95, 60, 60, 20), CUP, PLATES[0])
    assert found.false_positives == pytest.approx(0.25)
    assert found.false_negatives == pytest.approx((1 - 51 / 101) / 2)


def test_a_class_that_is_missed_altogether() -> None:
    found = errors(*PLATES)
    assert found.cost["missed"] == pytest.approx(0.5)
    assert found.by_class["컵"] == {**dict.fromkeys(KINDS, 0), "missed": 1}


def test_what_lies_in_a_crowd_is_no_error() -> None:
    assert counted(errors(CUP, (0, 0.8, 5, 65, 20), (0, 0.7, 15, 75, 20), *PLATES, crowd=True)) == {}


def test_pictures_without_objects_and_no_object_at_all() -> None:
    truth = ground_truth([picture(), picture(instance("컵", 0, 0, 20))], CLASSES)
    found = split(truth, [*prediction((0, 0.9, 0, 0, 20)).to_coco(1), *prediction((0, 0.8, 0, 0, 20)).to_coco(2)])
    assert counted(found) == {"background": 1}
    none = split(ground_truth([picture()], CLASSES), prediction(CUP).to_coco(1))
    assert none.ap50 is None and set(none.cost.values()) == {None}
    json.dumps(none.to_dict(), allow_nan=False)


@pytest.mark.parametrize("seed", range(8))
def test_every_wrong_detection_has_one_kind_and_the_ap_is_cocoevals(seed: int) -> None:
    truth, results = scene(seed)
    masks = evaluate_documents(truth, results).mask
    found = break_down_errors(truth, results, masks)
    wrong = sum(int((~one.ignored[0] & (one.matched[0] < 0)).sum()) for one in masks.matches)
    assert sum(found.counts[kind] for kind in KINDS[:-1]) == wrong
    assert found.ap50 == pytest.approx(masks.values["AP50"], abs=1e-12)
    assert all(0 <= (cost or 0) <= 1 - (found.ap50 or 0) for cost in found.cost.values())


# What tidecv 1.0.1 gave for `scene(seed, 30, crowds=False)` without detections of the class that has no object:
# mode MASK: AP50; counts and dAP of class, localisation, both, duplicate, background, missed; dAP of all false, missed
TIDECV = {
    0: (
        45.601311994,
        [4, 18, 2, 13, 15, 15],
        [4.508798306, 22.247168936, 0.277546831, 2.014002345, 1.475865879, 10.704623671, 16.774925629, 27.907814502],
    ),
    1: (
        43.102096115,
        [6, 16, 3, 7, 9, 17],
        [5.749956697, 18.512076736, 0.499681280, 2.510911320, 2.254196457, 13.203424588, 16.303844479, 29.283810193],
    ),
    2: (
        32.248207495,
        [8, 17, 0, 5, 16, 16],
        [9.581655615, 22.052839125, 0.000000000, 0.786974565, 2.609985223, 10.010538789, 22.702287554, 26.132087783],
    ),
    3: (
        53.970815142,
        [2, 7, 3, 5, 19, 20],
        [3.672454997, 6.386616947, 1.098659875, 0.493863469, 4.372792166, 20.240765754, 13.355917531, 25.121369060],
    ),
}


@pytest.mark.parametrize("seed", TIDECV)
def test_the_authors_own_program_finds_the_same(seed: int) -> None:
    truth, results = scene(seed, 30, crowds=False)
    found = split(truth, [one for one in results if one["category_id"] < 3])
    ap, counts, costs = TIDECV[seed]
    ours = [*(found.cost[kind] for kind in KINDS), found.false_positives, found.false_negatives]
    assert [found.counts[kind] for kind in KINDS] == counts
    assert [100 * (cost or 0) for cost in ours] == pytest.approx(costs, abs=1e-8)
    assert 100 * (found.ap50 or 0) == pytest.approx(ap, abs=1e-8)
