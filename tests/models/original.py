"""Checkpoints of the original's, made by the recipe of its reference outputs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from yolact_kit.config.files import template
from yolact_kit.models.original import our_name
from yolact_kit.models.yolact import YOLACT

CASES = [
    "yolact_resnet50",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("yolact_base", "yolact_darknet53", "yolact_plus_resnet50", "yolact_resnet50_pascal")
    ),
]
"""The configurations that reference outputs are stored of."""


def recipe_of(reference: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("recipe", reference / "recipe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def classes_of(name: str) -> int:
    return 20 if "pascal" in name else 80


def original_model(name: str, recipe: ModuleType, stored: Any, seed: int) -> YOLACT:
    model = YOLACT(template(name).model, classes_of(name))
    arrays = recipe.state_dict(stored["keys"], stored["shapes"], name, seed)
    model.load_state_dict({our_name(key): torch.from_numpy(value) for key, value in arrays.items()})
    return model.eval()


def network_input(bgr: np.ndarray) -> torch.Tensor:
    resized = cv2.resize(bgr[:, :, ::-1].astype(np.float32), (550, 550), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(resized).permute(2, 0, 1)
