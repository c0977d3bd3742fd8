"""Which device torch computes on."""

from __future__ import annotations

import torch

from yolact_kit.errors import UserError


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
