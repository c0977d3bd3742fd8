"""Feature pyramid network (Lin et al., CVPR 2017) with the two further levels of RetinaNet."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from yolact_kit.models.norm import normalised


class FeaturePyramid(nn.Module):
    """Turns C3, C4 and C5 into P3 to P7, all of the same number of channels.

    Args:
        channels: Channels of C3, C4 and C5.
        features: Channels of every level of the pyramid.
        norm: Whether P3 to P5 are made with group normalisation.
    """

    def __init__(self, channels: list[int], features: int, norm: bool = False) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(normalised(nn.Conv2d(width, features, 1), norm) for width in channels)
        self.smooth = nn.ModuleList(normalised(nn.Conv2d(features, features, 3, padding=1), norm) for _ in channels)
        self.shrink = nn.ModuleList(nn.Conv2d(features, features, 3, stride=2, padding=1) for _ in range(2))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Levels P3 to P7 of the feature maps C3, C4 and C5: strides 8, 16, 32, 64 and 128."""
        # From the top down: each level is its own map plus the level above it, enlarged; two more come from shrinking
        # the topmost.
        levels: list[Tensor] = []
        above: Tensor | None = None
        for lateral, smooth, features in zip(
            reversed(self.lateral), reversed(self.smooth), reversed(maps), strict=True
        ):
            merged = lateral(features)
            if above is not None:
                merged = merged + functional.interpolate(
                    above, size=merged.shape[-2:], mode="bilinear", align_corners=False
                )
            above = merged
            levels.insert(0, functional.relu(smooth(merged)))
        for shrink in self.shrink:
            levels.append(_shrunk(levels[-1], shrink))
        return levels


def _shrunk(features: Tensor, shrink: nn.Module) -> Tensor:
    """The next level of the pyramid, half as large."""
    if features.shape[-2:] != (1, 1) or not isinstance(shrink, nn.Conv2d):
        smaller: Tensor = shrink(features)
        return smaller
    # On a single pixel the rest of the 3 x 3 kernel lies on the border, which is 0. The middle alone has the same
    # result, and a gradient: oneDNN's of such a kernel in bf16 is filled with memory that nobody has written.
    return functional.conv2d(features, shrink.weight[:, :, 1:2, 1:2], shrink.bias)
