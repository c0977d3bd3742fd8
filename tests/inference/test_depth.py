"""Predicting on pictures of more than 8 bits: the range of the training, or one for all pictures of a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.api.model import YOLACT
from yolact_kit.display import Display
from yolact_kit.errors import UserError
from yolact_kit.inference.depth import CallDepth
from yolact_kit.inference.images import deep_values_in, read_images
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import deep_values_of, find_pictures, read_pictures
from yolact_kit.models.weights import save_weights
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.pictures import PictureError

RANGE = DepthRange(0, 4095)


def ramp(top: int) -> NDArray[np.uint16]:
    return np.tile(np.linspace(0, top, 70), (50, 1)).astype(np.uint16)


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    folder = tmp_path / "깊은 사진"
    folder.mkdir()
    for name, top in (("a.png", 250), ("b.tif", 3000), ("c.png", 4000)):
        Image.fromarray(ramp(top)).save(folder / name)
    Image.fromarray(np.full((50, 70, 3), 77, np.uint8)).save(folder / "plain.png")
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:60])
    return folder


def model(trained: DepthRange | None, **options: Any) -> YOLACT:
    config = tiny_config()
    config.depth_range = trained.pair if trained is not None else None
    return YOLACT.from_predictor(Predictor(tiny_model(config), config, **options))


def lightest(predictions: list[Any]) -> list[int]:
    return [int(prediction.plot(labels=False).max()) for prediction in predictions]


@pytest.mark.parametrize("trained", [RANGE, None])
def test_every_picture_of_a_folder_has_one_range(deep: Path, trained: DepthRange | None) -> None:
    lines: list[tuple[str, str]] = []
    display = Display(lambda line: lines.append(("say", line)), lambda line: lines.append(("warn", line)))
    pictures = find_pictures(deep)
    depth = CallDepth(trained, values=lambda: deep_values_of(pictures), display=display)
    broken: list[str] = []

    def note(picture: Any, error: PictureError) -> None:
        broken.append(picture.name)

    read = dict(read_pictures(pictures, note, depth=depth))
    assert {name: int(pixels.max()) for name, pixels in read.items()} == {
        "a.png": 16, "b.tif": 187, "c.png": 249, "plain.png": 77,
    }  # fmt: skip
    assert broken == ["broken.png"]
    [(kind, line)] = lines
    assert kind == ("warn" if trained is None else "say")
    assert "0 to 4095" in line and ("in training" if trained else "--depth-range") in line


def test_pictures_of_8_bits_need_no_range(deep: Path) -> None:
    depth = CallDepth(None, values=None, display=Display(pytest.fail, pytest.fail))
    [(name, pixels)] = read_pictures(find_pictures(deep / "plain.png"), lambda *_: None, depth=depth)
    assert (name, int(pixels.max())) == ("plain.png", 77)


FORMS: dict[str, Any] = {
    "file": lambda path: path,
    "content": lambda path: path.read_bytes(),
    "Pillow": Image.open,
    "array": lambda path: np.asarray(Image.open(path)),
    "array of one channel": lambda path: np.asarray(Image.open(path))[..., None],
    "colour array": lambda path: np.dstack([np.asarray(Image.open(path))] * 3),
    "int32 array": lambda path: np.asarray(Image.open(path)).astype(np.int32),
    "float array": lambda path: np.asarray(Image.open(path)).astype(np.float32),
    "tensor": lambda path: torch.from_numpy(np.asarray(Image.open(path)).astype(np.int32))[None],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_deep_picture_has_the_same_pixels(deep: Path, form: str) -> None:
    expected = RANGE.to_8bit(ramp(3000))
    [image] = read_images(FORMS[form](deep / "b.tif"), CallDepth(RANGE))
    np.testing.assert_array_equal(image.pixels, np.dstack([expected] * 3))


@pytest.mark.parametrize("form", [form for form in FORMS if form != "float array"])
def test_the_pictures_of_a_list_share_a_range(deep: Path, form: str) -> None:
    images = [FORMS[form](deep / name) for name in ("a.png", "b.tif", "c.png")]
    with pytest.warns(UserWarning, match="0 to 4095") as warned:
        read = [
            int(image.pixels.max())
            for image in read_images(images, CallDepth(None, None, lambda: deep_values_in(images)))
        ]
    assert read == [16, 187, 249]
    assert len(warned) == 1


def test_a_trained_model_predicts_by_its_range(deep: Path, tmp_path: Path) -> None:
    config = tiny_config()
    config.depth_range = RANGE.pair
    save_weights(tmp_path / "run" / "weights" / "best.safetensors", tiny_model(config), config)
    files = [deep / "a.png", deep / "b.tif"]
    assert lightest(YOLACT(tmp_path / "run", 1.0).predict(files)) == [16, 187]
    assert lightest(YOLACT(tmp_path / "run", 1.0, depth_range=(0, 3000)).predict(files)) == [21, 255]
    alone = YOLACT(tmp_path / "run", 1.0).predict(deep / "a.png")
    assert lightest(alone) == [16]


def test_a_range_unlike_that_of_the_weights_is_told(deep: Path) -> None:
    with pytest.warns(UserWarning, match="0 to 3000 .* trained with 0 to 4095"):
        model(RANGE, score=1.0, depth_range=DepthRange(0, 3000)).predict(deep / "b.tif")


def test_weights_of_8_bits_warn_once(deep: Path) -> None:
    with pytest.warns(UserWarning, match="0 to 4095") as warned:
        predictions = model(None, score=1.0).predict([deep / "a.png", deep / "c.png"])
    assert lightest(predictions) == [16, 249]
    assert len(warned) == 1


def test_pictures_that_come_one_by_one_need_a_range(deep: Path) -> None:
    arrays = [ramp(250), ramp(3000)]
    with pytest.raises(UserError, match="no range of values") as raised:
        model(None).predict(iter(arrays))
    assert "depth_range=(LOW, HIGH)" in raised.value.advice
    assert len(model(RANGE).predict(iter(arrays))) == 2


@pytest.mark.parametrize("picture", [np.zeros((4, 4, 2), np.uint16), np.zeros((4, 4), bool), np.zeros((4, 4))])
def test_what_is_still_no_picture(picture: NDArray[Any]) -> None:
    with pytest.raises(UserError, match="not a picture"):
        model(None).predict(picture)
