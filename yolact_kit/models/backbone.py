"""Backbones: torchvision's classification networks, giving their feature maps of stride 8, 16 and 32."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.models.feature_extraction import create_feature_extractor

from yolact_kit.errors import UserError

STAGES = {"layer2": "c3", "layer3": "c4", "layer4": "c5"}
"""ResNet's stages by the feature map that each gives."""


class Backbone(nn.Module):
    """A ResNet (He et al., CVPR 2016) without its classifier.

    Args:
        name: Its torchvision name, such as ``resnet18``.

    Attributes:
        channels: Channels of C3, C4 and C5.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        # Trained from scratch, a block that begins as the identity learns sooner (Goyal et al., 2017, section 5.1).
        network = get_model(name, weights=None, zero_init_residual=True)
        self.body = create_feature_extractor(network, return_nodes=STAGES)
        with torch.no_grad():
            features = self.body.eval()(torch.zeros(1, 3, 64, 64))
        self.body.train()
        self.channels = [features[stage].shape[1] for stage in STAGES.values()]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps C3, C4 and C5 of normalised images [B, 3, H, W], at strides 8, 16 and 32."""
        features = self.body(images)
        return [features[stage] for stage in STAGES.values()]

    def load(self, weights: str) -> None:
        """Loads classification weights.

        Args:
            weights: ``imagenet`` for torchvision's ImageNet weights (downloaded once and cached by torch), a file
                that holds a state dict of the same network, or ``none``.

        Raises:
            UserError: The weights cannot be downloaded, or the file is missing or not of this network.
        """
        if weights == "none":
            return
        state = _imagenet(self.name) if weights == "imagenet" else _read(Path(weights))
        state = {key: value for key, value in state.items() if not key.startswith("fc.")}
        try:
            self.body.load_state_dict(state)
        except RuntimeError as error:
            raise UserError(
                f"'{weights}' holds no weights of the backbone {self.name}.",
                f"Give a state dict of torchvision's {self.name}, or go on with `--weights none`.",
            ) from error


def _imagenet(name: str) -> dict[str, Tensor]:
    weights = get_model_weights(name).IMAGENET1K_V1
    try:
        state: dict[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True)
    except (URLError, OSError) as error:
        raise UserError(
            f"The ImageNet weights of {name} could not be downloaded from {weights.url} ({error}).",
            "Without a network, train from scratch with `--weights none`, or download that file elsewhere and give "
            "it: `--weights FILE`.",
        ) from error
    return state


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise UserError(f"The backbone weights '{path}' do not exist.", "Give `imagenet`, `none`, or a file.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(
            f"'{path}' cannot be read as a state dict: {type(error).__name__}.",
            "It may be truncated, or hold code, which yolact-kit never executes.",
        ) from error
    if not isinstance(state, dict):
        raise UserError(f"'{path}' holds no state dict but a {type(state).__name__}.")
    return state
