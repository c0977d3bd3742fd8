"""Weights on disk: safetensors, with the configuration and the classes in the metadata. Nothing is unpickled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.files import replacing
from yolact_kit.models.yolact import YOLACT

FORMAT = "yolact-kit 1"


@dataclass(slots=True)
class LoadedModel:
    """A model and the configuration that it was trained with (``config.classes`` are its classes)."""

    model: YOLACT
    config: Config


def save_weights(path: Path, model: YOLACT, config: Config) -> None:
    """Writes a model's weights, beside and renamed into place.

    Args:
        path: File to write, ``.safetensors``.
        model: The model.
        config: Its configuration, classes included.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    metadata = {"format": FORMAT, "config": json.dumps(config.model_dump(mode="json"), ensure_ascii=False)}
    with replacing(path) as beside:
        save_file(tensors, beside, metadata)


def load_weights(path: Path | str, device: torch.device | str = "cpu") -> LoadedModel:
    """Reads a model from weights that `save_weights` wrote.

    Args:
        path: The file, or a run folder (its best weights).
        device: Where the model shall be.

    Returns:
        The model, in evaluation mode, and its configuration.

    Raises:
        UserError: The file is missing, truncated or foreign.
    """
    path = find_weights(Path(path))
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"'{path}' cannot be read as weights: {error}.",
            "It may be truncated, or not be a .safetensors file of yolact-kit.",
        ) from error
    if metadata.get("format") != FORMAT:
        raise UserError(f"'{path}' holds no model of yolact-kit.", "Give weights that `yolact-kit train` wrote.")
    try:
        config = Config.model_validate_json(metadata["config"])
        model = YOLACT(config.model, len(config.classes))
        model.load_state_dict(tensors)
    except (KeyError, ValidationError, RuntimeError) as error:
        raise UserError(f"The weights in '{path}' do not fit the configuration stored with them.") from error
    return LoadedModel(model.to(device).to(memory_format=torch.channels_last).eval(), config)


def find_weights(path: Path, which: str = "best") -> Path:
    """The weights file that ``path`` stands for.

    Args:
        path: A weights file, or a run folder.
        which: ``best`` or ``last``, in a run folder. A run that never was validated has no best weights; its last
            are taken.

    Returns:
        The file.

    Raises:
        UserError: There is no such file.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(f"The weights '{path}' do not exist.", "Give a run folder or a .safetensors file.")
    for name in (which, "last"):
        file = path / "weights" / f"{name}.safetensors"
        if file.is_file():
            return file
    raise UserError(f"'{path}' holds no weights.", "A run folder has them in weights/, once training has begun.")
