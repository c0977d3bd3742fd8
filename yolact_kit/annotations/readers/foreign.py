"""Formats that are not read but recognised, so that a message can say how to export the labels instead."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """A format that is not read.

    Attributes:
        name: What messages call it.
        sign: What the beginning of its files has.
        advice: How to come by labels that can be read.
    """

    name: str
    sign: re.Pattern[str]
    advice: str


_AS_COCO = "Export the labels as COCO, with polygons or masks."

FOREIGN = tuple(
    ForeignFormat(name, re.compile(sign, re.DOTALL), advice)
    for name, sign, advice in (
        ("ISAT's own JSON", r'"description"\s*:\s*"ISAT"', "Let ISAT's converter write them as COCO."),
        ("the JSON of VIA 3", r'"__VIA_PROJECT_ID__"|"vid_list"', "Turn them into COCO, or label with VIA 2."),
        ("Label Studio's own JSON", r'"completed_by"|"from_name"', "Export them from Label Studio as COCO or YOLO."),
        ("Labelbox's own JSON", r'"DataRow ID"|"data_row"', _AS_COCO),
        ("Supervisely's own JSON", r'"classTitle"|"geometryType"', _AS_COCO),
        ("VoTT's own JSON", r'"vottVersion"|"videoSettings"|"lastVisitedAssetId"', _AS_COCO),
        ("EISeg's own JSON", r'"labelIdx"', "In EISeg, choose to save them as COCO."),
        ("CreateML's JSON", r'"coordinates"\s*:\s*\{', f"It has boxes only. {_AS_COCO}"),
        ("Datumaro's own JSON", r'"(dm_format_version|media_type)"|^\s*\{\s*"infos"\s*:', _AS_COCO),
        ("SA-1B's JSON", r'^\s*\{\s*"image"\s*:\s*\{.*"annotations"',
         "Its masks have no classes: write them as COCO with a category for each."),
    )
)  # fmt: skip
"""The formats; the first whose sign a file has is its format."""


def foreign_format(text: str) -> ForeignFormat | None:
    """Recognises a format that is not read.

    Args:
        text: The beginning of a JSON or XML file.

    Returns:
        The format; None where it is none of `FOREIGN`.

    Example:
        >>> foreign_format('{"info": {"description": "ISAT"}, "objects": []}').name
        "ISAT's own JSON"
    """
    return next((format for format in FOREIGN if format.sign.search(text)), None)
