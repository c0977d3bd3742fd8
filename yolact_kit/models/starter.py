"""Starter weights: whole small models in the package, from which a training begins without a network."""

from __future__ import annotations

from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.shipped import shipped

STARTER = "starter"
"""What `model.weights` says for them."""

STARTERS = {"efficientnet_lite0": "yolact_nano.safetensors"}
"""The backbones that there are starter weights for, and their files in ``templates/weights``."""


def starter_file(backbone: str) -> Path:
    """The file of the starter weights for models with a backbone.

    Args:
        backbone: The backbone's name.

    Raises:
        UserError: There are none.

    Example:
        >>> starter_file("efficientnet_lite0").name
        'yolact_nano.safetensors'
    """
    if backbone not in STARTERS:
        raise UserError(
            f"There are no starter weights for {backbone}, only for {', '.join(STARTERS)}.",
            "Start from `--weights imagenet`, which needs a network, from scratch with `--weights none`, or choose the "
            "small preset: `yolact-kit config DATASET --model yolact_nano`.",
        )
    return shipped("templates", "weights", STARTERS[backbone])
