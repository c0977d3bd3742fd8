"""Darknet-53, the backbone of YOLOv3 (Redmon and Farhadi, 2018)."""

from __future__ import annotations

from torch import Tensor, nn

SLOPE = 0.1
BLOCKS = (1, 2, 8, 8, 4)
"""Residual blocks of each stage."""


class Darknet53(nn.Module):
    """Darknet-53 without its classifier.

    Example:
        >>> import torch
        >>> Darknet53().eval()(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1024, 2, 2])
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _unit(3, 32, 3)
        width = 32
        for number, blocks in enumerate(BLOCKS, start=1):
            residual = (_Residual(2 * width) for _ in range(blocks))
            self.add_module(f"layer{number}", nn.Sequential(_unit(width, 2 * width, 3, stride=2), *residual))
            width *= 2

    def forward(self, images: Tensor) -> Tensor:
        """Features [B, 1024, H / 32, W / 32] of images [B, 3, H, W] in 0..1."""
        for stage in self.children():
            images = stage(images)
        return images


class _Residual(nn.Module):
    """A residual block: one pixel to half the channels, then 3x3 back to all of them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = _unit(width, width // 2, 1)
        self.conv2 = _unit(width // 2, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        added: Tensor = features + self.conv2(self.conv1(features))
        return added


def _unit(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, leaky ReLU."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, a=SLOPE, mode="fan_out")
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE, inplace=True))
