"""The formats by name; without torch, so that the command line can list them at once."""

from __future__ import annotations

from typing import Literal, get_args

ExportName = Literal["onnx", "openvino", "torch-export"]
"""A format as the command line and Python call it."""

FORMAT_NAMES: tuple[ExportName, ...] = get_args(ExportName)
