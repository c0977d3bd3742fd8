from __future__ import annotations

import torch

from benchmarks.nms import compare_nms, crowded_scene


def test_a_scene_has_as_many_high_scores_as_asked_for() -> None:
    boxes, scores = crowded_scene(500, 4, 60)
    assert boxes.shape == (500, 4) and scores.shape == (500, 4)
    assert int((scores >= 0.05).sum()) == 60
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert torch.equal(boxes, crowded_scene(500, 4, 60)[0])


def test_fast_nms_drops_more_in_a_denser_crowd() -> None:
    sparse, dense = compare_nms([2], [20, 400], anchors=1000, repeats=1)
    shares = [next(row.kept for row in rows if row.name == "fast") for rows in (sparse, dense)]
    assert shares[1] < shares[0] <= 1


def test_nothing_above_the_threshold_keeps_nothing() -> None:
    [rows] = compare_nms([2], [0], anchors=50, repeats=1)
    assert [(row.kept, row.extra) for row in rows] == [(None, 0)] * 5
