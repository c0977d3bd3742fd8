"""The arguments and options of ``convert``, and how they become `ConvertOptions`."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.cores import usable_cores

if TYPE_CHECKING:
    from yolact_kit.datasets.convert import ConvertOptions

LABELS = "The labels"
PICTURES = "The pictures"
SPLITS = "The splits"


class Target(str, Enum):
    """Formats that labels are written to."""

    coco = "coco"
    labelme = "labelme"
    voc = "voc"
    yolo = "yolo"


class Method(str, Enum):
    """Ways to divide pictures."""

    random = "random"
    stratified = "stratified"
    group = "group"


class Images(str, Enum):
    """What to do with the picture files."""

    copy = "copy"
    link = "link"
    keep = "keep"


class Difficult(str, Enum):
    """What to do with VOC's difficult objects."""

    keep = "keep"
    crowd = "crowd"
    drop = "drop"


SourceArgument = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="Folder with the labels and pictures, or one annotation file.")
]
OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Folder to create.")]

From = Annotated[SourceFormat, typer.Option("--from", help="Format of the labels.", rich_help_panel=LABELS)]
To = Annotated[Target, typer.Option("--to", help="Format to write.", rich_help_panel=LABELS)]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|a,b",
        help="Class names in order; other labels are skipped. By default all labels, alphabetically.",
        rich_help_panel=LABELS,
    ),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Rename labels: a file with lines `old: new`.", rich_help_panel=LABELS),
]
BoxAsMask = Annotated[
    bool,
    typer.Option("--box-as-mask", help="Use boxes as masks where there are no masks.", rich_help_panel=LABELS),
]
Masks = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of VOC's mask pictures.", rich_help_panel=LABELS)
]
Colors = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Colours in the mask pictures: lines `cup,0,0,230`. By default they are worked out from the boxes.",
        rich_help_panel=LABELS,
    ),
]
ClassAttribute = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The attribute of VIA's regions that is their class. By default it is worked out from the names.",
        rich_help_panel=LABELS,
    ),
]
DifficultObjects = Annotated[
    Difficult, typer.Option(help="What to do with VOC's difficult objects.", rich_help_panel=LABELS)
]
IgnoreAsCrowd = Annotated[
    bool,
    typer.Option(
        "--ignore-as-crowd",
        help="Ignore shapes labelled `__ignore__`, or without a label, instead of learning them as background.",
        rich_help_panel=LABELS,
    ),
]
LineWidth = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        metavar="PIXELS",
        help="Draw lines and points with this width instead of skipping them.",
        rich_help_panel=LABELS,
    ),
]
Rescale = Annotated[
    bool, typer.Option("--rescale", help="Scale labels to pictures whose size differs.", rich_help_panel=LABELS)
]
Repair = Annotated[bool, typer.Option("--repair", help="Mend outlines that cross themselves.", rich_help_panel=LABELS)]

Pictures = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Also look for pictures here.", rich_help_panel=PICTURES)
]
ImageFiles = Annotated[Images, typer.Option(help="What to do with the picture files.", rich_help_panel=PICTURES)]
SkipMissing = Annotated[
    bool,
    typer.Option(
        "--skip-missing",
        help="Leave out labels whose picture is missing, instead of counting them as errors.",
        rich_help_panel=PICTURES,
    ),
]
MaxPixels = Annotated[
    int, typer.Option(min=1, metavar="N", help="Refuse pictures with more pixels than this.", rich_help_panel=PICTURES)
]
NoVerify = Annotated[
    bool,
    typer.Option(
        "--no-verify",
        help="Read only the headers of pictures: much faster, but damage and copies in two splits go unnoticed.",
        rich_help_panel=PICTURES,
    ),
]

Split = Annotated[
    Method | None,
    typer.Option(help="How pictures are divided; by default as in the source, else random.", rich_help_panel=SPLITS),
]
Val = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Share for validation; 0.2 by default.", rich_help_panel=SPLITS),
]
Test = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Share for testing; 0 by default.", rich_help_panel=SPLITS)
]
Seed = Annotated[int, typer.Option(help="Random seed.", rich_help_panel=SPLITS)]
GroupBy = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="Keep pictures together in whose paths this expression, or its first group, matches the same text.",
        rich_help_panel=SPLITS,
    ),
]
KeepSplits = Annotated[
    Path | None,
    typer.Option(metavar="OLD", help="An earlier data set; its pictures keep their splits.", rich_help_panel=SPLITS),
]

Strict = Annotated[bool, typer.Option("--strict", help="Write nothing if anything at all is wrong.")]
Json = Annotated[bool, typer.Option("--json", help="Print counts and problems as JSON.")]


def convert_options(given: dict[str, Any]) -> ConvertOptions:
    """The options of a conversion from those of the command line.

    Args:
        given: Value by the name of ``convert``'s parameter.

    Returns:
        The options.

    Raises:
        UserError: A file of classes or labels cannot be read.
    """
    from yolact_kit.annotations.class_lists import read_classes, read_label_map
    from yolact_kit.datasets.convert import ConvertOptions

    names = {item.name for item in fields(ConvertOptions)}
    plain = {name: value.value if isinstance(value, Enum) else value for name, value in given.items() if name in names}
    plain["classes"] = read_classes(given["classes"]) if given["classes"] is not None else None
    label_map = read_label_map(given["map_"]) if given["map_"] is not None else None
    plain |= {"verify": not given["no_verify"], "workers": min(8, usable_cores()), "processes": True}
    return ConvertOptions(**plain, format=given["from_"], label_map=label_map)
