from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.errors import UserError
from yolact_kit.inference.drawing import class_color
from yolact_kit.inference.prediction import Prediction
from yolact_kit.reports.side_by_side import draw_side_by_side, read_predictions, save_side_by_side

GREY = 128


def square(left: int, top: int, side: int) -> np.ndarray:
    return np.array([[left, top], [left + side, top], [left + side, top + side], [left, top + side]], dtype=np.float64)


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A grey picture of 200 x 100 pixels with a nut labelled on its left."""
    path = tmp_path / "원본" / "너트.png"
    path.parent.mkdir()
    Image.new("RGB", (200, 100), (GREY, GREY, GREY)).save(path)
    return Picture("원본/너트.png", 200, 100, path, [Instance("너트", [square(20, 30, 40)])])


def found(picture: Picture, *, left: int, label: int = 0) -> Prediction:
    mask = Instance("너트", [square(left, 30, 40)]).encode(picture.height, picture.width)
    return Prediction(
        picture.file,
        picture.width,
        picture.height,
        np.array([[left, 30, left + 40, 70]], dtype=np.float32),
        np.array([0.9], dtype=np.float32),
        np.array([label]),
        [mask],
        ["너트", "볼트"],
    )


def test_labels_are_left_and_predictions_right(picture: Picture) -> None:
    drawn = draw_side_by_side(picture, found(picture, left=120))
    bar, gutter = drawn.shape[0] - 100, drawn.shape[1] - 400
    assert bar > 0
    assert gutter > 0
    grey = np.array([GREY] * 3)
    inside_label, inside_found = (bar + 60, 40), (bar + 60, 200 + gutter + 140)
    assert not np.array_equal(drawn[inside_label], grey)
    assert not np.array_equal(drawn[inside_found], grey)
    assert np.array_equal(drawn[inside_label], drawn[inside_found]), "the same class has the same colour"
    assert np.array_equal(drawn[bar + 60, 140], grey)
    assert np.array_equal(drawn[bar + 60, 200 + gutter + 40], grey)
    assert (drawn[:bar, :200] < 100).any(), "the title is written"


def test_a_label_that_the_model_does_not_know_is_drawn_in_another_colour(picture: Picture) -> None:
    picture.instances[0].label = "와셔"
    drawn = draw_side_by_side(picture, found(picture, left=20)).astype(int)
    bar, right = drawn.shape[0] - 100, drawn.shape[1] - 200
    color = np.array(class_color(2)) * 0.42 + GREY * 0.58
    assert np.abs(drawn[bar + 60, 40] - color).max() <= 2
    assert not np.array_equal(drawn[bar + 60, 40], drawn[bar + 60, right + 40])


def test_a_background_picture_and_no_detections_are_drawn(picture: Picture) -> None:
    picture.instances.clear()
    prediction = found(picture, left=20)
    none = Prediction(
        prediction.file, 200, 100, prediction.boxes[:0], prediction.scores[:0], prediction.labels[:0], [], ["너트"]
    )
    drawn = draw_side_by_side(picture, none)
    assert (drawn[-100:, :200] == GREY).all()


def test_every_picture_is_written_under_its_name_and_a_sheet_first(picture: Picture, tmp_path: Path) -> None:
    other = Picture("b.jpg", 200, 100, picture.path)
    predictions = {item.file: found(item, left=20) for item in (picture, other)}
    files = save_side_by_side([picture, other], predictions, tmp_path / "out")
    assert [file.relative_to(tmp_path / "out").as_posix() for file in files] == [
        "overview.jpg",
        "원본/너트.png.jpg",
        "b.jpg",
    ]
    sizes = [Image.open(file).size for file in files]
    assert sizes[1] == sizes[2]
    assert sizes[0][0] > 2 * 800
    assert save_side_by_side([picture], predictions, tmp_path / "one", overview=0) == [
        tmp_path / "one" / "원본" / "너트.png.jpg"
    ]


def test_a_picture_without_a_prediction_is_an_error(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"너트\.png"):
        save_side_by_side([picture], {}, tmp_path / "out")


def test_predictions_are_read_back_as_they_were(picture: Picture, tmp_path: Path) -> None:
    given = found(picture, left=120, label=1)
    document = {
        "images": [{"id": 7, "file_name": picture.file, "width": 200, "height": 100}],
        "categories": [{"id": 1, "name": "너트"}, {"id": 2, "name": "볼트"}],
        "annotations": [{"id": 1, **given.to_coco(7)[0]}],
    }
    file = tmp_path / "predictions.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    read = read_predictions(file)[picture.file]
    assert read.classes == given.classes
    np.testing.assert_array_equal(read.boxes, given.boxes)
    np.testing.assert_array_equal(read.labels, given.labels)
    np.testing.assert_array_equal(read.scores, given.scores)
    np.testing.assert_array_equal(read.mask(0), given.mask(0))


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"images": []}'])
def test_what_are_no_predictions_is_an_error_that_names_the_file(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "predictions.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"predictions\.json"):
        read_predictions(file)
