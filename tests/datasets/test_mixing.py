from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.config.schema import AugmentConfig, Config, ModelConfig
from yolact_kit.datasets.mixing import Labelled, copy_paste, mosaic
from yolact_kit.datasets.torch_dataset import Draw, TrainingPictures

SIDE = 48


def drawn(seed: int, count: int = 3) -> Labelled:
    """A dark picture whose objects, which do not overlap, each have a brightness of their own: 50 + 10 a label."""
    random = np.random.default_rng(seed)
    image, masks = np.full((SIDE, SIDE, 3), seed % 10, np.uint8), np.zeros((count, SIDE, SIDE), np.uint8)
    labels = random.integers(0, 15, count)
    for number, label in enumerate(labels):
        top, left, high, wide = random.integers((16 * number, 0, 6, 6), (16 * number + 6, 20, 10, 24))
        masks[number, top : top + high, left : left + wide] = 1
        image[masks[number] > 0] = 50 + 10 * label
    return Labelled(image, masks, labels, np.zeros(count, bool), masks.mean(axis=(1, 2)))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_a_mosaic_keeps_each_mask_on_its_object(seed: int) -> None:
    pictures = [drawn(seed + number) for number in range(4)]
    made = mosaic(pictures, np.random.default_rng(seed))
    assert made.image.shape == (SIDE, SIDE, 3) and made.masks.shape == (12, SIDE, SIDE)
    assert made.labels.tolist() == [label for picture in pictures for label in picture.labels]
    assert (made.masks.sum(axis=0) <= 1).all(), "objects of different pictures do not overlap"
    for mask, label in zip(made.masks.astype(bool), made.labels, strict=True):
        # Made smaller, an edge is mixed with what lies behind it.
        inside = cv2.erode(np.pad(mask.astype(np.uint8), 1), np.ones((3, 3)))[1:-1, 1:-1].astype(bool)
        assert np.abs(made.image[inside].astype(int) - (50 + 10 * label)).max(initial=0) <= 1
    assert (made.image[~made.masks.any(axis=0).astype(bool)] < 10).mean() > 0.8, "no object without a mask"


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_what_is_pasted_hides_what_lies_below(seed: int) -> None:
    below, above = drawn(seed), drawn(seed + 1)
    made = copy_paste(below, above, np.random.default_rng(seed))
    pasted = made.masks[3:].any(axis=0)
    assert (made.image[pasted] == above.image[pasted]).all()
    assert (made.image[~pasted] == below.image[~pasted]).all()
    assert (made.masks[:3] == below.masks * ~pasted).all()
    for mask, label in zip(made.masks.astype(bool), made.labels, strict=True):
        assert (made.image[mask] == 50 + 10 * label).all()
    assert made.whole.tolist()[:3] == below.whole.tolist()


def test_pasting_leaves_crowds_and_draws_from_none_to_all() -> None:
    below, above = drawn(1), drawn(2)
    above = above._replace(crowds=np.array([True, False, False]))
    counts = {len(copy_paste(below, above, np.random.default_rng(seed)).masks) - 3 for seed in range(30)}
    assert counts == {0, 1, 2}
    empty = drawn(3, 0)
    assert len(copy_paste(empty, empty, np.random.default_rng(0)).masks) == 0


def test_a_mosaic_takes_four() -> None:
    with pytest.raises(ValueError, match="four"):
        mosaic([drawn(0)], np.random.default_rng(0))


def bright(folder: Path, number: int) -> Picture:
    """A picture of one bright square."""
    pixels = np.zeros((120, 160, 3), np.uint8)
    top, left = 20 + 10 * number, 30 + 15 * number
    pixels[top : top + 40, left : left + 40] = 255
    Image.fromarray(pixels).save(folder / f"{number}.png")
    square = np.array([[0.0, 0], [40, 0], [40, 40], [0, 40]]) + np.array([left, top])
    return Picture(f"{number}.png", 160, 120, folder / f"{number}.png", [Instance("square", [square])])


@pytest.mark.parametrize("mixed", [{"mosaic": 1.0}, {"copy_paste": 1.0}, {"mosaic": 0.5, "copy_paste": 0.5}])
def test_training_shows_mixed_pictures_and_draws_them_again(tmp_path: Path, mixed: dict[str, float]) -> None:
    augment = AugmentConfig(brightness=0, contrast=0, saturation=0, hue=0, **mixed)
    config = Config(classes=["square"], model=ModelConfig(input_size=64), augment=augment)
    pictures = [bright(tmp_path, number) for number in range(4)]
    training, again = TrainingPictures(pictures, config), TrainingPictures(pictures, config)
    counts = set()
    for number in range(16):
        sample = training[Draw(number % 4, number)]
        counts.add(len(sample.masks))
        assert (sample.image == again[Draw(number % 4, number)].image).all()
        shown = sample.masks.any(dim=0)
        assert ((sample.image[0] > 150) ^ shown.bool()).float().mean() < 0.04
    assert max(counts) > 1
    assert all(len(TrainingPictures(pictures, config, augmented=False)[index].masks) == 1 for index in range(4))
