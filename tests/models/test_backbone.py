from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import get_model

from yolact_kit.config.schema import ModelConfig
from yolact_kit.errors import UserError
from yolact_kit.models.backbone import STRIDES, Backbone

CHANNELS = {
    "resnet18": [128, 256, 512],
    "mobilenet_v3_small": [24, 48, 576],
    "mobilenet_v3_large": [40, 112, 960],
    "efficientnet_b0": [40, 112, 1280],
    "convnext_tiny": [192, 384, 768],
    "darknet53": [256, 512, 1024],
}
MORE = {
    "resnet50": [512, 1024, 2048],
    "resnext50_32x4d": [512, 1024, 2048],
    "wide_resnet50_2": [512, 1024, 2048],
    "efficientnet_b7": [80, 224, 2560],
    "efficientnet_v2_s": [64, 160, 1280],
    "convnext_small": [192, 384, 768],
    "convnext_base": [256, 512, 1024],
    "mobilenet_v2": [32, 96, 1280],
    "shufflenet_v2_x0_5": [48, 96, 1024],
    "densenet121": [512, 1024, 1024],
    "mnasnet0_5": [24, 48, 1280],
    "vgg11_bn": [512, 512, 512],
}


def strides(backbone: Backbone, height: int, width: int) -> list[tuple[int, ...]]:
    with torch.no_grad():
        return [tuple(features.shape) for features in backbone.eval()(torch.zeros(1, 3, height, width))]


@pytest.mark.parametrize(
    ("name", "channels"),
    [*CHANNELS.items(), *(pytest.param(*item, marks=pytest.mark.slow) for item in MORE.items())],
)
def test_feature_maps_have_strides_8_16_and_32(name: str, channels: list[int]) -> None:
    with torch.device("meta"):
        backbone = Backbone(name)
        shapes = strides(backbone, 96, 160)
    assert backbone.channels == channels
    assert shapes == [(1, width, 96 // stride, 160 // stride) for width, stride in zip(channels, STRIDES, strict=True)]


def test_a_regnet_has_them_as_well() -> None:
    # Its initial weights cannot be drawn without memory for them, as the others' are here.
    assert strides(Backbone("regnet_y_400mf"), 64, 64) == [(1, 104, 8, 8), (1, 208, 4, 4), (1, 440, 2, 2)]


@pytest.mark.parametrize("name", ["vit_b_16", "squeezenet1_1"])
def test_networks_without_such_feature_maps_are_refused(name: str) -> None:
    with (
        torch.device("meta"),
        pytest.raises(UserError, match=f"{name} has no feature maps of stride 8, 16 and 32") as caught,
    ):
        Backbone(name)
    assert "ResNet" in caught.value.advice


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(ValueError, match=r"'mobilenet_v3_small', 'mobilenetv3_small_100'"):
        ModelConfig(backbone="mobilenetv3_small")


def test_only_a_resnet_can_be_deformable() -> None:
    with pytest.raises(UserError, match="mobilenet_v3_small cannot have deformable"):
        Backbone("mobilenet_v3_small", deformable=1)


def test_a_blocks_last_norm_begins_at_zero() -> None:
    assert (Backbone("resnet18").body.get_parameter("layer2.1.bn2.weight") == 0).all()


def test_weights_of_the_whole_network_are_loaded_without_its_classifier(tmp_path: Path) -> None:
    network = get_model("mobilenet_v3_small", weights=None)
    torch.save(network.state_dict(), tmp_path / "mobilenet.pth")
    backbone = Backbone("mobilenet_v3_small")
    backbone.load(str(tmp_path / "mobilenet.pth"))
    loaded = backbone.body.state_dict()
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in loaded.items())
    with pytest.raises(UserError, match="no weights for the backbone resnet18"):
        Backbone("resnet18").load(str(tmp_path / "mobilenet.pth"))


def test_usual_weights_fit_a_deformable_network(tmp_path: Path) -> None:
    network = get_model("resnet18", weights=None)
    torch.save(network.state_dict(), tmp_path / "resnet18.pth")
    backbone = Backbone("resnet18", deformable=1)
    backbone.load(str(tmp_path / "resnet18.pth"))
    assert torch.equal(backbone.body.get_parameter("layer3.0.conv2.weight"), network.layer3[0].conv2.weight)
    assert (backbone.body.get_parameter("layer3.0.conv2.conv_offset_mask.weight") == 0).all()
    torch.save(
        {key: value for key, value in network.state_dict().items() if "layer3.0.conv2" not in key},
        tmp_path / "less.pth",
    )
    with pytest.raises(UserError, match="no weights for the backbone resnet18"):
        backbone.load(str(tmp_path / "less.pth"))


def test_imagenet_weights_of_darknet_are_not_to_be_had() -> None:
    with torch.device("meta"):
        backbone = Backbone("darknet53")
    with pytest.raises(UserError, match="no ImageNet weights for darknet53") as caught:
        backbone.load("imagenet")
    assert "--weights FILE" in caught.value.advice
