"""Modulated deformable convolutions in a ResNet (Zhu et al., Deformable ConvNets v2, CVPR 2019), as in YOLACT++."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import DeformConv2d

STAGES = ("layer2", "layer3", "layer4")
"""A ResNet's stages that become deformable."""
_SHAPE = ("in_channels", "kernel_size", "stride", "padding", "dilation")


class ModulatedConv2d(DeformConv2d):  # type: ignore[misc]
    """A 3x3 convolution that samples at the offsets, and with the weights, that another convolution predicts.

    Before it is trained it samples where an ordinary convolution does, at every position with half its weight.

    Args:
        convolution: The ordinary convolution that it replaces, whose weights it takes over.

    Example:
        >>> usual = nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False)
        >>> features = torch.rand(1, 4, 9, 9)
        >>> torch.allclose(ModulatedConv2d(usual)(features), usual(features) / 2, atol=1e-6)
        True
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        shape: dict[str, Any] = {key: getattr(convolution, key) for key in _SHAPE}
        super().__init__(out_channels=convolution.out_channels, groups=convolution.groups, **shape)
        # At each position of the kernel the second convolution predicts three numbers: the offset down and right, and a
        # weight. All zeros at first: no offset, and sigmoid(0) = 1/2.
        self.positions = convolution.kernel_size[0] * convolution.kernel_size[1]
        self.conv_offset_mask = nn.Conv2d(out_channels=3 * self.positions, **shape)
        with torch.no_grad():
            self.weight.copy_(convolution.weight)
        for parameter in (self.bias, *self.conv_offset_mask.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, outputs, h, w] of features [B, inputs, H, W]."""
        # Channels: down and right of each of the nine positions in turn, then the nine weights.
        offset, mask = self.conv_offset_mask(features).split([2 * self.positions, self.positions], dim=1)
        exact = self.weight.dtype
        # The processor's kernel has no half precision: automatic mixed precision goes around it.
        with torch.autocast(features.device.type, enabled=False):
            convolved: Tensor = super().forward(features.to(exact), offset.to(exact), mask.to(exact).sigmoid())
        return convolved.to(features.dtype)


def make_deformable(body: nn.Module, interval: int) -> None:
    """Makes the 3x3 convolutions of a ResNet's last three stages deformable.

    Args:
        body: The ResNet; changed in place.
        interval: 1 for every block, 3 for each stage's first and every third after it.
    """
    for stage in STAGES:
        for block in list(body.get_submodule(stage).children())[::interval]:
            convolution = block.get_submodule("conv2")
            assert isinstance(convolution, nn.Conv2d)
            block.add_module("conv2", ModulatedConv2d(convolution))
