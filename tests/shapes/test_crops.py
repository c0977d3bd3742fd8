from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_kit.shapes.crops import MaskCrop, decode_crop, encode_crop, resize_crop
from yolact_kit.shapes.rle import encode_mask

SIDES = st.integers(1, 20)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10_000), height=SIDES, width=SIDES, share=st.sampled_from([0, 0.1, 0.5, 0.9, 1]))
def test_a_decoded_crop_is_the_tight_part_of_the_mask(seed: int, height: int, width: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < share
    mask[:, : int(rng.integers(0, width))] = False
    mask[int(rng.integers(0, height + 1)) :] = False
    part = decode_crop(encode_mask(mask))
    tall, wide = part.pixels.shape
    whole = np.zeros_like(mask)
    whole[part.y : part.y + tall, part.x : part.x + wide] = part.pixels
    np.testing.assert_array_equal(whole, mask)
    assert part.pixels.dtype == np.bool_ and part.pixels.flags.c_contiguous
    if mask.any():
        assert part.pixels[[0, -1]].any(axis=1).all() and part.pixels[:, [0, -1]].any(axis=0).all()
    else:
        assert part.pixels.shape == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_crop_is_encoded_as_the_whole_mask(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((23, 31), dtype=np.uint8)
    mask[:, 4:20] = rng.integers(0, 2, (23, 16)) if seed else 1  # runs that go on from column to column
    part = decode_crop(encode_mask(mask))
    assert encode_crop(part, 23, 31) == encode_mask(mask)
    assert encode_crop(MaskCrop(0, 0, np.zeros((0, 0), dtype=bool)), 23, 31) == encode_mask(np.zeros_like(mask))


@pytest.mark.parametrize("size", [(40, 30), (37, 19), (80, 60), (113, 71)], ids=str)
def test_a_resized_crop_is_the_crop_of_the_resized_mask(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    for number in range(20):
        mask = np.zeros((60, 80), np.uint8)
        centre, radius = random.integers(0, (80, 60)).tolist(), int(random.integers(1, 30))
        cv2.circle(mask, centre, radius, 255, -1)
        part = decode_crop(encode_mask(mask))
        resized = decode_crop(encode_crop(resize_crop(part, size[0] / 80, size[1] / 60, size), size[1], size[0]))
        whole = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        inside = np.zeros(size[::-1], np.bool_)
        rows, columns = resized.pixels.shape
        inside[resized.y : resized.y + rows, resized.x : resized.x + columns] = resized.pixels
        if size[0] <= 80:  # OpenCV enlarges otherwise
            assert np.array_equal(inside, whole >= 127.49), number
        assert abs(inside.mean() - (mask > 0).mean()) < 0.03
