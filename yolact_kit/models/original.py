"""The names that the original's checkpoints use for parameters, and ours for the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor

Replacement = str | Callable[[re.Match[str]], str]

RULES: list[tuple[str, Replacement]] = [
    # torchvision counts a ResNet's stages from 1.
    (r"^backbone\.layers\.(\d)\.", lambda m: f"backbone.body.layer{int(m[1]) + 1}."),
    (r"^backbone\.(conv1|bn1)\.", r"backbone.body.\1."),
    (r"^backbone\._preconv\.", "backbone.body.stem."),
    # The original lists the pyramid's convolutions from C5 down to C3, ours go from C3 up.
    (r"^fpn\.lat_layers\.(\d)", lambda m: f"fpn.lateral.{2 - int(m[1])}"),
    (r"^fpn\.pred_layers\.(\d)", lambda m: f"fpn.smooth.{2 - int(m[1])}"),
    (r"^fpn\.downsample_layers", "fpn.shrink"),
    (r"^proto_net", "protonet"),
    (r"^prediction_layers\.0\.upfeature", "head.shared"),
    (r"^prediction_layers\.0\.bbox_layer", "head.box"),
    (r"^prediction_layers\.0\.conf_layer", "head.score"),
    (r"^prediction_layers\.0\.mask_layer", "head.coefficient"),
    (r"^semantic_seg_conv", "semantic"),
    (r"^maskiou_net\.maskiou_net", "mask_scoring.layers"),
]
"""Prefixes of the original's names and their replacements; the first that matches is applied."""

OLD_KEYS = re.compile(r"^backbone\.layer\d|^fpn\.downsample_layers\.[2-9]")
"""Version 1.0 stored the backbone's stages a second time under this name, and unused levels of the pyramid."""


def our_name(key: str) -> str:
    """Our name of a parameter of the original's.

    Args:
        key: Its name in the original's state dict.

    Returns:
        Its name in ours.

    Raises:
        KeyError: The original has no parameter of that name.

    Example:
        >>> our_name("fpn.lat_layers.0.weight")
        'fpn.lateral.2.weight'
    """
    for pattern, replacement in RULES:
        name, replacements = re.subn(pattern, replacement, key)
        if replacements:
            return name
    raise KeyError(key)


def to_our_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the original's by our names; other entries keep their names.

    Args:
        state: The original's state dict, of version 1.0 or later.

    Returns:
        Ours. Parameters that only version 1.0 had are left out, as the original itself does.
    """
    return {_our_name_or_own(key): value for key, value in state.items() if not OLD_KEYS.match(key)}


def _our_name_or_own(key: str) -> str:
    """Our name of a parameter of the original's; any other keeps its name."""
    try:
        return our_name(key)
    except KeyError:
        return key


def is_original(state: Mapping[str, Tensor]) -> bool:
    """Whether a state dict has the original's names."""
    return any(key.startswith("prediction_layers.") for key in state)
