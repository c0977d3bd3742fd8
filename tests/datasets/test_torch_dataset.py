from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.config.schema import AugmentConfig, Config, ModelConfig
from yolact_kit.datasets.torch_dataset import Draw, Shuffled, TrainingPictures


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A bright square, a crowd and a speck on black."""
    pixels = np.zeros((120, 160, 3), np.uint8)
    pixels[30:70, 40:100] = 255
    Image.fromarray(pixels).save(tmp_path / "사진.png")
    square = np.array([[40.0, 30], [100, 30], [100, 70], [40, 70]])
    instances = [
        Instance("square", [square]),
        Instance("square", [square + np.array([50.0, 40])], crowd=True),
        Instance("speck", [np.array([[5.0, 5], [8, 5], [8, 8], [5, 8]])]),
    ]
    return Picture("사진.png", 160, 120, tmp_path / "사진.png", instances)


CONFIG = Config(classes=["speck", "square"], model=ModelConfig(input_size=64))


def test_ground_truth_lies_where_the_object_is(picture: Picture) -> None:
    sample = TrainingPictures([picture], CONFIG, augmented=False)[0]
    assert sample.image.shape == (3, 64, 64) and sample.name == "사진.png"
    assert sample.labels.tolist() == [1, 1, 0]
    assert sample.ignored.tolist() == [False, True, True]
    assert sample.boxes[0].tolist() == pytest.approx([40 / 160, 30 / 120, 100 / 160, 70 / 120], abs=1 / 64)
    bright = sample.image[0] > 127
    assert (bright == (sample.maps == 1).any(dim=0)).float().mean() > 0.98


def test_an_object_wholly_outside_of_its_picture_is_not_taught_and_takes_no_memory(picture: Picture) -> None:
    picture.instances.append(Instance("speck", [picture.instances[0].polygons[0] + 9e8]))
    assert TrainingPictures([picture], CONFIG, augmented=False)[0].labels.tolist() == [1, 1, 0]


@pytest.mark.parametrize("number", range(20))
def test_augmented_mask_stays_on_the_object(picture: Picture, number: int) -> None:
    augment = AugmentConfig(rotate=180, flip_vertical=0.5, brightness=0, contrast=0, saturation=0, hue=0)
    sample = TrainingPictures([picture], CONFIG.model_copy(update={"augment": augment}))[Draw(0, number)]
    masks = [(sample.maps == number).any(dim=0) for number in range(1, len(sample.labels) + 1)]
    for label, mask, ignored in zip(sample.labels, masks, sample.ignored, strict=True):
        if label == 1 and not ignored:
            bright = (sample.image[0] > 180).numpy()
            union = bright | mask.numpy()
            assert (bright & mask.numpy()).sum() / union.sum() > 0.85


def test_a_showing_is_the_same_whenever_it_is_drawn_and_unlike_the_next(picture: Picture) -> None:
    first = TrainingPictures([picture], CONFIG)
    again = TrainingPictures([picture], CONFIG)
    again[Draw(0, 3)]
    assert (first[Draw(0, 7)].image == again[Draw(0, 7)].image).all()
    assert (first[Draw(0, 7)].image != first[Draw(0, 8)].image).any()


def test_each_pass_shows_every_picture_once_and_can_be_taken_up_anywhere() -> None:
    draws = list(itertools.islice(Shuffled(5, seed=1), 20))
    for start in range(0, 20, 5):
        assert {draw.index for draw in draws[start : start + 5]} == set(range(5))
    assert [draw.number for draw in draws] == list(range(20))
    assert list(itertools.islice(Shuffled(5, seed=1, start=7), 13)) == draws[7:]
    assert [draw.index for draw in draws[:5]] != [draw.index for draw in draws[5:10]]
