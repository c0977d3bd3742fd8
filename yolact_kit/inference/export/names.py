"""The formats by name; without torch, so that the command line can list them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from yolact_kit.errors import UserError

ExportName = Literal["onnx", "openvino", "torch-export"]
"""A format as the command line and Python call it."""

SUFFIXES: dict[ExportName, str] = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}
"""The suffix of each format's file."""

FORMAT_NAMES = tuple(SUFFIXES)

LayoutName = Literal["yolo-seg", "yolo26-seg"]
"""A layout of other programs' models as the command line and Python call it."""

LAYOUT_NAMES: tuple[LayoutName, ...] = get_args(LayoutName)


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


def check_layout(name: str) -> LayoutName:
    """Checks the name of a layout.

    Args:
        name: What the user gave.

    Returns:
        The name.

    Raises:
        UserError: There is no layout of that name.
    """
    for known in LAYOUT_NAMES:
        if name == known:
            return known
    raise UserError(f"There is no layout '{name}'.", f"--layout takes {', '.join(LAYOUT_NAMES)}.")


def check_layout_options(layout: str, format: str, whole: bool) -> None:
    """Checks that a layout and the other options of an export go together.

    Args:
        layout: The name of the layout.
        format: The name of the format.
        whole: Whether finished detections are asked for.

    Raises:
        UserError: There is no layout of that name, its decoders do not read the format, or it has other outputs than
            those that are asked for.
    """
    check_layout(layout)
    if format == "torch-export":
        raise UserError(f"The layout '{layout}' is for ONNX and OpenVINO.", "Use `--format onnx`.")
    if whole:
        raise UserError(f"--whole and --layout {layout} give different outputs.", "Leave out one of them.")


def files_beside(layout: str | None, file: Path) -> list[Path]:
    """The files that an export writes beside the one that it is asked for, by names that the user did not choose.

    Args:
        layout: The layout; None for yolact-kit's own outputs.
        file: The file.

    Example:
        >>> [path.name for path in files_beside("yolo-seg", Path("cups.onnx"))]
        ['cups.yaml']
    """
    if layout is None:
        return []
    return [file.with_suffix(".yaml") if file.suffix == ".onnx" else file.with_name("metadata.yaml")]
