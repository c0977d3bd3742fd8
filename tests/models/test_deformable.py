from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import get_model

from yolact_kit.models.deformable import ModulatedConv2d, make_deformable


def deformed(name: str, interval: int) -> list[str]:
    with torch.device("meta"):
        network = get_model(name, weights=None)
        make_deformable(network, interval)
    return [path for path, module in network.named_modules() if isinstance(module, ModulatedConv2d)]


def test_every_block_of_a_resnet50_is_deformable() -> None:
    blocks = [(2, 4), (3, 6), (4, 3)]
    assert deformed("resnet50", 1) == [f"layer{stage}.{n}.conv2" for stage, count in blocks for n in range(count)]


def test_every_third_block_of_a_resnet101_is_deformable() -> None:
    blocks = [(2, 4), (3, 23), (4, 3)]
    assert deformed("resnet101", 3) == [
        f"layer{stage}.{n}.conv2" for stage, count in blocks for n in range(0, count, 3)
    ]


def test_offsets_move_the_places_down_and_right_and_masks_weigh_them() -> None:
    convolution = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.zeros_(convolution.weight)
    convolution.weight.data[0, 0, 1, 1] = 1  # The middle place alone: the picture itself.
    module = ModulatedConv2d(convolution)
    middle = 4
    module.conv_offset_mask.bias.data[2 * middle] = 1.0
    module.conv_offset_mask.bias.data[2 * middle + 1] = 2.0
    module.conv_offset_mask.bias.data[18 + middle] = 100.0
    picture = torch.rand(1, 1, 8, 8)
    torch.testing.assert_close(module(picture)[..., :-1, :-2], picture[..., 1:, 2:])
    module.conv_offset_mask.bias.data[18 + middle] = -100.0
    assert module(picture).abs().max() < 1e-6


def test_gradients_reach_the_offsets_and_the_masks() -> None:
    torch.manual_seed(0)
    module = ModulatedConv2d(nn.Conv2d(4, 4, 3, padding=1, groups=2))
    module(torch.rand(2, 4, 8, 8)).square().sum().backward()
    gradient = module.conv_offset_mask.weight.grad
    assert gradient is not None
    assert (gradient[:18] != 0).any() and (gradient[18:] != 0).any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_mixed_precision_goes_around_it(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    module = ModulatedConv2d(nn.Conv2d(4, 4, 3, padding=1))
    features = torch.rand(1, 4, 8, 8)
    with torch.autocast("cpu", dtype=dtype):
        halved = module(features.to(dtype))
    assert halved.dtype == dtype
    torch.testing.assert_close(halved.float(), module(features), rtol=0.02, atol=0.02)
