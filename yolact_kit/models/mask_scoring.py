"""The mask-IoU network: how well a mask fits its object (YOLACT++, after Huang et al., Mask Scoring R-CNN)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (8, 16, 32, 64, 128)
SMALLEST = 2 ** (len(WIDTHS) + 1) - 1
"""Side of the smallest mask that the unpadded convolutions leave a pixel of."""


class MaskScoring(nn.Module):
    """Predicts the IoU of masks with their objects.

    Args:
        classes: Number of classes, background not counted.

    Example:
        >>> import torch
        >>> MaskScoring(classes=3)(torch.rand(5, 138, 138), torch.tensor([0, 1, 2, 0, 1])).shape
        torch.Size([5])
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((1, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2), nn.ReLU()]
        # The last ReLU is the original's: the published weights were trained with it.
        self.layers = nn.Sequential(*layers, nn.Conv2d(WIDTHS[-1], classes, 1), nn.ReLU())

    def forward(self, masks: Tensor, labels: Tensor) -> Tensor:
        """Predicted IoUs.

        Args:
            masks: [N, h, w] in 0..1 at the size of the prototypes, zero outside their boxes.
            labels: int64 [N], the class of each, 0-based.

        Returns:
            float32 [N], 0 or more.
        """
        height, width = masks.shape[-2:]
        padded = functional.pad(masks[:, None], (0, max(0, SMALLEST - width), 0, max(0, SMALLEST - height)))
        # A prediction for every class; the one for the mask's own class counts.
        predicted: Tensor = self.layers(padded).flatten(2).amax(dim=2)
        return predicted.gather(1, labels[:, None]).squeeze(1).float()
