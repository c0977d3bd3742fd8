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
from pycocotools import mask as coco_mask
from torch.nn import functional

from yolact_kit.ops.masks import assemble, crop, masks_to_rle
from yolact_kit.shapes.rle import Rle, encode_mask

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 24)
targets = st.integers(1, 90)


def decoded(rle: Rle) -> np.ndarray:
    return coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})


def random_boxes(count: int, generator: torch.Generator) -> torch.Tensor:
    """Boxes that may reach beyond the picture, be reversed, or (every third) have no width or no height."""
    boxes = torch.rand(count, 4, generator=generator) * 1.6 - 0.3
    boxes[::3, 2] = boxes[::3, 0]
    boxes[1::3, 3] = boxes[1::3, 1]
    return boxes


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
def test_crop_keeps_what_lies_in_the_padded_box(seed: int, height: int, width: int, padding: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.rand(6, height, width, generator=generator) + 0.1
    boxes = random_boxes(6, generator).double()
    before = masks.clone()
    cropped = crop(masks, boxes, padding)
    for mask, found, box in zip(masks, cropped, boxes.tolist(), strict=True):
        expected = np.where(slow_inside(box, height, width, padding), mask, 0)
        np.testing.assert_array_equal(found, expected)
    assert torch.equal(masks, before)


def test_crop_removes_what_is_not_a_number() -> None:
    assert crop(torch.full((1, 4, 4), torch.nan), torch.tensor([[0, 0, 0.5, 1.0]]), padding=0).isnan().sum() == 8


@settings(max_examples=25, deadline=None)
@given(seed=seeds, height=st.integers(1, 9), width=st.integers(1, 9))
def test_assemble_is_sigmoid_of_the_sum_inside_the_padded_box(seed: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    prototypes = torch.rand(3, height, width, generator=generator)
    coefficients = torch.rand(4, 3, generator=generator) * 2 - 1
    boxes = random_boxes(4, generator)
    given_values = [part.clone() for part in (prototypes, coefficients, boxes)]
    expected = torch.zeros(4, height, width)
    for index, box in enumerate(boxes.double().tolist()):
        for y, x in zip(*slow_inside(box, height, width, 1).nonzero(), strict=True):
            value = sum(float(prototypes[k, y, x]) * float(coefficients[index, k]) for k in range(3))
            expected[index, y, x] = 1 / (1 + np.exp(-value))
    torch.testing.assert_close(assemble(prototypes, coefficients, boxes), expected)
    for part, before in zip((prototypes, coefficients, boxes), given_values, strict=True):
        assert torch.equal(part, before)


def check_against_whole(soft: torch.Tensor, height: int, width: int, threshold: float = 0.5) -> None:
    """Every pixel is that of enlarging the whole masks; in double precision, so that rounding leaves hardly a doubt."""
    whole = functional.interpolate(soft[None].double(), (height, width), mode="bilinear", align_corners=False)[0]
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
    generator = torch.Generator().manual_seed(seed)
    soft = crop(torch.rand(4, hp, wp, generator=generator), random_boxes(4, generator))
    soft[3] = torch.rand(hp, wp, generator=generator)
    before = soft.clone()
    check_against_whole(soft, height, width, threshold)
    assert torch.equal(soft, before)


@pytest.mark.parametrize(("height", "width"), [(3, 5000), (5000, 3), (1, 1), (700, 500), (64, 64), (128, 32)])
def test_masks_of_pictures_of_any_shape(height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height)
    coarse = torch.rand(1, 3, 9, 9, generator=generator)
    smooth = functional.interpolate(coarse, (64, 64), mode="bicubic")[0].clamp(0, 1)
    check_against_whole(smooth, height, width)


def test_bands_of_columns_join(monkeypatch: pytest.MonkeyPatch) -> None:
    soft = torch.rand(3, 13, 11, generator=torch.Generator().manual_seed(0))
    soft[0] = 1
    expected = masks_to_rle(soft, 40, 70)
    monkeypatch.setattr("yolact_kit.ops.masks._BAND", 13 * 4)
    found = masks_to_rle(soft, 40, 70)
    assert found[0] == expected[0]
    assert found[1].tolist() == expected[1].tolist()


@settings(max_examples=100, deadline=None)
@given(seed=seeds, hp=st.integers(1, 6), wp=st.integers(1, 6), height=st.integers(1, 30), width=st.integers(1, 30))
def test_pixels_right_at_the_threshold_are_not_set(seed: int, hp: int, wp: int, height: int, width: int) -> None:
    # Values of 0, 0.5 and 1, enlarged by powers of two: every product and sum is exact.
    soft = torch.randint(0, 3, (2, hp, wp), generator=torch.Generator().manual_seed(seed)) / 2
    height, width = hp * 2 ** (height % 4), wp * 2 ** (width % 4)
    whole = functional.interpolate(soft[None].double(), (height, width), mode="bilinear", align_corners=False)[0]
    for rle, values in zip(masks_to_rle(soft, height, width)[0], whole.numpy(), strict=True):
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
    boxes = torch.tensor([[0.0, 0, 1, 1]] * 4)
    soft = assemble(torch.ones(1, 64, 64), torch.ones(4, 1), boxes)
    tracemalloc.start()
    _, areas = masks_to_rle(soft, 6000, 8000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert areas.tolist() == [6000 * 8000] * 4
    assert peak < 48e6 / 2  # one mask of a byte a pixel would be 48 MB


@pytest.mark.parametrize("value", [0.0, 0.5, float("nan")])
def test_a_mask_that_is_nowhere_above_the_threshold_is_empty(value: float) -> None:
    rles, areas = masks_to_rle(torch.full((1, 4, 4), value), 30, 20)
    assert areas.tolist() == [0]
    assert decoded(rles[0]).sum() == 0


def test_a_mask_that_is_everywhere_above_the_threshold_is_full() -> None:
    rles, areas = masks_to_rle(torch.ones(1, 4, 4), 30, 20)
    assert areas.tolist() == [600]
    assert decoded(rles[0]).all()


def test_no_masks() -> None:
    soft = assemble(torch.zeros(8, 4, 4), torch.zeros(0, 8), torch.zeros(0, 4))
    rles, areas = masks_to_rle(soft, 30, 20)
    assert soft.shape == (0, 4, 4)
    assert rles == [] and areas.tolist() == []


def test_half_precision_is_taken() -> None:
    soft = assemble(torch.ones(2, 4, 4).bfloat16(), torch.ones(1, 2).bfloat16(), torch.tensor([[0.0, 0, 1, 1]]))
    assert soft.dtype == torch.float32
    assert soft.min() > 0.8
    assert masks_to_rle(soft.half(), 8, 8)[1].tolist() == [64]
