"""Backbones: classification networks by name, giving their feature maps of stride 8, 16 and 32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import read_state_dict
from yolact_kit.models.darknet import Darknet53
from yolact_kit.models.deformable import ModulatedConv2d, make_deformable

DARKNET = "darknet53"
STRIDES = (8, 16, 32)
_PROBE = 64


class Backbone(nn.Module):
    """A classification network without its classifier.

    Args:
        name: ``darknet53``, or the name of a torchvision network that has feature maps of stride 8, 16 and 32: any
            ResNet, MobileNet, EfficientNet, ConvNeXt, RegNet, and others.
        deformable: Interval of deformable convolutions, see `make_deformable`; 0 for none. For ResNets only.

    Attributes:
        channels: Channels of C3, C4 and C5.

    Raises:
        UserError: The network has no such feature maps, or cannot be made deformable.

    Example:
        >>> [tuple(c.shape[1:]) for c in Backbone("resnet18").eval()(torch.zeros(1, 3, 64, 64))]
        [(128, 8, 8), (256, 4, 4), (512, 2, 2)]
    """

    def __init__(self, name: str, deformable: int = 0) -> None:
        super().__init__()
        self.name = name
        network = _network(name)
        if deformable and not isinstance(network, ResNet):
            raise UserError(
                f"The backbone {name} cannot have deformable convolutions.",
                "Set model.deformable to 0, or choose a ResNet, such as resnet50.",
            )
        stages = find_stages(network)
        if len(stages) < len(STRIDES):
            raise UserError(
                f"The backbone {name} has no feature maps of stride 8, 16 and 32.",
                "Choose a ResNet, MobileNet, EfficientNet, ConvNeXt or RegNet.",
            )
        self.channels = list(stages.values())
        self.body = create_feature_extractor(network, return_nodes=list(stages))
        self._stages = list(stages)
        if deformable:
            make_deformable(self.body, deformable)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps C3, C4 and C5 of normalised images [B, 3, H, W], at strides 8, 16 and 32."""
        features = self.body(images)
        return [features[stage] for stage in self._stages]

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
        state = _imagenet(self.name) if weights == "imagenet" else read_state_dict(Path(weights))
        parts = {name for name, _ in self.body.named_children()}
        # The parts of the network that the backbone does not have are its classifier.
        state = {key: value for key, value in state.items() if key.partition(".")[0] in parts}
        try:
            missing, unexpected = self.body.load_state_dict(state, strict=False)
        except RuntimeError as error:
            raise self._foreign(weights) from error
        if unexpected or not set(missing) <= self._deformable_keys():
            raise self._foreign(weights)

    def _deformable_keys(self) -> set[str]:
        """Names of the parameters that only deformable convolutions have; they keep their initial values."""
        convolutions = [(name, part) for name, part in self.body.named_modules() if isinstance(part, ModulatedConv2d)]
        return {f"{name}.{key}" for name, part in convolutions for key in part.state_dict() if key != "weight"}

    def _foreign(self, weights: str) -> UserError:
        """The error of weights that are another network's."""
        return UserError(
            f"'{weights}' holds no weights for the backbone {self.name}.",
            f"Give a state dict of the classification network {self.name}, or go on with `--weights none`.",
        )


def find_stages(network: nn.Module) -> dict[str, int]:
    """The parts of a network that give its last feature maps of stride 8, 16 and 32.

    A small picture goes through the network. Of the modules whose output has a stride, the outermost count, so that the
    first layers of a block that goes on to the next stride do not, and of those the last.

    Args:
        network: A classification network.

    Returns:
        Their dotted names with the channels that they give, in the order of `STRIDES`; fewer where a stride is missing.

    Example:
        >>> find_stages(get_model("mobilenet_v3_small", weights=None))
        {'features.3': 24, 'features.8': 48, 'features': 576}
    """
    # By the side of the feature map: names and channels of the modules that gave one of that side, in their order.
    outputs: dict[int, list[tuple[str, int]]] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and output.shape[2] == output.shape[3]:
                outputs.setdefault(output.shape[2], []).append((name, output.shape[1]))

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in network.named_modules() if name]
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, _PROBE, _PROBE))
    except (RuntimeError, AssertionError):
        return {}  # A network for one input size alone.
    finally:
        network.train()
        for hook in hooks:
            hook.remove()
    # Dots in a name count how deep a module lies: of the outermost modules of a stride, the last.
    stages: dict[str, int] = {}
    for stride in STRIDES:
        candidates = outputs.get(_PROBE // stride, [])
        depth = min((name.count(".") for name, _ in candidates), default=0)
        outermost = [(name, channels) for name, channels in candidates if name.count(".") == depth]
        if outermost:
            name, channels = outermost[-1]
            stages[name] = channels
    return stages


def _network(name: str) -> nn.Module:
    """The classification network of that name with random weights."""
    if name == DARKNET:
        return Darknet53()
    network: nn.Module = get_model(name, weights=None)
    for block in network.modules():
        # Trained from scratch, a block that begins as the identity learns sooner (Goyal et al., 2017, section 5.1).
        if isinstance(block, BasicBlock):
            nn.init.zeros_(block.bn2.weight)
        elif isinstance(block, Bottleneck):
            nn.init.zeros_(block.bn3.weight)
    return network


def _imagenet(name: str) -> dict[str, Tensor]:
    """The ImageNet weights that torchvision has of a network."""
    if name == DARKNET:
        raise UserError(
            f"torchvision has no ImageNet weights for {name}.",
            "Train from scratch with `--weights none`, or give a state dict of it: `--weights FILE`.",
        )
    choice = get_model_weights(name)
    weights = getattr(choice, "IMAGENET1K_V1", choice.DEFAULT)
    try:
        # The whole network, since some have names of their own in the file.
        state: dict[str, Tensor] = get_model(name, weights=weights).state_dict()
    except (URLError, OSError) as error:
        raise UserError(
            f"The ImageNet weights of {name} could not be downloaded from {weights.url} ({error}).",
            "Without a network, train from scratch with `--weights none`, or download that file elsewhere and give "
            "it: `--weights FILE`.",
        ) from error
    return state
