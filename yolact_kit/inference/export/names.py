"""The formats by name; without torch, so that the command line can list them at once."""

from __future__ import annotations

from typing import Literal

from yolact_kit.errors import UserError

ExportName = Literal["onnx", "openvino", "torch-export"]
"""A format as the command line and Python call it."""

SUFFIXES: dict[ExportName, str] = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}
"""The suffix of each format's file."""

FORMAT_NAMES = tuple(SUFFIXES)


def check_format(name: str) -> ExportName:
    """Checks the name of a format.

    Args:
        name: What the user gave.

    Returns:
        The name.

    Raises:
        UserError: There is no format of that name.
    """
    for known in FORMAT_NAMES:
        if name == known:
            return known
    raise UserError(f"There is no format '{name}'.", f"--format takes {', '.join(FORMAT_NAMES)}.")
