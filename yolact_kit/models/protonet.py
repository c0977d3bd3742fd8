"""Protonet: the prototype masks of a picture (Bolya et al., YOLACT, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn

from yolact_kit.models.norm import normalised


class Protonet(nn.Sequential):
    """A fully convolutional network from P3 to k prototypes at twice P3's resolution.

    Args:
        features: Channels of P3.
        width: Channels of its layers.
        layers: 3x3 convolutions before the resolution is doubled.
        prototypes: Number of prototypes, k.
        norm: Whether its 3x3 convolutions have group normalisation.
    """

    def __init__(self, features: int, width: int, layers: int, prototypes: int, norm: bool = False) -> None:
        modules: list[nn.Module] = []
        for index in range(layers):
            entry = nn.Conv2d(features if index == 0 else width, width, 3, padding=1)
            modules += [normalised(entry, norm), nn.ReLU()]
        # The ReLU after the upsampling changes nothing but is kept: the published weights were trained with it.
        modules += [nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.ReLU()]
        modules += [normalised(nn.Conv2d(width, width, 3, padding=1), norm), nn.ReLU()]
        modules += [nn.Conv2d(width, prototypes, 1), nn.ReLU()]
        super().__init__(*modules)

    def forward(self, p3: Tensor) -> Tensor:
        """Prototypes [B, k, 2h, 2w] of P3 [B, features, h, w], unbounded above, 0 at the least."""
        for module in self:
            p3 = module(p3)
        return p3
