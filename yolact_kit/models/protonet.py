"""Protonet: the prototype masks of a picture (Bolya et al., YOLACT, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from yolact_kit.models.norm import normalised, stacked


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
        modules = stacked(features, width, layers, norm)
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


class FineProtonet(nn.Module):
    """A protonet that also sees the backbone's map of stride 4, C2, where edges are, and may go on to stride 2.

    As in a decoder of U-Net (Ronneberger et al., 2015), the enlarged features are joined with those of the finer map
    before the last convolutions.

    Args:
        features: Channels of P3.
        detail: Channels of C2.
        width: Channels of its layers.
        layers: 3x3 convolutions before the resolution is doubled.
        prototypes: Number of prototypes, k.
        stride: Stride of the prototypes, 4 or 2.
        norm: Whether its convolutions have group normalisation.
    """

    def __init__(
        self, features: int, detail: int, width: int, layers: int, prototypes: int, stride: int, norm: bool = False
    ) -> None:
        super().__init__()
        self.coarse = nn.Sequential(*stacked(features, width, layers, norm))
        self.detail = normalised(nn.Conv2d(detail, width, 1), norm)
        self.joined = nn.Sequential(normalised(nn.Conv2d(width, width, 3, padding=1), norm), nn.ReLU())
        self.finer: nn.Module | None = None
        if stride == 2:
            narrow = width // 2
            self.finer = nn.Sequential(
                nn.Conv2d(width, narrow, 1),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                normalised(nn.Conv2d(narrow, narrow, 3, padding=1), norm),
                nn.ReLU(),
            )
            width = narrow
        self.prototypes = nn.Sequential(nn.Conv2d(width, prototypes, 1), nn.ReLU())

    def forward(self, p3: Tensor, c2: Tensor) -> Tensor:
        """Prototypes [B, k, h, w] of P3 and C2, unbounded above, 0 at the least."""
        coarse = self.coarse(p3)
        enlarged = functional.interpolate(coarse, size=c2.shape[-2:], mode="bilinear", align_corners=False)
        features = self.joined(functional.relu(enlarged + self.detail(c2)))
        if self.finer is not None:
            features = self.finer(features)
        prototypes: Tensor = self.prototypes(features)
        return prototypes
