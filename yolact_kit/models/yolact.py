"""YOLACT: real-time instance segmentation (Bolya et al., ICCV 2019)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from yolact_kit.config.schema import ModelConfig
from yolact_kit.models.anchors import make_anchors
from yolact_kit.models.backbone import MEAN, STD, STRIDES, Backbone
from yolact_kit.models.fpn import FeaturePyramid
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.prediction_head import PredictionHead
from yolact_kit.models.protonet import FineProtonet, Protonet


class RawOutputs(NamedTuple):
    """The network's outputs, before detection.

    Attributes:
        logits: [B, A, 1 + C], background first.
        regressions: [B, A, 4], to be decoded from the anchors.
        coefficients: [B, A, k], -1..1.
        prototypes: [B, k, Hp, Wp], 0 or more.
        anchors: [A, 4], centre x, centre y, width, height in 0..1.
        semantic: [B, C, h, w] logits of the semantic segmentation at P3, in training only.
    """

    logits: Tensor
    regressions: Tensor
    coefficients: Tensor
    prototypes: Tensor
    anchors: Tensor
    semantic: Tensor | None


class YolactNetwork(nn.Module):
    """The network: backbone, feature pyramid, protonet, prediction head.

    Its mask-IoU network, in ``mask_scoring`` where the configuration has one, takes no part in `forward`: it scores
    masks, which come after detection.

    Args:
        config: The model's configuration.
        num_classes: Number of classes C, background not counted.

    Example:
        >>> model = YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2).eval()
        >>> model(torch.zeros(1, 3, 64, 64)).prototypes.shape
        torch.Size([1, 32, 16, 16])
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: ModelConfig, num_classes: int) -> None:
        super().__init__()
        self.config = config
        self.num_classes = num_classes
        self.backbone = Backbone(config.backbone, config.deformable, config.prototype_detail)
        features, width, norm = config.features, config.head_features, config.norm == "group"
        self.fpn = FeaturePyramid(self.backbone.channels[-len(STRIDES) :], features, norm)
        self.protonet = _protonet(config, self.backbone.channels[0])
        per_cell = len(config.anchors.scales[0]) * len(config.anchors.aspect_ratios)
        self.head = PredictionHead(features, width, config.head_layers, per_cell, num_classes, config.prototypes, norm)
        self.semantic = nn.Conv2d(config.features, num_classes, 1) if config.semantic_head else None
        self.mask_scoring = MaskScoring(num_classes) if config.mask_scoring else None
        mean, std = (MEAN, STD) if config.normalisation == "imagenet" else ((0.0,) * 3, (255.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self._anchors: dict[tuple[object, ...], Tensor] = {}
        for part in (self.fpn, self.protonet, self.head, self.semantic, self.mask_scoring):
            _initialise(part)

    def forward(self, images: Tensor) -> RawOutputs:
        """Raw outputs for images.

        Args:
            images: [B, 3, S, S], red, green, blue in 0..255, already resized to the input size.

        Returns:
            The raw outputs.
        """
        # One head serves all levels; its outputs, one row for each anchor, are joined from P3 to P7.
        normalised = ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        maps = self.backbone(normalised)
        detail = [maps.pop(0)] if self.config.prototype_detail else []
        levels = self.fpn(maps)
        predicted = [self.head(level) for level in levels]
        logits, regressions, coefficients = (torch.cat(parts, dim=1) for parts in zip(*predicted, strict=True))
        return RawOutputs(
            logits=logits,
            regressions=regressions,
            coefficients=coefficients,
            prototypes=self.protonet(levels[0], *detail),
            anchors=self.anchors([(level.shape[-2], level.shape[-1]) for level in levels], images),
            semantic=self.semantic(levels[0]) if self.semantic is not None and self.training else None,
        )

    def anchors(self, levels: list[tuple[int, int]], images: Tensor) -> Tensor:
        """Anchors [A, 4] of the pyramid's ``levels``, on the device of ``images``, made once for each size."""
        key = (tuple(levels), images.shape[-1], images.device)
        if key not in self._anchors:
            # Anchors are a share of the picture: at another input size they keep their share.
            anchors = make_anchors(levels, self.config.anchors, self.config.input_size)
            self._anchors[key] = anchors.to(images.device)
        return self._anchors[key]


def _protonet(config: ModelConfig, detail: int) -> Protonet | FineProtonet:
    """The protonet of a configuration; ``detail`` is the number of channels of C2, if the backbone gives it."""
    features, width, norm = config.features, config.head_features, config.norm == "group"
    layers, prototypes = config.prototype_layers, config.prototypes
    if config.prototype_detail:
        return FineProtonet(features, detail, width, layers, prototypes, config.prototype_stride, norm)
    return Protonet(features, width, layers, prototypes, norm)


def _initialise(part: nn.Module | None) -> None:
    """Xavier initialisation of convolutions, as in the paper's code for everything except the backbone."""
    for module in part.modules() if part is not None else ():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
