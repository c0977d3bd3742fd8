"""OpenVINO's files, an .xml and a .bin: what is stored in them, and whether they are safe to run."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError  # the error alone: defusedxml reads the file

from yolact_kit.errors import UserError
from yolact_kit.models.exported_settings import LARGEST_SIDE, MARK, MOST_VALUES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OPSET = re.compile(r"opset\d+")


def read_openvino(file: Path) -> dict[str, str]:
    """The metadata of a model in OpenVINO's format, after a check that it can be run without danger.

    Args:
        file: The ``.xml``; the ``.bin`` of the same name lies beside it.

    Returns:
        Its metadata, texts by key.

    Raises:
        UserError: One of the files is missing, damaged or cut off, has operators that are not OpenVINO's own, or has
            shapes that no picture needs.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import parse

    try:
        root = parse(file).getroot()
    except (OSError, ParseError, DefusedXmlException, ValueError) as error:
        raise UserError(f"'{file}' cannot be read as OpenVINO's XML.", "It may be truncated.") from error
    if root is None or root.tag != "net":
        raise UserError(f"'{file}' is no model in OpenVINO's format.", "Give a file that `yolact-kit export` wrote.")
    tensors = file.with_suffix(".bin")
    if not tensors.is_file():
        raise UserError(f"'{tensors}' is missing.", "A model in OpenVINO's format is two files, .xml and .bin.")
    for layer in root.iter("layer"):
        _check_layer(layer, tensors.stat().st_size, file)
    entries = root.find(f"rt_info/{MARK}")
    return {} if entries is None else {entry.tag: entry.get("value", "") for entry in entries}


def _check_layer(layer: Element, stored: int, file: Path) -> None:
    """Refuses a layer with foreign code, with weights beyond the file of ``stored`` bytes, or of too large a shape."""
    if not _OPSET.fullmatch(layer.get("version", "")):
        raise UserError(
            f"'{file}' has an operator '{layer.get('type')}' of '{layer.get('version')}'.",
            "Only OpenVINO's own operators are run.",
        )
    data = layer.find("data")
    if layer.get("type") == "Const" and data is not None:
        end = _number(data.get("offset")) + _number(data.get("size"))
        if end > stored:
            raise UserError(f"'{file.with_suffix('.bin')}' is cut off: {stored} of {end} bytes are there.")
    for port in layer.iter("port"):
        sides = [_number(side.text) for side in port.iter("dim")]
        values = math.prod(max(1, side) for side in sides)
        if values > MOST_VALUES or (layer.get("type") == "Parameter" and any(side > LARGEST_SIDE for side in sides)):
            raise UserError(f"'{file}' makes a tensor of {sides}, which is too large.", "Export the model again.")


def _number(text: str | None) -> int:
    """A whole number of the XML; -1, OpenVINO's word for any size, where it is none."""
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,18}", text) else -1
