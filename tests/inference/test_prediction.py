from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.shapes.rle import encode_mask


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


def test_a_part_of_a_prediction_is_one(prediction: Prediction) -> None:
    prediction.ids = np.array([4, -1, 6])
    for chosen, scores in [
        (0, [0.9]),
        (-1, [0.7]),
        (slice(1, None), [0.8, 0.7]),
        ([2, 0], [0.7, 0.9]),
        ([], []),
        (prediction.scores > 0.75, [0.9, 0.8]),
        ([False, True, False], [0.8]),
        ("cup", [0.8, 0.7]),
        ("컵", [0.9]),
    ]:
        part = prediction[chosen]
        assert part.scores.tolist() == pytest.approx(scores) and part.boxes.shape == (len(scores), 4)
        assert len(part.masks) == len(part.labels) == len(part.names) == len(part.to_coco()) == len(part)
        assert (part.file, part.width, part.height) == ("a.png", 40, 30)
    assert prediction[2].ids.tolist() == [6] and prediction[2].mask(0).all()
    assert [one.names for one in prediction] == [["컵"], ["cup"], ["cup"]]
    with pytest.raises(IndexError):
        prediction[3]
    with pytest.raises(KeyError, match="among cup, 컵"):
        prediction["plate"]


def test_it_says_in_short_what_it_is(prediction: Prediction) -> None:
    assert repr(prediction) == "Prediction('a.png', 40 x 30: 1 컵, 2 cup)"
    assert repr(prediction[[]]) == "Prediction('a.png', 40 x 30: nothing found)"


def test_a_notebook_shows_the_picture(prediction: Prediction) -> None:
    assert prediction._repr_jpeg_() is None  # there is no a.png
    prediction.pixels = np.zeros((30, 40, 3), dtype=np.uint8)
    content = prediction._repr_jpeg_()
    assert content is not None and Image.open(io.BytesIO(content)).size == (40, 30)
    prediction.pixels = np.zeros((1500, 2000, 3), dtype=np.uint8)
    content = prediction[[]]._repr_jpeg_()
    assert content is not None and Image.open(io.BytesIO(content)).size == (1024, 768)


def test_the_drawing_is_written(prediction: Prediction, tmp_path: Path) -> None:
    prediction.pixels = np.full((30, 40, 3), 200, dtype=np.uint8)
    prediction.save(tmp_path / "그림" / "a.png", boxes=True)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "그림" / "a.png")), prediction.plot(boxes=True))
    assert not np.array_equal(prediction.plot(), prediction.plot(by_instance=True))
    with pytest.raises(UserError, match="does not end in a format"):
        prediction.save(tmp_path / "a.mp4")


def test_rows_are_what_the_csv_file_holds(prediction: Prediction) -> None:
    rows = prediction.to_rows()
    assert [(one["picture"], one["object"], one["class"], one["area"]) for one in rows] == [
        ("a.png", 1, "컵", 16),
        ("a.png", 2, "cup", 0),
        ("a.png", 3, "cup", 1200),
    ]
    assert [rows[2]["centroid_x"], rows[2]["centroid_y"], rows[2]["orientation"]] == [20, 15, 0]
    assert rows[1]["centroid_x"] is None and rows[0]["width"] == 28
