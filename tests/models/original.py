"""The original's names of parameters, for holding our network against its reference outputs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import torch

from yolact_kit.config.files import template
from yolact_kit.models.yolact import YOLACT

RULES = [
    (r"^backbone\.layers\.(\d)\.", lambda m: f"backbone.body.layer{int(m[1]) + 1}."),
    (r"^backbone\.(conv1|bn1)\.", r"backbone.body.\1."),
    (r"^fpn\.lat_layers\.(\d)", lambda m: f"fpn.lateral.{2 - int(m[1])}"),
    (r"^fpn\.pred_layers\.(\d)", lambda m: f"fpn.smooth.{2 - int(m[1])}"),
    (r"^fpn\.downsample_layers", "fpn.shrink"),
    (r"^proto_net", "protonet"),
    (r"^prediction_layers\.0\.upfeature", "head.shared"),
    (r"^prediction_layers\.0\.bbox_layer", "head.box"),
    (r"^prediction_layers\.0\.conf_layer", "head.score"),
    (r"^prediction_layers\.0\.mask_layer", "head.coefficient"),
    (r"^semantic_seg_conv", "semantic"),
]


def our_name(key: str) -> str:
    for pattern, replacement in RULES:
        key, found = re.subn(pattern, replacement, key)  # type: ignore[arg-type]
        if found:
            return key
    raise KeyError(key)


def recipe_of(reference: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("recipe", reference / "recipe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def original_model(name: str, recipe: ModuleType, stored: Any, seed: int) -> YOLACT:
    model = YOLACT(template(name).model, 80)
    arrays = recipe.state_dict(stored["keys"], stored["shapes"], name, seed)
    model.load_state_dict({our_name(key): torch.from_numpy(value) for key, value in arrays.items()})
    return model.eval()


def network_input(bgr: np.ndarray) -> torch.Tensor:
    resized = cv2.resize(bgr[:, :, ::-1].astype(np.float32), (550, 550), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(resized).permute(2, 0, 1)
