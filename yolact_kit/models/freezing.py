"""Parts of a model that keep their weights while the rest is trained."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from yolact_kit.config.schema import FrozenPart
from yolact_kit.models.backbone import STRIDES
from yolact_kit.models.yolact import YolactNetwork

_PICTURE = 64
"""Side in pixels of the picture that shows which layers make C3."""


def freeze(model: YolactNetwork, parts: Sequence[FrozenPart]) -> None:
    """Freezes parts of a model: their parameters have no gradient, and an optimiser made afterwards leaves them alone.

    Their batch norm goes on counting until `hold_statistics` stops it.

    Args:
        model: The model, changed in place.
        parts: Which parts; ``stem`` for the layers of the backbone that its feature map of stride 8 needs, whatever
            the backbone is.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> model = YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2)
        >>> freeze(model, ["stem"])
        >>> [name for name, part in model.backbone.body.named_children() if is_frozen(part)]
        ['conv1', 'bn1', 'layer1', 'layer2']
    """
    # The stem first: to find it, the whole backbone must have gradients.
    if "stem" in parts:
        for parameter in stem_parameters(model.backbone):
            parameter.requires_grad_(False)
    for part in parts:
        if part != "stem":
            getattr(model, part).requires_grad_(False)


def stem_parameters(backbone: nn.Module) -> list[nn.Parameter]:
    """The parameters that a backbone's feature map of stride 8, C3, depends on.

    Args:
        backbone: Gives feature maps of images [B, 3, H, W], C3, C4 and C5 last. Its parameters must have gradients.

    Returns:
        The parameters, in the order of the backbone.
    """
    # Backbones name and nest their layers in many ways. What they have in common is the graph of the computation: what
    # has a gradient of C3 comes before it. In evaluation mode, so that the picture leaves no trace in batch norm.
    parameters = list(backbone.parameters())
    device, training = parameters[0].device, backbone.training
    backbone.eval()
    with torch.enable_grad():
        stride_8 = backbone(torch.zeros(1, 3, _PICTURE, _PICTURE, device=device))[-len(STRIDES)]
    gradients = torch.autograd.grad(stride_8.sum(), parameters, allow_unused=True)
    backbone.train(training)
    return [value for value, gradient in zip(parameters, gradients, strict=True) if gradient is not None]


def is_frozen(part: nn.Module) -> bool:
    """Whether a part of a model has parameters, and none of them has a gradient."""
    parameters = list(part.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)


def hold_statistics(part: nn.Module, all_of_it: bool = False) -> None:
    """Stops the running statistics of batch norm, which then normalises by them, as when the model predicts.

    Args:
        part: A model or a part of one, changed in place until it is put into training mode again.
        all_of_it: Whether to stop all of its batch norm, not only that which is frozen.
    """
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d) and (all_of_it or is_frozen(module)):
            module.eval()
