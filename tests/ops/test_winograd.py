from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from yolact_kit.ops import winograd
from yolact_kit.ops.winograd import POINTS, convolve, transform_kernels, transforms

SHAPES = [(1, 1, 1), (2, 6, 6), (1, 7, 13), (3, 35, 18), (1, 69, 41)]


def exact(images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    wide = None if bias is None else bias.double()
    return functional.conv2d(images.double(), weight.double(), wide, padding=1)


@pytest.mark.parametrize("m", POINTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("strip", [1, 20, 10_000])
def test_gives_what_the_convolution_gives(
    m: int, shape: tuple[int, int, int], strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd, "STRIP", strip)
    torch.manual_seed(0)
    images, weight, bias = torch.randn(shape[0], 24, *shape[1:]), torch.randn(17, 24, 3, 3) / 15, torch.randn(17)
    found = convolve(images, transform_kernels(weight, m), bias, m)
    assert found.shape == (shape[0], 17, *shape[1:]) and found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found.double(), exact(images, weight, bias), rtol=0, atol=5e-5)
    plain = convolve(images, transform_kernels(weight, m), None, m)
    torch.testing.assert_close(plain.double(), exact(images, weight, None), rtol=0, atol=5e-5)


@pytest.mark.parametrize(("m", "limit"), [(4, 16), (6, 48)])
def test_rounding_errors_are_a_few_times_the_precision_of_float32(m: int, limit: int) -> None:
    torch.manual_seed(1)
    images, weight = torch.randn(1, 128, 36, 36).relu(), torch.randn(64, 128, 3, 3) / 24
    truth = exact(images, weight, None)
    # Not measured by the convolution's own error: some processors add in an order that makes it a fifth of others'.
    precision = torch.finfo(torch.float32).eps * truth.std()
    assert (convolve(images, transform_kernels(weight, m), None, m) - truth).std() < limit * precision


@pytest.mark.parametrize("m", POINTS)
def test_a_picture_by_itself_and_in_a_batch(m: int) -> None:
    torch.manual_seed(2)
    images, kernels = torch.randn(8, 32, 30, 22), transform_kernels(torch.randn(16, 32, 3, 3) / 17, m)
    together = convolve(images, kernels, None, m)
    alone = torch.cat([convolve(image[None], kernels, None, m) for image in images])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("m", POINTS)
def test_the_transforms_are_exact_but_for_rounding(m: int) -> None:
    inputs, kernel, outputs = transforms(m)
    row, taps = torch.randn(m + 2, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    found = outputs @ ((kernel @ taps) * (inputs @ row))
    torch.testing.assert_close(found, functional.conv1d(row.view(1, 1, -1), taps.view(1, 1, -1)).flatten())
