"""Prediction head: classes, boxes and mask coefficients of every anchor (YOLACT, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from yolact_kit.models.norm import stacked


class PredictionHead(nn.Module):
    """One head for all levels of the pyramid.

    Args:
        features: Channels of the pyramid.
        width: Channels of the layers that the three branches share.
        layers: Number of those layers.
        anchors: Anchors of a cell.
        classes: Number of classes, background not counted.
        prototypes: Number of prototypes, k.
        norm: Whether the shared layers have group normalisation.
    """

    def __init__(
        self,
        features: int,
        width: int,
        layers: int,
        anchors: int,
        classes: int,
        prototypes: int,
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.prototypes = prototypes
        self.shared = nn.Sequential(*stacked(features, width, layers, norm))
        entry = width if layers else features
        self.box = nn.Conv2d(entry, anchors * 4, 3, padding=1)
        self.score = nn.Conv2d(entry, anchors * (classes + 1), 3, padding=1)
        self.coefficient = nn.Conv2d(entry, anchors * prototypes, 3, padding=1)

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predictions of one level [B, features, h, w].

        Returns:
            Logits [B, A, 1 + C] with background first, regressions [B, A, 4] and coefficients [B, A, k] in -1..1,
            in the order of `yolact_kit.models.anchors`.
        """
        batch = level.shape[0]
        shared = self.shared(level)

        # [B, anchors * width, h, w] -> [B, h * w * anchors, width]: cell by cell, in each cell anchor by anchor.
        def flat(branch: nn.Module, width: int) -> Tensor:
            predicted: Tensor = branch(shared)
            return predicted.permute(0, 2, 3, 1).reshape(batch, -1, width)

        coefficients = torch.tanh(flat(self.coefficient, self.prototypes))
        return flat(self.score, self.classes + 1), flat(self.box, 4), coefficients
