"""What every file of weights has in common: safe reading, and whether the tensors are those of a model."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put a state dict beside the optimiser's and the like."""


class Checkpoint(NamedTuple):
    """The weights of a whole model, not yet loaded into one.

    Attributes:
        tensors: State dict by our names.
        config: The configuration that they belong to; ``config.classes`` are its classes.
        threshold: The score threshold that training chose for them; None where it chose none.
    """

    tensors: dict[str, Tensor]
    config: Config
    threshold: ScoreThreshold | None = None


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Reads a state dict that ``torch.save`` wrote, in today's format or in that of torch 1.5 and before.

    Only tensors are unpickled; nothing in the file is executed.

    Args:
        path: The file.

    Returns:
        The tensors on the CPU, without the prefix that ``DataParallel`` puts before their names.

    Raises:
        UserError: The file is missing, truncated, holds anything but tensors, or holds none.
    """
    if not path.is_file():
        raise UserError(f"The weights '{path}' do not exist.", "Check the spelling.")
    stored = _unwrapped(_unpickled(path))
    if not isinstance(stored, dict) or not stored or not all(isinstance(value, Tensor) for value in stored.values()):
        raise UserError(
            f"'{path}' holds no weights: it is not a dictionary of tensors.",
            "Write one with `torch.save(model.state_dict(), FILE)`.",
        )
    return {str(key).removeprefix("module."): value for key, value in stored.items()}


def _unpickled(path: Path) -> Any:
    """What ``torch.save`` wrote to a file, as long as it is tensors in lists and dictionaries."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _unreadable(path, error) from error


def _unwrapped(stored: Any) -> Any:
    """The state dict in what a training script saved, which may have it under a key beside other things."""
    for key in WRAPPERS:
        if isinstance(stored, dict) and isinstance(stored.get(key), dict):
            stored = stored[key]
    return stored


def _unreadable(path: Path, error: Exception) -> UserError:
    """The error of a file that cannot be unpickled, or must not."""
    code = re.search(r"GLOBAL ([\w.]+)", str(error))
    if code is not None:
        return UserError(
            f"'{path}' is refused: it holds '{code[1]}', which is code, not a tensor. It was not executed.",
            "If you trust where it comes from, save only its tensors: `torch.save(model.state_dict(), FILE)`.",
        )
    return UserError(
        f"'{path}' cannot be read as weights: {type(error).__name__}.",
        "It may be truncated: copy or download it again. Or it is not a file of weights (.safetensors or .pth). Code "
        "in it, if there is any, was not executed.",
    )


def misfits(stored: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    """How the tensors of a file differ from those of a model.

    Args:
        stored: The file's state dict.
        expected: The model's, on any device.

    Returns:
        Names that are missing, unexpected or of another shape; empty if the file fits. The counters of batch norm,
        which checkpoints of before torch 0.4.1 lack, may be missing.

    Example:
        >>> misfits({"a": torch.zeros(2), "b": torch.zeros(1)}, {"a": torch.zeros(3), "c": torch.zeros(1)})
        'missing: c; unexpected: b; of another shape: a (2 instead of 3)'
    """
    missing = [key for key in expected if key not in stored and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in stored if key not in expected]
    differences = {
        "missing": missing,
        "unexpected": unexpected,
        "of another shape": _misshaped(stored, expected),
    }
    return "; ".join(f"{what}: {listed(names)}" for what, names in differences.items() if names)


def _misshaped(stored: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    """The names that both have with different shapes, each with the two shapes."""
    names = []
    for key, tensor in expected.items():
        if key in stored and stored[key].shape != tensor.shape:
            names.append(f"{key} ({_size(stored[key].shape)} instead of {_size(tensor.shape)})")
    return names


def _size(shape: torch.Size) -> str:
    """A shape in words, such as 3x64x64."""
    return "x".join(map(str, shape))


def listed(names: Iterable[str], most: int = 4) -> str:
    """Joins names with commas; of many names it shows only the first.

    Args:
        names: The names.
        most: At most this many are shown.

    Returns:
        The names, and how many more there are.

    Example:
        >>> listed("abcdef", most=2)
        'a, b and 4 more'
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
