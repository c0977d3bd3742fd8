"""A tiny YOLACT with random weights, for tests of what surrounds a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from yolact_kit.config.schema import AnchorConfig, Config, ModelConfig
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.models.weights import save_weights
from yolact_kit.models.yolact import YolactNetwork

SMALL_BACKBONE = "mobilenet_v3_small"
"""With a tenth of a ResNet-18's weights, for tests that save checkpoints."""


def tiny_config(classes: Sequence[str] = ("컵", "plate", "fork"), backbone: str = "resnet18") -> Config:
    """A configuration whose model runs in milliseconds."""
    anchors = AnchorConfig(scales=[[8], [16], [32], [48], [64]])
    model = ModelConfig(
        backbone=backbone,
        input_size=64,
        features=16,
        head_features=16,
        prototypes=8,
        prototype_layers=1,
        anchors=anchors,
    )
    return Config(classes=list(classes), model=model)


def tiny_model(config: Config, seed: int = 0) -> YolactNetwork:
    """A model of that configuration; its scores spread, so that it finds some things in every picture."""
    torch.manual_seed(seed)
    model = YolactNetwork(config.model, len(config.classes))
    with torch.no_grad():
        model.head.score.weight.mul_(3)
    return model


THRESHOLD = ScoreThreshold(score=0.62, precision=0.96, recall=0.93, f1=0.94, pictures=9, objects=61)


def save_tiny_model(
    folder: Path,
    classes: Sequence[str] = ("컵", "plate", "fork"),
    seed: int = 0,
    threshold: ScoreThreshold | None = None,
) -> Path:
    """A run folder with the weights of a tiny model."""
    config = tiny_config(classes)
    save_weights(folder / "weights" / "best.safetensors", tiny_model(config, seed), config, threshold)
    return folder
