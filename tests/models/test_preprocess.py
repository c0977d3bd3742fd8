from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from yolact_kit.config.schema import ModelConfig
from yolact_kit.models.preprocess import prepare


@pytest.mark.parametrize(("height", "width"), [(90, 120), (128, 50), (129, 300), (777, 64), (2000, 700)])
def test_a_large_picture_is_resized_as_the_whole_of_it_in_float(height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    made = prepare(picture, ModelConfig(input_size=64, interpolation="linear"))
    whole = cv2.resize(picture.astype(np.float32), (64, 64), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(made.transpose(1, 2, 0), whole, atol=1e-4)


def test_a_large_picture_is_never_float_as_a_whole() -> None:
    picture = np.zeros((4000, 1000, 3), dtype=np.uint8)
    tracemalloc.start()
    try:
        prepare(picture, ModelConfig(input_size=64, interpolation="linear"))
        assert tracemalloc.get_traced_memory()[1] < picture.nbytes
    finally:
        tracemalloc.stop()
