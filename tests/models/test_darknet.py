from __future__ import annotations

import torch
from torch import nn

from yolact_kit.models.darknet import Darknet53


def test_it_has_52_convolutions_and_40_million_parameters() -> None:
    with torch.device("meta"):
        network = Darknet53()
    assert sum(isinstance(module, nn.Conv2d) for module in network.modules()) == 52
    assert sum(parameter.numel() for parameter in network.parameters()) == 40_584_928


def test_signals_neither_die_nor_explode_on_the_way() -> None:
    torch.manual_seed(0)
    network = Darknet53().train()
    features = network(torch.rand(2, 3, 96, 96))
    assert features.shape == (2, 1024, 3, 3)
    assert 0.1 < features.std() < 10
