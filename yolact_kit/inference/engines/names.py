"""The engines by name; without torch, so that the command line can list them at once."""

from __future__ import annotations

from typing import Literal, get_args

from yolact_kit.errors import UserError

EngineName = Literal["auto", "torch", "openvino", "onnx"]
"""An engine as the command line and Python call it; ``auto`` chooses one."""

ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)


def check_engine(name: str) -> None:
    """Checks the name of an engine.

    Args:
        name: What the user gave.

    Raises:
        UserError: There is no engine of that name.
    """
    if name not in ENGINE_NAMES:
        from yolact_kit.config.keys import nearest

        close = nearest(name, ENGINE_NAMES)
        hint = f"Did you mean '{close}'? " if close else ""
        raise UserError(f"There is no engine '{name}'.", f"{hint}The engines are: {', '.join(ENGINE_NAMES)}.")
