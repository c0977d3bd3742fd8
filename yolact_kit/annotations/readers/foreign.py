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


FOREIGN_SUFFIXES = (".csv", ".geojson", ".json", ".jsonl", ".ndjson", ".tsv", ".xml")
"""Suffixes, in lower case, of the files that these formats are kept in."""

_AS_COCO = "Export the labels as COCO, with polygons or masks."
_NOT_VIA_3 = "Turn them into COCO, or label with VIA 2."
_FROM_LABEL_STUDIO = (
    "Export them from Label Studio as COCO or YOLO; versions from before 2025 leave brush masks out of both."
)

# A sign is a key that no other program writes, or keys that only this program writes in this order; values and the
# names of classes are never a sign, except where the value is the name of the format itself.
FOREIGN = tuple(
    ForeignFormat(name, re.compile(sign, re.DOTALL), advice)
    for name, sign, advice in (
        ("ISAT's own JSON", r'"description"\s*:\s*"ISAT"', "Let ISAT's converter write them as COCO."),
        ("the JSON of VIA 3", r'"__VIA_PROJECT_ID__"|"vid_list"', _NOT_VIA_3),
        ("the CSV of VIA 3", "# CSV_HEADER = metadata_id,file_list,", _NOT_VIA_3),
        ("the CSV of VIA", r"\bregion_shape_attributes\b.region_attributes\b",
         "Export the annotations from VIA as JSON, which is read, or as COCO."),
        ("Label Studio's own JSON", r'"completed_by"|"from_name"', _FROM_LABEL_STUDIO),
        ("Label Studio's JSON-MIN or CSV",
         r'"(brush|ellipse|keypoint|polygon|rectangle)labels"{1,2}\s*:|'
         r'"annotation_id"\s*:.{0,200}"lead_time"\s*:|\bannotation_id[,;\t][\w,;\t]{0,200}\blead_time\b',
         _FROM_LABEL_STUDIO),
        ("a table of boxes, as TensorFlow's tools and Roboflow write it",
         r"^\W*filename[,;\t]width[,;\t]height[,;\t]class[,;\t]xmin\b", f"It has boxes only. {_AS_COCO}"),
        ("the tables of Open Images", r"^\W*(MaskPath,)?ImageID,.{0,80}\bLabelName,",
         "FiftyOne loads Open Images and writes it as COCO."),
        ("Labelbox's own JSON", r'"DataRow ID"|"data_row"\s*:\s*\{', "Turn them into COCO, with polygons or masks."),
        ("Supervisely's own JSON", r'"classTitle"|"geometryType"', _AS_COCO),
        ("VoTT's own JSON",
         r'"vottVersion"|"videoSettings"|"lastVisitedAssetId"|"asset"\s*:\s*\{.*"regions"\s*:\s*\[', _AS_COCO),
        ("EISeg's own JSON", r'"labelIdx"', "In EISeg, choose to save them as COCO."),
        ("CreateML's JSON", r'"coordinates"\s*:\s*\{', f"It has boxes only. {_AS_COCO}"),
        ("Datumaro's own JSON", r'"(dm_format_version|media_type)"|^\s*\{\s*"infos"\s*:', _AS_COCO),
        ("V7's Darwin JSON",
         r'"item"\s*:\s*\{.*"slots"\s*:\s*\[|"schema_ref"\s*:\s*"[^"]*darwin|'
         r'"polygon"\s*:\s*\{\s*"(additional_paths|paths?)"',
         "Turn them into COCO with V7's darwin-py: `darwin convert coco FILES FOLDER`."),
        ("Cityscapes' JSON",
         r'"img(Height|Width)"\s*:\s*\d+\s*,\s*"img(Height|Width)"\s*:\s*\d+\s*,\s*"objects"\s*:\s*\[',
         "Turn them into COCO, as MMDetection's converter of Cityscapes does."),
        ("SuperAnnotate's own JSON", r'"instances"\s*:\s*\[\s*\{.*"class(Id|Name)"\s*:',
         "Let the converter in SuperAnnotate's Python SDK write them as COCO."),
        ("GeoJSON, such as QuPath's", r'"type"\s*:\s*"Feature(Collection)?"',
         "Turn its outlines into COCO; QuPath's are in pixels of the whole picture."),
        ("SA-1B's JSON", r'^\s*\{\s*"image"\s*:\s*\{.*"annotations"',
         "Its masks have no classes: write them as COCO with a category for each."),
    )
)  # fmt: skip
"""The formats; the first whose sign a file has is its format."""


def foreign_format(text: str) -> ForeignFormat | None:
    """Recognises a format that is not read.

    Args:
        text: The beginning of a file with one of `FOREIGN_SUFFIXES`.

    Returns:
        The format; None where it is none of `FOREIGN`.

    Example:
        >>> foreign_format('{"info": {"description": "ISAT"}, "objects": []}').name
        "ISAT's own JSON"
    """
    return next((format for format in FOREIGN if format.sign.search(text)), None)
