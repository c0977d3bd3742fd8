from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.tiny_model import SMALL_BACKBONE, tiny_config, tiny_model
from yolact_kit.config.schema import FrozenPart
from yolact_kit.models.backbone import Backbone
from yolact_kit.models.freezing import freeze, hold_statistics, is_frozen, stem_parameters
from yolact_kit.models.yolact import YolactNetwork

STEMS = {
    "resnet18": ("body.conv1.weight", "body.layer2.1.bn2.bias", "body.layer3.0.conv1.weight"),
    SMALL_BACKBONE: ("body.features.0.0.weight", "body.features.3.block.2.1.bias", "body.features.4.block.0.0.weight"),
    "darknet53": ("body.stem.0.weight", "body.layer3.8.conv2.1.bias", "body.layer4.0.0.weight"),
    "regnet_y_400mf": (
        "body.stem.0.weight",
        "body.trunk_output.block2.block2-2.f.c.1.bias",
        "body.trunk_output.block3.block3-0.proj.0.weight",
    ),
}
"""First and last parameter of the stem, and the first one after it, as the networks' own structure has them."""


@pytest.mark.parametrize("name", STEMS)
def test_the_stem_of_any_backbone_is_what_comes_before_stride_8(name: str) -> None:
    backbone = Backbone(name)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    numbers = torch.get_rng_state()
    stem = {id(value) for value in stem_parameters(backbone)}
    names = [key for key, value in backbone.named_parameters() if id(value) in stem]
    after = [key for key, value in backbone.named_parameters() if id(value) not in stem]
    assert (names[0], names[-1], after[0]) == STEMS[name]
    # Finding it leaves no trace: neither in batch norm nor in the random numbers nor in the gradients.
    assert all(torch.equal(before[key], value) for key, value in backbone.state_dict().items())
    assert torch.equal(numbers, torch.get_rng_state())
    assert backbone.training and all(value.grad is None for value in backbone.parameters())


def frozen_names(model: YolactNetwork) -> list[str]:
    return [name for name, value in model.named_parameters() if not value.requires_grad]


@pytest.mark.parametrize("part", ["backbone", "fpn", "protonet", "head"])
def test_a_part_is_frozen_as_a_whole_and_alone(part: FrozenPart) -> None:
    model = tiny_model(tiny_config())
    freeze(model, [part])
    assert frozen_names(model) == [name for name, _ in model.named_parameters() if name.startswith(f"{part}.")]
    freeze(model, ["backbone", part])
    assert is_frozen(model.backbone) and is_frozen(getattr(model, part))


def test_the_stem_may_be_named_beside_the_backbone_and_nothing_be_named() -> None:
    model = tiny_model(tiny_config())
    freeze(model, [])
    assert frozen_names(model) == []
    freeze(model, ["backbone", "stem"])
    assert is_frozen(model.backbone) and not is_frozen(model)


def test_statistics_of_frozen_batch_norm_are_held_and_no_other() -> None:
    model = tiny_model(tiny_config()).train()
    model.add_module("plain", nn.BatchNorm2d(4, affine=False))  # without parameters, so that nobody froze it
    freeze(model, ["stem"])
    hold_statistics(model)
    held = {name for name, part in model.named_modules() if isinstance(part, nn.BatchNorm2d) and not part.training}
    assert "backbone.body.bn1" in held and "backbone.body.layer2.1.bn2" in held
    assert "backbone.body.layer3.0.bn1" not in held and "plain" not in held
    hold_statistics(model.backbone, all_of_it=True)
    assert not any(part.training for part in model.backbone.modules() if isinstance(part, nn.BatchNorm2d))
