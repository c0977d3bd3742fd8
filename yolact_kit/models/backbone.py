"""Backbones: classification networks by name, giving their feature maps of stride 8, 16 and 32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import torchvision.models
from torch import Tensor, nn
from torchvision.models import get_model, list_models
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from yolact_kit.config.schema import TIMM
from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import read_state_dict
from yolact_kit.models.darknet import Darknet53
from yolact_kit.models.deformable import ModulatedConv2d, make_deformable
from yolact_kit.models.pretrained import Pretrained, adapt_to_pictures, timm_weights, torchvision_weights

DARKNET = "darknet53"
STRIDES = (8, 16, 32)
FINE_STRIDE = 4
_PROBE = 64

MEAN = (123.68, 116.78, 103.94)
STD = (58.40, 57.12, 57.38)
"""Mean and standard deviation of ImageNet's red, green and blue, in 0..255, as the original rounds them."""


class Backbone(nn.Module):
    """A classification network without its classifier.

    Args:
        name: ``darknet53``, or the name of a network of torchvision's or of timm's that has feature maps of stride 8,
            16 and 32: any ResNet, MobileNet, EfficientNet, ConvNeXt, RegNet, and others. Where both have one of that
            name it is torchvision's; ``timm/resnet18`` is timm's.
        deformable: Interval of deformable convolutions, see `make_deformable`; 0 for none. For torchvision's ResNets
            only.
        fine: Whether it also gives its last feature map of stride 4, C2.

    Attributes:
        channels: Channels of the feature maps that it gives.

    Raises:
        UserError: The network has no such feature maps, or cannot be made deformable.

    Example:
        >>> [tuple(c.shape[1:]) for c in Backbone("resnet18").eval()(torch.zeros(1, 3, 64, 64))]
        [(128, 8, 8), (256, 4, 4), (512, 2, 2)]
    """

    def __init__(self, name: str, deformable: int = 0, fine: bool = False) -> None:
        super().__init__()
        self.name = name
        strides = (FINE_STRIDE, *STRIDES) if fine else STRIDES
        self.body, self.channels = _timm_body(name, strides) if is_timm(name) else _body(name, strides, deformable)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps of normalised images [B, 3, H, W]: C3, C4 and C5, at strides 8, 16 and 32, after C2 if asked."""
        features = self.body(images)
        return list(features.values()) if isinstance(features, dict) else list(features)

    def load(self, weights: str, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> None:
        """Loads classification weights.

        Args:
            weights: ``imagenet`` for torchvision's or timm's ImageNet weights (downloaded once and cached), a file
                that holds a state dict of the same network, or ``none``.
            mean: What the model subtracts from pictures in 0..255 before the backbone.
            std: What it divides them by.

        Raises:
            UserError: The weights cannot be downloaded, or the file is missing or not of this network.
        """
        if weights == "none":
            return
        trained = _imagenet(self.name) if weights == "imagenet" else Pretrained(read_state_dict(Path(weights)))
        parts = {name for name, _ in self.body.named_children()}
        # The parts of the network that the backbone does not have are its classifier.
        state = {key: value for key, value in trained.tensors.items() if key.partition(".")[0] in parts}
        try:
            missing, unexpected = self.body.load_state_dict(state, strict=False)
        except RuntimeError as error:
            raise self._foreign(weights) from error
        if unexpected or not set(missing) <= self._deformable_keys():
            raise self._foreign(weights)
        adapt_to_pictures(self.body, trained, mean, std)

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


def find_stages(network: nn.Module, strides: Sequence[int] = STRIDES) -> dict[str, int]:
    """The parts of a network that give its last feature maps of some strides.

    A small picture goes through the network. Of the modules whose output has a stride, the outermost count, so that the
    first layers of a block that goes on to the next stride do not, and of those the last.

    Args:
        network: A classification network.
        strides: The strides.

    Returns:
        Their dotted names with the channels that they give, in the order of ``strides``; fewer where a stride is
        missing.

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
    for stride in strides:
        candidates = outputs.get(_PROBE // stride, [])
        depth = min((name.count(".") for name, _ in candidates), default=0)
        outermost = [(name, channels) for name, channels in candidates if name.count(".") == depth]
        if outermost:
            name, channels = outermost[-1]
            stages[name] = channels
    return stages


def is_timm(name: str) -> bool:
    """Whether a backbone's name stands for a network of timm's: those that torchvision does not have."""
    return name.startswith(TIMM) or (name != DARKNET and name not in list_models(module=torchvision.models))


def _timm_body(name: str, strides: Sequence[int]) -> tuple[nn.Module, list[int]]:
    """A network of timm's without its classifier, and the channels of its maps of ``strides``."""
    import timm

    network_name = name.removeprefix(TIMM)
    try:
        every: Any = timm.create_model(network_name, features_only=True)
        # The last map of each stride: before the next one, a network has seen most of what that stride can show.
        levels = {stride: level for level, stride in enumerate(every.feature_info.reduction())}
        indices = tuple(levels[stride] for stride in strides)
        body: Any = timm.create_model(network_name, features_only=True, out_indices=indices)
        channels = body.feature_info.channels()
        _require_layout(body, channels, strides)
    except (RuntimeError, KeyError, AssertionError, AttributeError, TypeError) as error:
        raise _no_stages(name) from error
    return body, channels


def _require_layout(body: nn.Module, channels: Sequence[int], strides: Sequence[int]) -> None:
    """Raises an AssertionError if maps are not [B, C, H, W], as those of some transformers are."""
    with torch.no_grad():
        maps = body.eval()(torch.zeros(1, 3, 2 * _PROBE, _PROBE))
    body.train()
    expected = [
        (1, width, 2 * _PROBE // stride, _PROBE // stride) for width, stride in zip(channels, strides, strict=True)
    ]
    assert [tuple(features.shape) for features in maps] == expected


def _body(name: str, strides: Sequence[int], deformable: int) -> tuple[nn.Module, list[int]]:
    """A network of torchvision's, or Darknet, without its classifier, and the channels of its maps of ``strides``."""
    network = _network(name)
    if deformable and not isinstance(network, ResNet):
        raise UserError(
            f"The backbone {name} cannot have deformable convolutions.",
            "Set model.deformable to 0, or choose a ResNet, such as resnet50.",
        )
    stages = find_stages(network, strides)
    if len(stages) < len(strides):
        raise _no_stages(name)
    body = create_feature_extractor(network, return_nodes=list(stages))
    if deformable:
        make_deformable(body, deformable)
    return body, list(stages.values())


def _no_stages(name: str) -> UserError:
    """The error of a network without the feature maps that are needed."""
    return UserError(
        f"The backbone {name} has no feature maps of stride 8, 16 and 32.",
        "Choose a ResNet, MobileNet, EfficientNet, ConvNeXt or RegNet.",
    )


def _network(name: str) -> nn.Module:
    """The classification network of torchvision's of that name, or Darknet, with random weights."""
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


def _imagenet(name: str) -> Pretrained:
    """The ImageNet weights of a network."""
    if name == DARKNET:
        raise UserError(
            f"torchvision has no ImageNet weights for {name}.",
            "Train from scratch with `--weights none`, or give a state dict of it: `--weights FILE`.",
        )
    return timm_weights(name.removeprefix(TIMM)) if is_timm(name) else torchvision_weights(name)
