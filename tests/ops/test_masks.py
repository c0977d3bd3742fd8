from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from torch.nn import functional

from yolact_kit.annotations.dataset import Rle
from yolact_kit.ops.masks import MaskCrop, assemble, crop, encode_crop, masks_to_rle, upsample_crop

sizes = st.integers(1, 24)
targets = st.integers(1, 90)


def decoded(rle: Rle) -> np.ndarray:
    return coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})


def slow_assemble(prototypes: torch.Tensor, coefficients: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Prototypes x coefficients, one pixel at a time."""
    depth, height, width = prototypes.shape
    masks = torch.zeros(len(boxes), height, width)
    for index, box in enumerate(boxes.tolist()):
        for y in range(height):
            for x in range(width):
                inside_x = min(box[0], box[2]) * width - 1 <= x < max(box[0], box[2]) * width + 1
                inside_y = min(box[1], box[3]) * height - 1 <= y < max(box[1], box[3]) * height + 1
                if inside_x and inside_y:
                    value = sum(prototypes[k, y, x] * coefficients[index, k] for k in range(depth))
                    masks[index, y, x] = 1 / (1 + np.exp(-float(value)))
    return masks


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), height=st.integers(1, 9), width=st.integers(1, 9))
def test_assemble_is_sigmoid_of_the_sum_inside_the_padded_box(seed: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    prototypes = torch.rand(3, height, width, generator=generator)
    coefficients = torch.rand(2, 3, generator=generator) * 2 - 1
    boxes = torch.rand(2, 4, generator=generator) * 1.6 - 0.3
    torch.testing.assert_close(
        assemble(prototypes, coefficients, boxes), slow_assemble(prototypes, coefficients, boxes)
    )


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10_000), hp=sizes, wp=sizes, height=targets, width=targets)
def test_masks_equal_those_of_enlarging_whole_float_masks(seed: int, hp: int, wp: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.rand(3, 4, generator=generator) * 1.4 - 0.2
    soft = crop(torch.rand(3, hp, wp, generator=generator), boxes)
    whole = functional.interpolate(soft[None], (height, width), mode="bilinear", align_corners=False)[0]
    rles, areas = masks_to_rle(soft, height, width)
    for rle, area, values in zip(rles, areas, whole.numpy(), strict=True):
        found = decoded(rle)
        assert found.shape == (height, width)
        assert area == found.sum()
        sure = np.abs(values - 0.5) > 1e-5
        np.testing.assert_array_equal(found[sure], values[sure] > 0.5)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000), height=st.integers(1, 20), width=st.integers(1, 20), share=st.sampled_from([0, 0.5, 1])
)
def test_rle_of_a_part_is_the_rle_of_the_whole(seed: int, height: int, width: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
    tall, wide = int(rng.integers(0, height - y + 1)), int(rng.integers(0, width - x + 1))
    pixels = rng.random((tall, wide)) < share
    whole = np.zeros((height, width), dtype=np.uint8, order="F")
    whole[y : y + tall, x : x + wide] = pixels
    expected = coco_mask.encode(whole)
    assert encode_crop(MaskCrop(x, y, pixels), height, width) == {
        "size": [height, width],
        "counts": expected["counts"].decode("ascii"),
    }


def test_an_enlarged_part_has_no_empty_border() -> None:
    soft = np.zeros((16, 16), dtype=np.float32)
    soft[4:9, 10:12] = 0.9
    part = upsample_crop(soft, 160, 320)
    assert part.pixels[0].any() and part.pixels[-1].any()
    assert part.pixels[:, 0].any() and part.pixels[:, -1].any()
    # The value passes 0.5 at 5/9 of the way from pixel 3 to 4 (9 to 10): (t + 0.5) / 10 - 0.5 = 3.56 at row t = 40.06.
    assert (part.y, part.x) == (41, 201)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_mask_that_is_nowhere_above_the_threshold_is_empty(value: float) -> None:
    rles, areas = masks_to_rle(torch.full((1, 4, 4), value), 30, 20)
    assert areas.tolist() == [0]
    assert decoded(rles[0]).sum() == 0


def test_no_masks() -> None:
    soft = assemble(torch.zeros(8, 4, 4), torch.zeros(0, 8), torch.zeros(0, 4))
    rles, areas = masks_to_rle(soft, 30, 20)
    assert soft.shape == (0, 4, 4)
    assert rles == [] and areas.tolist() == []


def test_a_hundred_masks_of_twelve_megapixels_fit_in_little_memory() -> None:
    import tracemalloc

    centres = torch.rand(100, 2, generator=torch.Generator().manual_seed(0)) * 0.9
    boxes = torch.cat([centres, centres + 0.1], dim=1)
    soft = assemble(torch.ones(1, 64, 64), torch.ones(100, 1), boxes)
    tracemalloc.start()
    _, areas = masks_to_rle(soft, 3000, 4000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (areas > 0).all()
    assert peak < 100e6  # a hundred full masks would be 1.2 GB, and 4.8 GB as floats


def test_half_precision_is_taken() -> None:
    soft = assemble(torch.ones(2, 4, 4).bfloat16(), torch.ones(1, 2).bfloat16(), torch.tensor([[0.0, 0, 1, 1]]))
    assert soft.dtype == torch.float32
    assert soft.min() > 0.8
