"""Which device torch computes on."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from yolact_kit.errors import UserError

if TYPE_CHECKING:
    import torch

_GPU_FILES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", "/dev/nvhost-gpu", "/dev/nvmap")
"""What Linux has where there is a GPU of NVIDIA's (the third: under WSL, the last two: on Jetson) or of AMD's."""


def may_have_gpu() -> bool:
    """Whether there can be a GPU for torch here; found out at once, where asking torch takes seconds to load it.

    Example:
        >>> may_have_gpu() in (True, False)
        True
    """
    if platform.system() == "Linux":
        return any(Path(file).exists() for file in _GPU_FILES)
    if os.name == "nt":
        try:
            ctypes.CDLL("nvcuda.dll")
        except OSError:
            return False
    return True


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name.

    Args:
        name: ``auto`` for a GPU if there is one, or a name of torch's: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Returns:
        The device.

    Raises:
        UserError: There is no such device here.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(
            f"There is no device '{name}' here.", "Give `--device cpu`, or leave the option out."
        ) from error
    return device
