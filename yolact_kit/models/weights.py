"""Weights on disk: ours are safetensors, with configuration and classes in the metadata. Nothing is unpickled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_bytes
from yolact_kit.models.checkpoint import Checkpoint, misfits, read_state_dict
from yolact_kit.models.download import is_published, published_weights
from yolact_kit.models.original import is_original
from yolact_kit.models.original_checkpoint import read_original
from yolact_kit.models.starter import STARTER, starter_file
from yolact_kit.models.stored_weights import FORMAT, find_weights, read_settings
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.shown_paths import shown_path


@dataclass(slots=True)
class LoadedModel:
    """A model and the configuration that it was trained with (``config.classes`` are its classes).

    Attributes:
        model: The model.
        config: Its configuration.
        threshold: The score threshold that training chose for it; None where the weights have none.
    """

    model: YolactNetwork
    config: Config
    threshold: ScoreThreshold | None = None


def save_weights(path: Path, model: YolactNetwork, config: Config, threshold: ScoreThreshold | None = None) -> None:
    """Writes a model's weights, beside and renamed into place.

    Args:
        path: File to write, ``.safetensors``.
        model: The model.
        config: Its configuration, classes included.
        threshold: The score threshold that was chosen for this model; None if there is none.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    stored = config.model_dump(mode="json")
    stored["dataset"], stored["model"]["weights"] = shown_path(config.dataset), shown_path(config.model.weights)
    metadata = {"format": FORMAT, "config": json.dumps(stored, ensure_ascii=False)}
    if threshold is not None:
        metadata["threshold"] = threshold.model_dump_json()
    atomic_write_bytes(path, save(tensors, metadata))


def load_weights(path: Path | str, device: torch.device | str = "cpu", model: str | None = None) -> LoadedModel:
    """A model from weights on disk.

    Args:
        path: What `read_weights` takes.
        device: Where to put the model.
        model: The model of an original checkpoint, if its name does not say; see `read_original`.

    Returns:
        The model, in evaluation mode, its configuration and its score threshold.

    Raises:
        UserError: The weights are missing, truncated or foreign.
    """
    tensors, config, threshold = read_weights(path, model)
    network = YolactNetwork(config.model, len(config.classes))
    problem = misfits(tensors, network.state_dict())
    if problem:
        raise UserError(
            f"The weights in '{path}' do not fit the configuration stored with them. {problem.capitalize()}."
        )
    network.load_state_dict(tensors, strict=False)
    return LoadedModel(network.to(device).to(memory_format=torch.channels_last).eval(), config, threshold)


def read_weights(weights: Path | str, model: str | None = None) -> Checkpoint:
    """The weights of a whole model.

    Args:
        weights: A run folder (its best weights), a ``.safetensors`` that `save_weights` wrote, a ``.pth`` of the
            original's, or the name of published weights such as ``coco:yolact_base``, which are downloaded once.
        model: The model of an original checkpoint, if its name does not say; see `read_original`.

    Returns:
        The tensors, their configuration and, in weights that a training with validation wrote, their score threshold.

    Raises:
        UserError: The weights are missing, truncated or foreign.
    """
    path = published_weights(str(weights)) if is_published(weights) else find_weights(Path(weights))
    return _read_ours(path) if path.suffix == ".safetensors" else read_original(path, model)


def read_starter(backbone: str) -> Checkpoint:
    """The starter weights for models with a backbone.

    Their classes are families of drawn shapes, see the model card beside the file; `transfer` gives a user's classes
    what these have in common.

    Args:
        backbone: The backbone's name.

    Raises:
        UserError: There are none, or the file is damaged.
    """
    return read_weights(starter_file(backbone))


def holds_model(weights: Path | str) -> bool:
    """Whether ``weights`` stands for a whole model, as `read_weights` takes it, rather than for a backbone alone.

    Raises:
        UserError: The file is missing or cannot be read.
    """
    path = Path(weights)
    if weights == STARTER or is_published(weights) or path.is_dir() or path.suffix == ".safetensors":
        return True
    return is_original(read_state_dict(path))


def _read_ours(path: Path) -> Checkpoint:
    """Reads what `save_weights` wrote."""
    stored = read_settings(path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"'{path}' cannot be read as weights: {error}.", "It may be truncated.") from error
    return Checkpoint(tensors, stored.config, stored.threshold)
