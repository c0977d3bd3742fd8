from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchvision.ops import box_iou as torchvision_iou
from torchvision.ops import nms as torchvision_nms

from tests.ops.scenes import BOX, scene
from tests.ops.slow_nms import Pair, slow_candidates, slow_iou, slow_nms
from yolact_kit.ops import nms
from yolact_kit.ops.candidates import Candidates
from yolact_kit.ops.nms import NMS, NmsOptions, cluster_spm_nms, cross_class_fast_nms, fast_nms, standard_nms
from yolact_kit.ops.nms_methods import NMS_METHODS

EVERY = pytest.mark.parametrize("name", list(NMS))
SUPPRESSING = pytest.mark.parametrize("name", ["fast", "cross-class", "standard"])
OPTIONS = st.builds(
    NmsOptions,
    iou=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
    min_score=st.sampled_from([0.0, 0.05, 0.5, 0.99, 2.0]),
    candidates=st.sampled_from([1, 7, 200]),
    top_k=st.sampled_from([1, 10, 100, None]),
    legacy=st.booleans(),
)
SCENE = {"seed": st.integers(0, 10_000), "count": st.integers(0, 40), "classes": st.integers(1, 5)}


def array(values: list[list[float]]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def pairs(kept: Candidates) -> list[Pair]:
    return list(zip(kept.rows.tolist(), kept.labels.tolist(), strict=True))


def expected(name: str, boxes: NDArray[np.float32], scores: NDArray[np.float32], options: NmsOptions) -> list[Pair]:
    """What the slow form keeps."""
    iou, least, candidates, top_k, legacy = options
    if name == "standard":
        taking = slow_candidates(scores, least, None if legacy else candidates, legacy)
        return slow_nms(boxes, scores, taking, iou, greedy=True)[:top_k]
    if name == "fast":
        taking = slow_candidates(scores, least, candidates, legacy, every_class=legacy)
        return slow_nms(boxes, scores, taking, iou)[:top_k]
    best, labels = scores.max(axis=1, initial=0), scores.argmax(axis=1)
    found = slow_nms(boxes, best[:, None], slow_candidates(best[:, None], least, candidates, legacy), iou)
    return [(row, int(labels[row])) for row, _ in found][: None if legacy else top_k]


@SUPPRESSING
@settings(max_examples=30, deadline=None)
@given(**SCENE, options=OPTIONS)
@example(seed=0, count=30, classes=5, options=NmsOptions(iou=0.0, min_score=0.99, candidates=7, top_k=1, legacy=True))
def test_what_is_kept_is_what_the_slow_form_keeps(
    name: str, seed: int, count: int, classes: int, options: NmsOptions
) -> None:
    boxes, scores = scene(seed, count, classes)
    kept = NMS[name](boxes, scores, options)
    assert pairs(kept) == expected(name, boxes, scores, options)
    np.testing.assert_array_equal(kept.scores, scores[kept.rows, kept.labels])


@SUPPRESSING
@settings(max_examples=25, deadline=None)
@given(
    corners=st.lists(BOX, min_size=0, max_size=12),
    ranks=st.lists(st.integers(0, 3), min_size=24, max_size=24),
    candidates=st.sampled_from([2, 200]),
)
def test_ties_and_boxes_without_area_are_settled_alike(
    name: str, corners: list[list[float]], ranks: list[int], candidates: int
) -> None:
    boxes = np.array(corners, dtype=np.float32).reshape(-1, 4)
    scores = np.array(ranks[: 2 * len(corners)], dtype=np.float32).reshape(-1, 2) / np.float32(3)
    options = NmsOptions(iou=0.45, candidates=candidates)
    kept = NMS[name](boxes, scores, options)
    assert set(pairs(kept)) == set(expected(name, boxes, scores, options))
    assert kept.scores.tolist() == sorted(kept.scores.tolist(), reverse=True)
    assert not np.isnan(kept.scores).any()


@settings(max_examples=25, deadline=None)
@given(**SCENE, iou=st.floats(0.1, 0.9))
def test_standard_nms_is_torchvisions_class_by_class(seed: int, count: int, classes: int, iou: float) -> None:
    boxes, scores = scene(seed, count, classes)
    kept = standard_nms(boxes, scores, NmsOptions(iou, min_score=0.2, top_k=None))
    wanted = set()
    for label in range(classes):
        rows = (scores[:, label] >= 0.2).nonzero()[0]
        corners, best = torch.from_numpy(boxes[rows]).double(), torch.from_numpy(scores[rows, label]).double()
        chosen = rows[torchvision_nms(corners, best, iou).numpy()]
        wanted |= {(int(row), label) for row in chosen}
    assert set(pairs(kept)) == wanted


@settings(max_examples=30, deadline=None)
@given(**SCENE, options=OPTIONS)
def test_fast_nms_keeps_no_more_than_standard_nms(seed: int, count: int, classes: int, options: NmsOptions) -> None:
    boxes, scores = scene(seed, count, classes)
    options = options._replace(top_k=None, legacy=False)
    assert set(pairs(fast_nms(boxes, scores, options))) <= set(pairs(standard_nms(boxes, scores, options)))


@settings(max_examples=30, deadline=None)
@given(**SCENE, options=OPTIONS)
def test_cluster_nms_lowers_scores_by_what_greedy_nms_keeps(
    seed: int, count: int, classes: int, options: NmsOptions
) -> None:
    boxes, scores = scene(seed, count, classes)
    taking = slow_candidates(scores, options.min_score, options.candidates)
    left = set(slow_nms(boxes, scores, taking, options.iou, greedy=True))
    corners = boxes.astype(np.float64).tolist()
    lowered = {}
    for label, rows in taking.items():
        for place, row in enumerate(rows):
            better = [slow_iou(corners[row], corners[other]) for other in rows[:place] if (other, label) in left]
            lowered[row, label] = float(scores[row, label]) * math.exp(-sum(iou**2 for iou in better) / 0.2)
    kept = cluster_spm_nms(boxes, scores, options._replace(top_k=None))
    assert kept.scores.tolist() == sorted(kept.scores.tolist(), reverse=True)
    for pair, score in zip(pairs(kept), kept.scores.tolist(), strict=True):
        assert score == pytest.approx(lowered.pop(pair), rel=1e-3)
    assert all(score < options.min_score * (1 + 1e-3) for score in lowered.values())


@pytest.mark.parametrize("block", [1, 7, 1000])
@SUPPRESSING
def test_small_blocks_find_the_same(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, scores = scene(1, 60, 3)
    whole = NMS[name](boxes, scores)
    monkeypatch.setattr(nms, "_BLOCK", block)
    assert pairs(NMS[name](boxes, scores)) == pairs(whole)


CHAIN = array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])


def test_a_suppressed_box_still_suppresses_in_fast_nms_only() -> None:
    scores = array([[0.9], [0.8], [0.7]])
    options = NmsOptions(iou=0.3)
    assert fast_nms(CHAIN, scores, options).rows.tolist() == [0]
    assert cross_class_fast_nms(CHAIN, scores, options).rows.tolist() == [0]
    assert standard_nms(CHAIN, scores, options).rows.tolist() == [0, 2]


@SUPPRESSING
def test_an_overlap_equal_to_the_threshold_is_kept(name: str) -> None:
    boxes = array([[0.0, 0, 2, 1], [1, 0, 3, 1], [0, 0, 2, 1]])
    scores = array([[0.9], [0.8], [0.7]])
    third = float(torchvision_iou(*map(torch.from_numpy, (boxes[:1], boxes[1:2]))))
    assert NMS[name](boxes[:2], scores[:2], NmsOptions(third)).rows.tolist() == [0, 1]
    assert NMS[name](boxes[:2], scores[:2], NmsOptions(third - 0.01)).rows.tolist() == [0]
    assert NMS[name](boxes, scores, NmsOptions(0.99)).rows.tolist() == [0, 1]


def test_legacy_lets_a_box_take_part_for_every_class() -> None:
    boxes = array([[0.0, 0, 1, 1], [5, 5, 6, 6]])
    scores = array([[0.9, 0.01], [0.02, 0.03]])
    assert pairs(fast_nms(boxes, scores)) == [(0, 0)]
    assert pairs(fast_nms(boxes, scores, NmsOptions(legacy=True))) == [(0, 0), (0, 1)]
    least = float(scores[0, 0])
    assert pairs(fast_nms(boxes, scores, NmsOptions(min_score=least))) == [(0, 0)]
    assert pairs(fast_nms(boxes, scores, NmsOptions(min_score=least, legacy=True))) == []


def test_the_limits_that_the_original_forgets_are_forgotten_in_legacy_only() -> None:
    boxes = np.arange(150.0, dtype=np.float32)[:, None] * 10 + array([0.0, 0, 5, 5])
    scores = np.linspace(0.9, 0.1, 150, dtype=np.float32)[:, None]
    assert len(cross_class_fast_nms(boxes, scores).rows) == 100
    assert len(cross_class_fast_nms(boxes, scores, NmsOptions(legacy=True)).rows) == 150
    few = NmsOptions(candidates=20)
    assert len(standard_nms(boxes, scores, few).rows) == 20
    assert len(standard_nms(boxes, scores, few._replace(legacy=True)).rows) == 100


@EVERY
def test_boxes_that_are_not_finite_harm_no_other(name: str) -> None:
    odd = [[float("nan")] * 4, [0, 0, float("inf"), float("inf")], [1, 1, 1, 1], [1, 1, 1, 1]]
    boxes = array([*odd, [0.0, 0, 2, 2], [0, 0, 2, 2.1]])
    scores = array([[0.95], [0.94], [0.93], [0.92], [0.9], [0.8]])
    options = NmsOptions()
    sound = NMS[name](boxes[2:], scores[2:], options)
    assert sound.rows.tolist() == [0, 1, 2]
    assert set((sound.rows + 2).tolist()) <= set(NMS[name](boxes, scores, options).rows.tolist())


@EVERY
def test_scores_that_are_no_numbers_take_no_part(name: str) -> None:
    scores = array([[float("nan"), 0.9], [0.8, 0.1], [0.7, float("nan")]])
    assert pairs(NMS[name](CHAIN, scores, NmsOptions())) == [(1, 0), (1, 1)][: 1 if name == "cross-class" else 2]


@EVERY
def test_nothing_in_nothing_out(name: str) -> None:
    for boxes, scores in [(CHAIN[:0], CHAIN[:0, :3]), (CHAIN, np.zeros((3, 2), dtype=np.float32))]:
        for legacy in (False, True):
            kept = NMS[name](boxes, scores, NmsOptions(legacy=legacy))
            assert [len(part) for part in kept] == [0, 0, 0]
            assert kept.rows.dtype == kept.labels.dtype == np.int64


def test_every_name_has_a_function() -> None:
    assert tuple(NMS) == NMS_METHODS
