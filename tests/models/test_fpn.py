"""The feature pyramid."""

from __future__ import annotations

import pytest
import torch

from yolact_kit.models.fpn import FeaturePyramid


@pytest.mark.parametrize("side", [64, 96, 128])
def test_each_level_is_half_as_large_as_the_one_before(side: int) -> None:
    pyramid = FeaturePyramid([8, 8, 8], 16)
    levels = pyramid([torch.randn(2, 8, side // stride, side // stride) for stride in (8, 16, 32)])
    assert [level.shape[-1] for level in levels] == [-(-side // stride) for stride in (8, 16, 32, 64, 128)]


def test_a_single_pixel_is_shrunk_as_the_whole_kernel_does() -> None:
    pyramid = FeaturePyramid([8, 8, 8], 16)
    levels = pyramid([torch.randn(2, 8, 64 // stride, 64 // stride) for stride in (8, 16, 32)])
    assert levels[3].shape == levels[4].shape == (2, 16, 1, 1)
    torch.testing.assert_close(levels[4], pyramid.shrink[1](levels[3]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_of_single_pixels_is_right(dtype: torch.dtype) -> None:
    """oneDNN 3.12 leaves parts of this gradient unwritten in bf16: what lay in memory before is given out."""
    torch.manual_seed(0)
    pyramid = FeaturePyramid([8, 8, 8], 16)
    exact = FeaturePyramid([8, 8, 8], 16).double()
    exact.load_state_dict(pyramid.state_dict())
    maps = [torch.randn(2, 8, 64 // stride, 64 // stride) for stride in (8, 16, 32)]
    exact([features.double() for features in maps])[4].sum().backward()
    for _ in range(10):
        freed = [torch.full((size,), float("nan")) for size in (100, 1000, 10_000)]
        del freed
        pyramid.zero_grad()
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            pyramid(maps)[4].sum().backward()
        for layer, truth in zip(pyramid.shrink, exact.shrink, strict=True):
            assert layer.weight.grad is not None and truth.weight.grad is not None
            torch.testing.assert_close(layer.weight.grad.double(), truth.weight.grad, rtol=0.05, atol=0.05)
