"""The arguments and options of ``convert``, and how they become `ConvertOptions`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.annotations.choices import DifficultChoice, PictureFiles, SplitMethod, TargetFormat
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.cores import usable_cores

if TYPE_CHECKING:
    from yolact_kit.datasets.convert import ConvertOptions

LABELS = "The labels"
PICTURES = "The pictures"
SPLITS = "The splits"


SourceArgument = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="Folder with the labels and pictures, or one annotation file.")
]
OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Folder to create.")]

FromOption = Annotated[SourceFormat, typer.Option("--from", help="Format of the labels.", rich_help_panel=LABELS)]
ToOption = Annotated[TargetFormat, typer.Option("--to", help="Format to write.", rich_help_panel=LABELS)]
ClassesOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|a,b",
        help="Class names in order; other labels are skipped. By default all labels, alphabetically.",
        rich_help_panel=LABELS,
    ),
]
MapOption = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Rename labels: a file with lines `old: new`.", rich_help_panel=LABELS),
]
MergeNumberedOption = Annotated[
    bool,
    typer.Option(
        "--merge-numbered",
        help="Make one class of labels such as `cup_1` and `cup_2`, where the numbers count objects.",
        rich_help_panel=LABELS,
    ),
]
KeepNumberedOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="a_1,a_2",
        help="Numbered labels to keep as classes, or their name without the number.",
        rich_help_panel=LABELS,
    ),
]
BoxAsMaskOption = Annotated[
    bool,
    typer.Option("--box-as-mask", help="Use boxes as masks where there are no masks.", rich_help_panel=LABELS),
]
MasksOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder of mask pictures: a colour for each object, of one class that --classes names, or for each class.",
        rich_help_panel=LABELS,
    ),
]
PartsOption = Annotated[
    bool,
    typer.Option(
        "--parts-as-objects",
        help="Take each connected part of a class in mask pictures as an object.",
        rich_help_panel=LABELS,
    ),
]
ColorsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Colours of the classes in mask pictures: lines `cup,0,0,230` or `cup: 1`. By default they are worked out "
        "from the boxes in VOC's XML files.",
        rich_help_panel=LABELS,
    ),
]
ClassAttributeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The attribute of VIA's regions that is their class. By default it is worked out from the names.",
        rich_help_panel=LABELS,
    ),
]
DifficultOption = Annotated[
    DifficultChoice, typer.Option(help="What to do with VOC's difficult objects.", rich_help_panel=LABELS)
]
IgnoreAsCrowdOption = Annotated[
    bool,
    typer.Option(
        "--ignore-as-crowd",
        help="Ignore shapes labelled `__ignore__`, or without a label, instead of learning them as background.",
        rich_help_panel=LABELS,
    ),
]
LineWidthOption = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        metavar="PIXELS",
        help="Draw lines and points with this width instead of skipping them.",
        rich_help_panel=LABELS,
    ),
]
RescaleOption = Annotated[
    bool, typer.Option("--rescale", help="Scale labels to pictures whose size differs.", rich_help_panel=LABELS)
]
RepairOption = Annotated[
    bool, typer.Option("--repair", help="Mend outlines that cross themselves.", rich_help_panel=LABELS)
]

PicturesOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Also look for pictures here.", rich_help_panel=PICTURES)
]
ImagesOption = Annotated[
    PictureFiles, typer.Option(help="What to do with the picture files.", rich_help_panel=PICTURES)
]
SkipMissingOption = Annotated[
    bool,
    typer.Option(
        "--skip-missing",
        help="Leave out labels whose picture is missing, instead of counting them as errors.",
        rich_help_panel=PICTURES,
    ),
]
MaxPixelsOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Refuse pictures with more pixels than this.", rich_help_panel=PICTURES)
]
NoVerifyOption = Annotated[
    bool,
    typer.Option(
        "--no-verify",
        help="Read only the headers of pictures: much faster, but damage and copies in two splits go unnoticed.",
        rich_help_panel=PICTURES,
    ),
]

SplitOption = Annotated[
    SplitMethod | None,
    typer.Option(help="How pictures are divided; by default as in the source, else random.", rich_help_panel=SPLITS),
]
ValOption = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Share for validation; 0.2 by default.", rich_help_panel=SPLITS),
]
TestOption = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Share for testing; 0 by default.", rich_help_panel=SPLITS)
]
SeedOption = Annotated[int, typer.Option(help="Random seed.", rich_help_panel=SPLITS)]
GroupByOption = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="Keep pictures together in whose paths this expression, or its first group, matches the same text.",
        rich_help_panel=SPLITS,
    ),
]
KeepSplitsOption = Annotated[
    Path | None,
    typer.Option(metavar="OLD", help="An earlier data set; its pictures keep their splits.", rich_help_panel=SPLITS),
]

StrictOption = Annotated[bool, typer.Option("--strict", help="Write nothing if anything at all is wrong.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print counts and problems as JSON.")]


def convert_options(arguments: dict[str, Any]) -> ConvertOptions:
    """The options of a conversion from those of the command line.

    Args:
        arguments: Value by the name of ``convert``'s parameter.

    Returns:
        The options.

    Raises:
        UserError: A file of classes or labels cannot be read.
    """
    from yolact_kit.annotations.class_lists import read_classes, read_label_map
    from yolact_kit.datasets.convert import ConvertOptions
    from yolact_kit.pixels.depth import parse_depth_range

    names = {item.name for item in fields(ConvertOptions)}
    options = {name: value for name, value in arguments.items() if name in names}
    if arguments["classes"] is not None:
        options["classes"] = read_classes(arguments["classes"])
    if arguments["map_"] is not None:
        options["label_map"] = read_label_map(arguments["map_"])
    kept = [name.strip() for text in arguments["keep_numbered"] or () for name in text.split(",")]
    options["keep_numbered"] = tuple(name for name in kept if name)
    options["depth_range"] = parse_depth_range(arguments["depth_range"])
    options |= {"verify": not arguments["no_verify"], "workers": min(8, usable_cores()), "processes": True}
    return ConvertOptions(**options, format=arguments["from_"])
