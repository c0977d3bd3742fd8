"""The paper's augmentation: what it shows, and that masks go with the pictures."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_kit.config.schema import AugmentConfig, ModelConfig
from yolact_kit.datasets.augmentation import FILL, Augmentation
from yolact_kit.datasets.paper import LARGEST_CANVAS, CropWindow, ExpandAndCrop, draw_window

SIZE = 96


def scene(width: int = 120, height: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """A dark picture with two light objects, and their masks."""
    picture, masks = np.full((height, width, 3), 40, np.uint8), np.zeros((2, height, width), np.uint8)
    for mask, (x, y, side) in zip(masks, ((15, 20, 22), (70, 30, 30)), strict=True):
        mask[y : y + side, x : x + side] = 1
        picture[mask == 1] = 220
    return picture, masks


def augmentation() -> Augmentation:
    return Augmentation(AugmentConfig(recipe="paper"), ModelConfig(input_size=SIZE))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_masks_lie_where_the_objects_are_shown(seed: int) -> None:
    image, masks = augmentation()(*scene(), seed)
    assert (image.shape, masks.shape, image.dtype) == ((SIZE, SIZE, 3), (2, SIZE, SIZE), np.uint8)
    sure = cv2.erode(masks.max(axis=0), np.ones((3, 3), np.uint8)).astype(bool)
    if masks.any(axis=(1, 2)).all():  # else a remnant of an object that is none any more may be seen
        around = cv2.dilate(masks.max(axis=0), np.ones((5, 5), np.uint8)).astype(bool)
        beside = image[~around].max(axis=1, initial=0)
        assert not sure.any() or image[sure].min() > np.median(beside[beside != FILL], axis=0).min(initial=255)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 200), st.integers(20, 200))
def test_the_box_of_a_mask_is_the_box_in_the_window(seed: int, width: int, height: int) -> None:
    random = np.random.default_rng(seed)
    x, y = int(random.integers(0, width - 8)), int(random.integers(0, height - 8))
    mask = np.zeros((height, width), np.uint8)
    mask[y : y + 8, x : x + 8] = 1
    window = draw_window(np.array([[x, y, 8, 8]], float), width, height, random)
    step = ExpandAndCrop(SIZE, FILL, cv2.INTER_AREA)
    shown = step.apply_to_masks(mask[None], window=window, centred=np.array([True]))[0]
    left, top = ((np.array([x, y]) - window[:2]) / window[2:] * SIZE).clip(0, SIZE)
    right, bottom = ((np.array([x, y]) + 8 - window[:2]) / window[2:] * SIZE).clip(0, SIZE)
    found = cv2.boundingRect(shown)
    scale = max(SIZE / window.width, SIZE / window.height)
    apart = np.abs(
        np.array([found[0], found[1], found[0] + found[2], found[1] + found[3]]) - [left, top, right, bottom]
    )
    assert apart.max() <= 1 + 1.5 * scale  # a pixel of the new picture; the window is rounded to pixels of the old


def test_windows_are_the_papers() -> None:
    random = np.random.default_rng(0)
    boxes = np.array([[15.0, 20, 22, 22], [70, 30, 30, 30]])
    windows = [draw_window(boxes, 120, 80, random) for _ in range(2000)]
    assert 120 * LARGEST_CANVAS > max(window.width for window in windows) > 120 * 3.5
    assert min(window.width for window in windows) < 120 * 0.5
    whole = sum(window == (0, 0, 120, 80) for window in windows) / len(windows)
    assert 0.5 / 7 < whole < 0.2
    larger = sum(window.width > 120 and window.height > 80 for window in windows) / len(windows)
    assert 0.2 < larger < 0.5
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    for window in windows:
        inside = ((centres > window[:2]) & (centres < np.add(window[:2], window[2:]))).all(axis=1)
        assert inside.any()


def test_objects_whose_centre_is_cut_off_are_none_any_more() -> None:
    picture, masks = scene()
    step = ExpandAndCrop(SIZE, FILL, cv2.INTER_AREA)
    window = CropWindow(30, 0, 90, 80)  # cuts the first object, 15 to 37, beyond its centre
    maps = masks * np.array([1, 2], np.uint8)[:, None, None]
    shown = step.apply_to_masks(maps, window=window, centred=np.array([False, True]))
    assert not shown[0].any() and shown[1].any()
    assert step.apply(picture, window=window).shape == (SIZE, SIZE, 3)


def test_it_depends_on_the_seed_alone_and_takes_pictures_without_objects() -> None:
    first, again, other = (augmentation()(*scene(), seed)[0] for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    picture, masks = scene()
    image, none = augmentation()(picture, masks[:0], 1)
    assert (image.shape, none.shape) == ((SIZE, SIZE, 3), (0, SIZE, SIZE))
