"""Checkpoints of the original's, made by the recipe of its reference outputs."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from yolact_kit.config.files import template
from yolact_kit.models.original import our_name
from yolact_kit.models.yolact import YolactNetwork

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
FAST = "yolact_resnet50_seed0"
CASES = [
    pytest.param(file.stem, marks=[] if file.stem == FAST else pytest.mark.slow)
    for file in sorted(REFERENCE.glob("*_seed*.npz"))
] or [pytest.param(FAST, marks=pytest.mark.skip(reason="the folder ../shared/reference is not beside this checkout"))]
"""What reference outputs are stored of: configuration and seed."""


def recipe_of(reference: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("recipe", reference / "recipe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored_case(case: str) -> tuple[str, int, dict[str, Any]]:
    """Configuration, seed and reference outputs of one of `CASES`."""
    name, _, seed = case.rpartition("_seed")
    with np.load(REFERENCE / f"{case}.npz", allow_pickle=False) as stored:
        return name, int(seed), dict(stored)


def classes_of(stored: Mapping[str, Any]) -> int:
    """How many classes the model of reference outputs has."""
    classes: int = stored["raw_conf"].shape[1] - 1
    return classes


def original_model(name: str, recipe: ModuleType, stored: Any, seed: int) -> YolactNetwork:
    model = YolactNetwork(template(name).model, classes_of(stored))
    arrays = recipe.state_dict(stored["keys"], stored["shapes"], name, seed)
    model.load_state_dict({our_name(key): torch.from_numpy(value) for key, value in arrays.items()})
    return model.eval()
