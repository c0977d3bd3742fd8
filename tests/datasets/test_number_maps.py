"""Maps of objects' numbers: they say what a mask of each object would say, in much less memory."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from yolact_kit.annotations.dataset import Instance
from yolact_kit.config.schema import AugmentConfig, ModelConfig
from yolact_kit.datasets.augmentation import Augmentation
from yolact_kit.datasets.clipping import is_outside
from yolact_kit.datasets.number_maps import NumberMaps, draw_maps, map_crops, measure_maps, renumber


def scattered(count: int, height: int, width: int, reach: float, seed: int = 0) -> list[Instance]:
    """Objects of three to eight corners, some of them beyond the picture, every third one a mask."""
    random = np.random.default_rng(seed)
    instances = []
    for number in range(count):
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 9)))
        centre = random.uniform(-reach, (width + reach, height + reach))
        ring = centre + random.uniform(1, reach) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        instance = Instance("cell", [ring])
        if number % 3 == 0 and not is_outside(instance, width, height):
            instance = Instance("cell", rle=instance.encode(height, width))
        instances.append(instance)
    return instances


def masks_one_by_one(instances: list[Instance], height: int, width: int, size: tuple[int, int]) -> np.ndarray:
    masks = np.zeros((len(instances), *size[::-1]), np.bool_)
    for mask, instance in zip(masks, instances, strict=True):
        if not is_outside(instance, width, height):
            whole = instance.mask(height, width) * np.uint8(255)
            mask[:] = cv2.resize(whole, size, interpolation=cv2.INTER_AREA) >= 128
    return masks


def masks_of(maps: NumberMaps, count: int) -> np.ndarray:
    return np.stack([(maps == number).any(axis=0) for number in range(1, count + 1)])


@pytest.mark.parametrize("size", [(61, 43), (64, 48), (128, 96), (256, 192)], ids=str)
@pytest.mark.parametrize(("count", "reach"), [(1, 40), (30, 60), (30, 8), (300, 10)])
def test_maps_say_what_the_mask_of_each_object_says(count: int, reach: float, size: tuple[int, int]) -> None:
    instances = scattered(count, 192, 256, reach)
    maps = draw_maps(instances, 192, 256, size)
    expected = masks_one_by_one(instances, 192, 256, size)
    assert np.array_equal(masks_of(maps, count), expected)
    assert np.array_equal(measure_maps(maps, count).areas, expected.sum(axis=(1, 2)))


def test_there_are_as_many_maps_as_objects_lie_over_each_other() -> None:
    square = np.array([[0.0, 0], [20, 0], [20, 20], [0, 20]])
    side_by_side = [Instance("cell", [square + np.array([x, y])]) for x in range(0, 200, 20) for y in range(0, 200, 20)]
    assert len(draw_maps(side_by_side, 200, 200, (100, 100))) == 1
    assert len(draw_maps([*side_by_side, Instance("cell", [square + 10])], 200, 200, (100, 100))) == 2
    assert draw_maps([], 200, 200, (100, 100)).shape == (0, 100, 100)


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16), (65535, np.uint16), (65536, np.int32)])
def test_every_object_has_a_number_of_its_own(count: int, dtype: type) -> None:
    speck = Instance("cell", [np.array([[2.0, 2], [6, 2], [6, 6], [2, 6]])])
    nowhere = Instance("cell", [np.array([[-9.0, -9], [-5, -9], [-5, -5]])])
    maps = draw_maps([nowhere] * (count - 1) + [speck], 8, 8, (8, 8))
    assert maps.dtype == dtype and maps.max() == count


def test_boxes_are_tight_around_objects() -> None:
    maps = np.zeros((2, 10, 12), np.uint8)
    maps[0, 2:5, 3:9], maps[1, 9, 11], maps[0, 0, 0], maps[1, 8, 0] = 1, 2, 4, 4
    areas, boxes = measure_maps(maps, 4)
    assert areas.tolist() == [18, 1, 0, 2]
    assert boxes.tolist() == [[3, 2, 9, 5], [11, 9, 12, 10], [0, 0, 0, 0], [0, 0, 1, 9]]
    assert [crop.pixels.sum() for crop in map_crops(maps, boxes)] == areas.tolist()
    assert measure_maps(np.zeros((0, 4, 4), np.uint8), 0).boxes.shape == (0, 4)


def test_objects_that_remain_are_numbered_anew() -> None:
    maps = draw_maps(scattered(40, 90, 120, 12), 90, 120, (60, 45))
    remaining = np.arange(40) % 3 == 1
    expected = masks_of(maps, 40)[remaining]
    assert np.array_equal(masks_of(renumber(maps, remaining), int(remaining.sum())), expected)


@pytest.mark.parametrize("recipe", ["default", "paper"])
@pytest.mark.parametrize("count", [12, 280])
def test_augmentation_moves_numbers_as_it_moves_masks(count: int, recipe: str) -> None:
    instances = scattered(count, 90, 120, 12)
    maps = draw_maps(instances, 90, 120, (120, 90))
    alone = np.arange(1, count + 1)[:, None, None] * masks_of(maps, count)
    augment = Augmentation(AugmentConfig(recipe=recipe, rotate=180), ModelConfig(input_size=64))
    picture = np.zeros((90, 120, 3), np.uint8)
    for seed in range(5):
        moved, alone_moved = augment(picture, maps, seed)[1], augment(picture, alone.astype(maps.dtype), seed)[1]
        assert np.array_equal(masks_of(moved, count), masks_of(alone_moved, count))


def test_memory_does_not_grow_with_objects_times_pixels() -> None:
    corners = np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]])
    instances = [Instance("cell", [corners + np.array([x, y])]) for x in range(0, 600, 10) for y in range(0, 500, 10)]
    tracemalloc.start()
    try:
        maps = draw_maps(instances, 500, 600, (384, 320))
        measure_maps(maps, len(instances))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(instances) == 3000 and peak < 20e6  # 3,000 masks of 384 x 320 are 369 MB
