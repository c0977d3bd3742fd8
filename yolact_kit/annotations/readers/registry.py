"""The formats that labels are read from, one line each. Importing this loads no reader, so that ``--help`` stays fast.

To add a format, write ``readers/NAME.py`` with a `LabelFormat` named ``FORMAT``, and add its line here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from yolact_kit.annotations.readers.contract import LabelFormat

FormatName = Literal[
    "labelme",
    "voc",
    "coco",
    "yolo",
    "cvat",
    "via",
]
"""Name of a format, and of the module that reads it. The first format that recognises a file gets it."""

SourceFormat = Literal["auto", FormatName]
"""The format of a source as users give it; ``auto`` to detect it."""

FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)


@cache
def label_format(name: FormatName) -> LabelFormat:
    """Loads the reader of a format.

    Example:
        >>> label_format("voc").title
        'VOC'
    """
    format: LabelFormat = import_module(f"yolact_kit.annotations.readers.{name}").FORMAT
    return format


def label_formats() -> list[LabelFormat]:
    """All formats in their order."""
    return [label_format(name) for name in FORMAT_NAMES]


def format_titles(last: str) -> str:
    """The names of all formats as a list in a sentence.

    Args:
        last: What separates the last two: ``" or "``, for example.

    Example:
        >>> format_titles(" or ")
        'labelme, VOC, COCO, YOLO, CVAT or VIA'
    """
    *titles, final = (format.title for format in label_formats())
    return ", ".join(titles) + last + final
