from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scenes import BOX, scene
from yolact_kit.ops.box_arrays import corners, decode_boxes, overlaps
from yolact_kit.ops.boxes import box_iou, decode


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, max_size=9), st.lists(BOX, max_size=9))
def test_overlaps_are_those_of_tensors(first: list[list[float]], second: list[list[float]]) -> None:
    boxes, others = (np.array(part, dtype=np.float32).reshape(-1, 4) for part in (first, second))
    expected = box_iou(torch.from_numpy(boxes), torch.from_numpy(others)).numpy()
    np.testing.assert_allclose(overlaps(boxes, others), expected, rtol=1e-6, atol=1e-7)


def test_boxes_that_are_not_finite_overlap_nothing() -> None:
    odd = np.array([[np.nan] * 4, [0, 0, np.inf, np.inf], [-np.inf, 0, np.inf, 1], [1, 1, 1, 1]], dtype=np.float32)
    sound = np.array([[0, 0, 1, 1]], dtype=np.float32)
    assert not overlaps(odd, sound).any() and not overlaps(odd, odd).any()
    assert overlaps(sound, sound) == 1


def test_decoding_is_that_of_tensors_and_corners_undo_nothing() -> None:
    anchors = np.abs(scene(3, 40, 1)[0]) + np.float32(0.01)
    regressions = scene(4, 40, 1)[0] * 8
    expected = decode(torch.from_numpy(regressions), torch.from_numpy(anchors)).numpy()
    np.testing.assert_allclose(decode_boxes(regressions, anchors), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(corners(anchors), decode_boxes(np.zeros_like(anchors), anchors))
