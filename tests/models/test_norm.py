from __future__ import annotations

import pytest
import torch
from torch import nn

from yolact_kit.config.schema import ModelConfig
from yolact_kit.models.norm import normalised
from yolact_kit.models.yolact import YolactNetwork


def test_without_it_parameters_keep_their_names() -> None:
    convolution = nn.Conv2d(3, 16, 3)
    assert normalised(convolution, groups=False) is convolution


@pytest.mark.parametrize("channels", [1, 12, 64])
def test_what_a_convolution_gives_is_normalised_for_each_picture(channels: int) -> None:
    torch.manual_seed(0)
    pictures = torch.randn(2, 3, 16, 16) * torch.tensor([1.0, 100.0]).view(2, 1, 1, 1) + 5
    made = normalised(nn.Conv2d(3, channels, 3, bias=False), groups=True)(pictures)
    assert made.mean(dim=(1, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert made.std(dim=(1, 2, 3)).tolist() == pytest.approx([1, 1], abs=0.01)


def test_pyramid_protonet_and_head_have_it() -> None:
    tiny = {"input_size": 64, "features": 8, "head_features": 8, "prototypes": 4}
    plain, group = (YolactNetwork(ModelConfig(norm=norm, **tiny), 1) for norm in ("none", "group"))
    assert not [module for module in plain.modules() if isinstance(module, nn.GroupNorm)]
    counts = [
        sum(isinstance(module, nn.GroupNorm) for module in part.modules())
        for part in (group.fpn, group.protonet, group.head)
    ]
    assert counts == [6, 4, 1]
