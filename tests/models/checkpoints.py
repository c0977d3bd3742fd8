"""Files as the original writes them, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.models.original import recipe_of
from yolact_kit.config.schema import Config
from yolact_kit.models.original import our_name
from yolact_kit.models.yolact import YolactNetwork


def stored_outputs(reference: Path, name: str, seed: int = 0) -> Mapping[str, Any]:
    """The reference outputs of a configuration of the original's."""
    return dict(np.load(reference / f"{name}_seed{seed}.npz", allow_pickle=False))


def save_recipe(file: Path, reference: Path, name: str, seed: int = 0, stored: Mapping[str, Any] | None = None) -> Path:
    """The checkpoint that the reference outputs were computed with; ``stored`` are outputs from elsewhere."""
    stored = stored_outputs(reference, name, seed) if stored is None else stored
    arrays = recipe_of(reference).state_dict(stored["keys"], stored["shapes"], name, seed)
    torch.save({key: torch.from_numpy(value) for key, value in arrays.items()}, file)
    return file


def empty_state(reference: Path, name: str) -> dict[str, torch.Tensor]:
    """The original's state dict with a zero wherever a number is, which takes no room in a file."""
    stored = stored_outputs(reference, name)
    shapes = ([int(side) for side in text.split(",") if side] for text in map(str, stored["shapes"]))
    return {str(key): torch.zeros(()).expand(shape) for key, shape in zip(stored["keys"], shapes, strict=True)}


def original_names(model: YolactNetwork, reference: Path, known: str = "yolact_resnet50") -> dict[str, torch.Tensor]:
    """A model's state dict by the original's names."""
    names = {our_name(str(key)): str(key) for key in stored_outputs(reference, known)["keys"]}
    return {names[key]: value for key, value in model.state_dict().items()}


def small_config(classes: list[str]) -> Config:
    """A model that runs in milliseconds, with as many layers as the original's names are for."""
    from tests.tiny_model import tiny_config

    config = tiny_config(classes)
    config.model.prototype_layers = 3
    return config
