"""Files of weights, and what is stored in them beside the tensors; without torch."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError

FORMAT = "yolact-kit 1"
"""What the metadata of weights say that they are."""


class StoredSettings(NamedTuple):
    """What is stored beside a model's tensors.

    Attributes:
        config: The configuration, classes included.
        threshold: The score threshold that training chose for the model; None where it has none.
    """

    config: Config
    threshold: ScoreThreshold | None = None


def read_settings(path: Path) -> StoredSettings:
    """What is stored beside the tensors in a file of weights, without reading the tensors.

    Args:
        path: A ``.safetensors`` that `save_weights` wrote.

    Returns:
        The configuration and, where the weights have one, the score threshold.

    Raises:
        UserError: The file is truncated or foreign.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"'{path}' cannot be read as weights: {error}.",
            "It may be truncated, or not be a .safetensors file of yolact-kit.",
        ) from error
    if metadata.get("format") != FORMAT:
        raise UserError(f"'{path}' holds no model of yolact-kit.", "Give weights that `yolact-kit train` wrote.")
    stored = metadata.get("threshold")  # weights of earlier versions, and of a training without validation, have none
    try:
        config = Config.model_validate_json(metadata["config"])
        return StoredSettings(config, None if stored is None else ScoreThreshold.model_validate_json(stored))
    except (KeyError, ValidationError) as error:
        raise UserError(
            f"The configuration stored in '{path}' cannot be read.", "A later yolact-kit may have written it."
        ) from error


def find_weights(path: Path, which: str = "best") -> Path:
    """The weights file that ``path`` stands for.

    Args:
        path: A weights file, or a run folder.
        which: ``best`` or ``last``, in a run folder. A run without a validation has no best weights; its last ones are
            used.

    Returns:
        The file.

    Raises:
        UserError: There is no such file.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(
            f"The weights '{path}' do not exist.",
            "Give a run folder, a .safetensors file, a .pth of the original YOLACT, or a name like coco:yolact_base.",
        )
    for name in (which, "last"):
        file = path / "weights" / f"{name}.safetensors"
        if file.is_file():
            return file
    raise UserError(f"'{path}' holds no weights.", "A run folder has them in weights/, once training has begun.")
