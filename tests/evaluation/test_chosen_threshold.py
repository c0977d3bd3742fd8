from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.evaluation.chosen_threshold import CANDIDATES, choose_threshold
from yolact_kit.evaluation.coco import Scores, evaluate_documents, ground_truth
from yolact_kit.evaluation.thresholds import Ranking

from .scenes import scene
from .test_coco import CLASSES, instance, picture, prediction

Pictures = list[list[tuple[float, bool]]]
"""The detections of each picture: their scores, and whether they are right."""


def masks(pictures: Pictures, objects: int) -> Scores:
    """Pictures with so many cups each; right detections lie on cups, wrong ones beside them."""
    truth = ground_truth(
        [picture(*(instance("컵", 30 * number, 0, 20) for number in range(objects))) for _ in pictures], CLASSES
    )
    results = []
    for number, detections in enumerate(pictures, start=1):
        count, squares = 0, []
        for score, right in detections:
            squares.append((0, score, 30 * count, 0, 20) if right else (0, score, 40, 60, 20))
            count += right
        results += prediction(*squares).to_coco(number)
    return evaluate_documents(truth, results).mask


def chosen(pictures: Pictures, objects: int) -> ScoreThreshold:
    threshold = choose_threshold(masks(pictures, objects))
    assert threshold is not None
    return threshold


def drawn(count: int, seed: int, right: float, wrong: float, spread: float = 0.1) -> Pictures:
    """Three right detections of three cups and three wrong ones, around those scores."""
    rng = np.random.default_rng(seed)
    pictures: Pictures = []
    for _ in range(count):
        scores = np.clip(np.r_[rng.normal(right, spread, 3), rng.normal(wrong, spread, 3)], 0.05, 0.99)
        pictures.append([(float(score), index < 3) for index, score in enumerate(scores)])
    return pictures


def test_a_lucky_detection_in_a_few_pictures_does_not_move_it_to_the_top() -> None:
    lucky: Pictures = [[(0.99, True), (0.95, False)], [(0.9, False), (0.2, True)], [(0.92, False)]]
    best = Ranking.of(masks(lucky, 1).matches).best()
    assert best is not None and best.score > 0.96  # what the F1 of these three pictures alone would choose
    assert chosen(lucky, 1).score < 0.65
    assert chosen([[(0.99, True), (0.98, False)]], 1).score < 0.5


@pytest.mark.parametrize(("right", "wrong"), [(0.85, 0.6), (0.6, 0.35), (0.45, 0.15)])
def test_many_pictures_find_the_threshold_with_the_best_f1(right: float, wrong: float) -> None:
    threshold = chosen(drawn(100, 0, right, wrong), 3)
    fresh = Ranking.of(masks(drawn(300, 1, right, wrong), 3).matches)
    best = fresh.best()
    assert best is not None and best.f1 is not None and best.f1 > 0.85
    assert (fresh.at(threshold.score).f1 or 0) > best.f1 - 0.01
    assert threshold.score == pytest.approx((right + wrong) / 2, abs=0.06)


def test_on_fresh_pictures_the_choice_of_five_is_better_than_their_best_f1_and_than_the_default() -> None:
    fresh = Ranking.of(masks(drawn(300, 1, 0.7, 0.4, spread=0.2), 3).matches)
    ours, greedy = [], []
    for seed in range(10, 40):
        few = masks(drawn(5, seed, 0.7, 0.4, spread=0.2), 3)
        threshold, best = choose_threshold(few), Ranking.of(few.matches).best()
        assert threshold is not None and best is not None
        ours.append(fresh.at(threshold.score).f1 or 0)
        greedy.append(fresh.at(best.score).f1 or 0)
    assert np.mean(ours) > np.mean(greedy) > fresh.at(0.3).f1  # type: ignore[operator]
    assert min(ours) > min(greedy)


def test_it_promises_what_it_did_on_its_pictures() -> None:
    few = masks(drawn(6, 2, 0.8, 0.5), 3)
    threshold = choose_threshold(few)
    assert threshold is not None
    point = Ranking.of(few.matches).at(threshold.score)
    assert (threshold.precision, threshold.recall, threshold.f1) == (point.precision, point.recall, point.f1)
    assert (threshold.pictures, threshold.objects) == (6, 18)


def test_between_two_groups_of_scores_it_lies_in_the_middle_whatever_is_equal() -> None:
    apart: Pictures = [[(0.9, True), (0.9, True), (0.4, False), (0.4, False)] for _ in range(100)]
    assert chosen(apart, 2).score == pytest.approx(0.65, abs=0.02)


def test_it_stays_within_the_range_that_can_be_chosen() -> None:
    surest: Pictures = [[(0.99, True), (0.98, False), (0.98, False)] for _ in range(100)]
    low: Pictures = [[(0.07, True), (0.06, True)] for _ in range(3)] + [[(0.5, True), (0.09, True)]]
    assert CANDIDATES.min() <= chosen(low, 2).score < chosen(surest, 1).score <= CANDIDATES.max()


def test_without_a_right_detection_there_is_none() -> None:
    assert choose_threshold(masks([[(0.9, False)], []], 1)) is None
    assert choose_threshold(masks([[], []], 1)) is None
    assert choose_threshold(masks([[(0.9, False)]], 0)) is None
    assert choose_threshold(masks([[(0.06, True)]], 1)) is None  # right, but below anything that can be chosen
    assert choose_threshold(evaluate_documents(ground_truth([], CLASSES), []).mask) is None


def test_the_same_detections_give_the_same_threshold_and_numpys_own_random_numbers_stay() -> None:
    truth, results = scene(3)
    np.random.seed(0)
    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    first = choose_threshold(evaluate_documents(truth, results).mask)
    assert first == choose_threshold(evaluate_documents(truth, list(reversed(results))).mask)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]


def test_many_real_pictures_lose_little_against_their_own_best_f1() -> None:
    many = evaluate_documents(*scene(5, pictures=150)).mask
    best, threshold = Ranking.of(many.matches).best(), choose_threshold(many)
    assert best is not None and threshold is not None
    assert (best.f1 or 0) - threshold.f1 < 0.02
