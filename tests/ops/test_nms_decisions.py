from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scenes import scene
from tests.ops.slow_nms import slow_iou
from yolact_kit.ops.nms import NMS, NmsOptions
from yolact_kit.ops.nms_decisions import explain_nms

EVERY = pytest.mark.parametrize("name", list(NMS))


@EVERY
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 40),
    classes=st.integers(1, 4),
    top_k=st.sampled_from([1, 5, None]),
    legacy=st.booleans(),
)
def test_decisions_are_those_of_the_suppression(
    name: str, seed: int, count: int, classes: int, top_k: int | None, legacy: bool
) -> None:
    boxes, scores = scene(seed, count, classes)
    options = NmsOptions(iou=0.4, min_score=0.2, candidates=9, top_k=top_k, legacy=legacy)
    found, result = explain_nms(name, boxes, scores, options), NMS[name](boxes, scores, options)
    pairs = set(zip(result.rows.tolist(), result.labels.tolist(), strict=True))
    told = zip(found.rows.tolist(), found.labels.tolist(), found.survives.tolist(), strict=True)
    assert {(row, label) for row, label, kept in told if kept} == pairs
    for place in range(len(found.rows)):
        rival = int(found.rivals[place])
        if rival < 0:
            assert bool(found.survives[place]) or top_k is not None or name == "cluster-spm"
            continue
        assert not found.survives[place]
        assert rival < place
        iou = slow_iou(
            boxes[found.rows[place]].astype(np.float64).tolist(), boxes[found.rows[rival]].astype(np.float64).tolist()
        )
        assert iou == pytest.approx(float(found.ious[place]), abs=1e-5)
        assert iou > (0 if name == "cluster-spm" else 0.4 - 1e-6)


def test_a_rival_that_was_kept_comes_before_one_that_was_not() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [2.2, 0, 12.2, 10]])
    found = explain_nms("fast", boxes, np.array([[0.9], [0.8], [0.7]]), NmsOptions(iou=0.5))
    assert found.rivals.tolist() == [-1, 0, 0]


def test_in_fast_nms_a_suppressed_box_suppresses_others_and_in_standard_nms_not() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    scores = np.array([[0.9], [0.8], [0.7]])
    assert explain_nms("fast", boxes, scores, NmsOptions(iou=0.3)).rivals.tolist() == [-1, 0, 1]
    assert explain_nms("standard", boxes, scores, NmsOptions(iou=0.3)).rivals.tolist() == [-1, 0, -1]


def test_what_top_k_cuts_off_lost_to_no_box() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    found = explain_nms("standard", boxes, np.array([[0.9], [0.8]]), NmsOptions(top_k=1))
    assert (found.survives.tolist(), found.rivals.tolist()) == ([True, False], [-1, -1])
