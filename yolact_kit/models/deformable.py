"""Modulated deformable convolutions in a ResNet (Zhu et al., Deformable ConvNets v2, CVPR 2019), as in YOLACT++."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.ops import DeformConv2d

STAGES = ("layer2", "layer3", "layer4")
"""A ResNet's stages that become deformable."""


class ModulatedConv2d(DeformConv2d):  # type: ignore[misc]
    """A 3x3 convolution that samples where, and as much as, a further convolution says.

    It begins by sampling where a usual convolution does, every place with half its weight.

    Args:
        convolution: The usual convolution that it stands for, whose weights it takes.

    Example:
        >>> usual = nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False)
        >>> features = torch.rand(1, 4, 9, 9)
        >>> torch.allclose(ModulatedConv2d(usual)(features), usual(features) / 2, atol=1e-6)
        True
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        shape = {key: getattr(convolution, key) for key in ("stride", "padding", "dilation")}
        inputs, outputs, kernel = convolution.in_channels, convolution.out_channels, convolution.kernel_size
        super().__init__(inputs, outputs, kernel, groups=convolution.groups, **shape)
        self.places = kernel[0] * kernel[1]
        self.conv_offset_mask = nn.Conv2d(inputs, 3 * self.places, kernel, **shape)
        with torch.no_grad():
            self.weight.copy_(convolution.weight)
        for parameter in (self.bias, *self.conv_offset_mask.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, outputs, h, w] of features [B, inputs, H, W]."""
        # Channels: down and right of each of the nine places in turn, then the nine weights.
        offset, mask = self.conv_offset_mask(features).split([2 * self.places, self.places], dim=1)
        convolved: Tensor = super().forward(features, offset, mask.sigmoid())
        return convolved


def make_deformable(body: nn.Module, interval: int) -> None:
    """Makes the 3x3 convolutions of a ResNet's last three stages deformable.

    Args:
        body: The ResNet; changed in place.
        interval: 1 for every block, 3 for each stage's first and every third after it.
    """
    for stage in STAGES:
        for block in list(body.get_submodule(stage).children())[::interval]:
            block.conv2 = ModulatedConv2d(block.get_submodule("conv2"))
