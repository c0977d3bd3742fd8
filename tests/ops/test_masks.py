from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch.nn import functional

from yolact_kit.ops.crop import crop_region
from yolact_kit.ops.masks import CroppedMask, assemble, crop_windows, masks_to_rle
from yolact_kit.shapes.rle import Rle, encode_mask

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 24)
targets = st.integers(1, 90)


def decoded(rle: Rle) -> np.ndarray:
    return coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})


def random_boxes(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Boxes that may reach beyond the picture, be reversed, or (every third) have no width or no height."""
    boxes = (random.random((count, 4)) * 1.6 - 0.3).astype(np.float32)
    boxes[::3, 2] = boxes[::3, 0]
    boxes[1::3, 3] = boxes[1::3, 1]
    return boxes


def crops(masks: NDArray[np.float32], boxes: NDArray[np.float32]) -> list[CroppedMask]:
    """What the boxes leave of whole masks."""
    windows = crop_windows(boxes, *masks.shape[1:]).tolist()
    return [
        CroppedMask(y1, x1, mask[y1:y2, x1:x2], mask.shape)
        for mask, (x1, y1, x2, y2) in zip(masks, windows, strict=True)
    ]


def wholes(masks: NDArray[np.float32]) -> list[CroppedMask]:
    """Whole masks [N, Hp, Wp], nothing of which is cropped away."""
    return [CroppedMask(0, 0, mask, mask.shape) for mask in masks]


def slow_inside(box: list[float], height: int, width: int, padding: float) -> np.ndarray:
    """Which pixels a box keeps, one at a time."""
    x1, x2 = sorted((box[0], box[2]))
    y1, y2 = sorted((box[1], box[3]))
    inside = np.zeros((height, width), dtype=bool)
    for y in range(height):
        for x in range(width):
            in_x = x1 * width - padding <= x < x2 * width + padding
            inside[y, x] = in_x and y1 * height - padding <= y < y2 * height + padding
    return inside


@settings(max_examples=60, deadline=None)
@given(seed=seeds, height=st.integers(1, 9), width=st.integers(1, 9), padding=st.sampled_from([0, 1, 2.5]))
def test_the_windows_are_the_pixels_in_the_padded_boxes(seed: int, height: int, width: int, padding: float) -> None:
    boxes = random_boxes(6, np.random.default_rng(seed)).astype(np.float64)
    regions = crop_region(torch.from_numpy(boxes), height, width, padding).numpy()
    for (x1, y1, x2, y2), region, box in zip(
        crop_windows(boxes, height, width, padding).tolist(), regions, boxes.tolist(), strict=True
    ):
        inside = np.zeros((height, width), dtype=bool)
        inside[y1:y2, x1:x2] = True
        np.testing.assert_array_equal(inside, slow_inside(box, height, width, padding))
        np.testing.assert_array_equal(inside, region)


def test_a_box_that_is_no_number_leaves_nothing() -> None:
    odd = np.array([[np.nan] * 4, [0, np.nan, 1, 1], [np.inf, 0, np.inf, 1]], dtype=np.float32)
    assert [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in crop_windows(odd, 4, 4).tolist()] == [0, 0, 0]


@settings(max_examples=25, deadline=None)
@given(seed=seeds, height=st.integers(1, 9), width=st.integers(1, 9))
def test_assemble_is_sigmoid_of_the_sum_inside_the_padded_box(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    prototypes = random.random((3, height, width), dtype=np.float32)
    coefficients = random.random((4, 3), dtype=np.float32) * 2 - 1
    boxes = random_boxes(4, random)
    given_values = [part.copy() for part in (prototypes, coefficients, boxes)]
    expected = np.zeros((4, height, width))
    for index, box in enumerate(boxes.tolist()):
        for y, x in zip(*slow_inside(box, height, width, 1).nonzero(), strict=True):
            value = sum(float(prototypes[k, y, x]) * float(coefficients[index, k]) for k in range(3))
            expected[index, y, x] = 1 / (1 + np.exp(-value))
    masks = [mask.whole() for mask in assemble(prototypes, coefficients, boxes)]
    np.testing.assert_allclose(masks, expected, rtol=1e-5, atol=1e-6)
    for part, before in zip((prototypes, coefficients, boxes), given_values, strict=True):
        np.testing.assert_array_equal(part, before)


def enlarged(soft: list[CroppedMask], height: int, width: int) -> torch.Tensor:
    """The whole masks at the picture's size, in double precision, so that rounding leaves hardly a doubt."""
    whole = torch.from_numpy(np.stack([mask.whole() for mask in soft]))[None].double()
    return functional.interpolate(whole, (height, width), mode="bilinear", align_corners=False)[0]


def check_against_whole(soft: list[CroppedMask], height: int, width: int, threshold: float = 0.5) -> None:
    """Every pixel is that of enlarging the whole masks."""
    whole = enlarged(soft, height, width)
    rles, areas = masks_to_rle(soft, height, width, threshold)
    for rle, area, values in zip(rles, areas, whole.numpy(), strict=True):
        found = decoded(rle)
        assert found.shape == (height, width)
        assert area == found.sum()
        assert rle == encode_mask(found)
        sure = np.abs(values - threshold) > 1e-12
        np.testing.assert_array_equal(found[sure], values[sure] > threshold)


@settings(max_examples=300, deadline=None)
@given(seed=seeds, hp=sizes, wp=sizes, height=targets, width=targets, threshold=st.sampled_from([0.5, 0.1, 0.9]))
@example(seed=0, hp=24, wp=24, height=1, width=1, threshold=0.5)
@example(seed=1, hp=1, wp=1, height=90, width=1, threshold=0.5)
@example(seed=2, hp=24, wp=2, height=5, width=90, threshold=0.1)
def test_masks_are_those_of_enlarging_whole_float_masks(
    seed: int, hp: int, wp: int, height: int, width: int, threshold: float
) -> None:
    random = np.random.default_rng(seed)
    soft = crops(random.random((4, hp, wp), dtype=np.float32), random_boxes(4, random))
    soft[3:] = wholes(random.random((1, hp, wp), dtype=np.float32))
    before = [mask.values.copy() for mask in soft]
    check_against_whole(soft, height, width, threshold)
    for mask, values in zip(soft, before, strict=True):
        np.testing.assert_array_equal(mask.values, values)


@pytest.mark.parametrize(("height", "width"), [(3, 5000), (5000, 3), (1, 1), (700, 500), (64, 64), (128, 32)])
def test_masks_of_pictures_of_any_shape(height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height)
    coarse = torch.rand(1, 3, 9, 9, generator=generator)
    smooth = functional.interpolate(coarse, (64, 64), mode="bicubic")[0].clamp(0, 1)
    check_against_whole(wholes(smooth.numpy()), height, width)


def test_bands_of_columns_join(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((3, 13, 11), dtype=np.float32)
    values[0] = 1
    soft = wholes(values)
    expected = masks_to_rle(soft, 40, 70)
    monkeypatch.setattr("yolact_kit.ops.masks._BAND", 13 * 4)
    found = masks_to_rle(soft, 40, 70)
    assert found[0] == expected[0]
    assert found[1].tolist() == expected[1].tolist()


@settings(max_examples=100, deadline=None)
@given(seed=seeds, hp=st.integers(1, 6), wp=st.integers(1, 6), height=st.integers(1, 30), width=st.integers(1, 30))
def test_pixels_right_at_the_threshold_are_not_set(seed: int, hp: int, wp: int, height: int, width: int) -> None:
    # Values of 0, 0.5 and 1, enlarged by powers of two: every product and sum is exact.
    soft = wholes(np.random.default_rng(seed).integers(0, 3, (2, hp, wp)).astype(np.float32) / 2)
    height, width = hp * 2 ** (height % 4), wp * 2 ** (width % 4)
    whole = enlarged(soft, height, width).numpy()
    for rle, values in zip(masks_to_rle(soft, height, width)[0], whole, strict=True):
        np.testing.assert_array_equal(decoded(rle), values > 0.5)


def cost(way: str, count: int) -> dict[str, float]:
    """Peak memory and time of masks that nearly fill a picture of 12 megapixels, in a process of their own."""
    script = Path(__file__).parents[2] / "benchmarks" / "masks.py"
    words = ["--way", way, "--sizes", "3000x4000", "--shares", "1", "--count", str(count)]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1])}
    done = subprocess.run(
        [sys.executable, str(script), *words], check=True, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    )
    row: dict[str, float] = json.loads(done.stdout)
    return row


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of Linux and macOS")
def test_a_hundred_large_masks_of_twelve_megapixels_fit_in_little_memory() -> None:
    found = cost("ours", 100)
    assert found["area"] > 0.5
    assert found["megabytes"] < 100  # 400 is the limit; a hundred full masks would be 1.2 GB, and 4.8 GB as floats
    # The measure itself: ten masks of the plain way, 480 MB of floats, are seen.
    assert cost("plain", 10)["megabytes"] > 480


def test_nothing_of_the_size_of_the_picture_is_made() -> None:
    boxes = np.array([[0, 0, 1, 1]] * 4, dtype=np.float32)
    soft = assemble(np.ones((1, 64, 64), dtype=np.float32), np.ones((4, 1), dtype=np.float32), boxes)
    tracemalloc.start()
    _, areas = masks_to_rle(soft, 6000, 8000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert areas.tolist() == [6000 * 8000] * 4
    assert peak < 48e6 / 2  # one mask of a byte a pixel would be 48 MB


@pytest.mark.parametrize("value", [0.0, 0.5, float("nan")])
def test_a_mask_that_is_nowhere_above_the_threshold_is_empty(value: float) -> None:
    rles, areas = masks_to_rle(wholes(np.full((1, 4, 4), value, dtype=np.float32)), 30, 20)
    assert areas.tolist() == [0]
    assert decoded(rles[0]).sum() == 0


def test_a_mask_that_is_everywhere_above_the_threshold_is_full() -> None:
    rles, areas = masks_to_rle(wholes(np.ones((1, 4, 4), dtype=np.float32)), 30, 20)
    assert areas.tolist() == [600]
    assert decoded(rles[0]).all()


def test_no_masks() -> None:
    zeros = np.zeros((8, 4, 4), dtype=np.float32)
    rles, areas = masks_to_rle(assemble(zeros, zeros[:0, 0], zeros[:0, 0]), 30, 20)
    assert rles == [] and areas.tolist() == []


def test_masks_do_not_depend_on_their_neighbours() -> None:
    random = np.random.default_rng(0)
    prototypes, coefficients = random.random((4, 9, 9), dtype=np.float32), random.random((70, 4), dtype=np.float32)
    boxes = random_boxes(70, random)
    together = [mask.whole() for mask in assemble(prototypes, coefficients, boxes)]
    for index in (0, 31, 32, 69):
        [alone] = assemble(prototypes, coefficients[index : index + 1], boxes[index : index + 1])
        np.testing.assert_allclose(together[index], alone.whole(), rtol=1e-5)
