from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.annotations.rle import encode_mask
from yolact_kit.inference.prediction import Prediction


@pytest.fixture
def masks() -> list[np.ndarray]:
    spots = np.zeros((30, 40), dtype=bool)
    spots[3, 5] = spots[20:25, 30:33] = True
    return [spots, np.zeros_like(spots), np.ones_like(spots)]


@pytest.fixture
def prediction(masks: list[np.ndarray]) -> Prediction:
    boxes = np.array([[5, 3, 33, 25], [1, 1, 2, 2], [0, 0, 40, 30]], dtype=np.float32)
    scores = np.array([0.9, 0.8, 0.7], dtype=np.float32)
    labels = np.array([1, 0, 0])
    return Prediction("a.png", 40, 30, boxes, scores, labels, [encode_mask(mask) for mask in masks], ["cup", "컵"])


def test_masks_are_decoded_on_demand(prediction: Prediction, masks: list[np.ndarray]) -> None:
    for index, mask in enumerate(masks):
        assert prediction.mask(index).dtype == np.uint8
        np.testing.assert_array_equal(prediction.mask(index), mask)


def test_a_crop_is_the_part_of_the_mask_that_is_not_empty(prediction: Prediction) -> None:
    parts = [prediction.crop(index) for index in range(3)]
    assert [(part.x, part.y, part.pixels.shape) for part in parts] == [
        (5, 3, (22, 28)),
        (0, 0, (0, 0)),
        (0, 0, (30, 40)),
    ]
    np.testing.assert_array_equal(parts[0].pixels, prediction.mask(0)[3:25, 5:33])


def test_coco_results_keep_empty_masks(prediction: Prediction) -> None:
    found = prediction.to_coco(7, category_ids=[3, 9])
    assert [one["area"] for one in found] == [16, 0, 1200]
    assert [one["category_id"] for one in found] == [9, 3, 3]
    assert found[0]["bbox"] == [5, 3, 28, 22]
    assert found[0]["segmentation"] == prediction.masks[0]
    assert {one["image_id"] for one in found} == {7}


def test_more_objects_than_fit_into_a_byte() -> None:
    mask = encode_mask(np.ones((4, 4)))
    found = Prediction("a.png", 4, 4, np.zeros((300, 4)), np.ones(300), np.zeros(300, dtype=int), [mask] * 300, ["cup"])
    assert [one["area"] for one in found.to_coco()] == [16.0] * 300
