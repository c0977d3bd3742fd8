"""The arguments and options of ``yolact-kit predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.errors import UserError
from yolact_kit.ops.nms_methods import NMS_METHODS

VIDEO_PANEL = "Videos and cameras"

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="A picture, a video, a folder (its pictures and videos, subfolders included), a glob in quotes, a .txt "
        "with one source per line, the number of a camera, an address (https://...), or - for standard input: a "
        "picture file, or such a list.",
    ),
]
PredictionFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/predict-N by default.", rich_help_panel="Output"),
]
PredictionFormats = Annotated[
    list[str],
    typer.Option(
        "--format",
        metavar="NAME,NAME",
        help="coco: predictions.json. labelme: files to correct and train on. csv: predictions.csv, one row per "
        "object. png: masks as pictures. cutouts: each object on a transparent background. overlay: pictures with the "
        "masks drawn over them. video: the same for each video, as an MP4.",
        rich_help_panel="Output",
    ),
]
Simplify = Annotated[
    float,
    typer.Option(
        "--simplify",
        metavar="PX",
        min=0,
        help="labelme: how far the polygons may be from the mask's outline, in pixels.",
        rich_help_panel="Output",
    ),
]
ColorBy = Annotated[
    str,
    typer.Option(
        "--color-by",
        metavar="class|instance",
        help="overlay, video: a colour for each class, or for each object of a picture.",
        rich_help_panel="Output",
    ),
]
OnlyUncertain = Annotated[
    int | None,
    typer.Option(
        "--only-uncertain",
        metavar="N",
        min=1,
        help="Write only the N pictures that the model is least sure of, those most worth labelling next, and list "
        "them in uncertain.txt.",
        rich_help_panel="Output",
    ),
]
LowestScore = Annotated[
    float | None,
    typer.Option(
        "--score",
        min=0,
        max=1,
        help="Lowest score of a detection. By default the threshold that training chose and stored with the weights, "
        "or 0.3 where they have none.",
        rich_help_panel="Detection",
    ),
]
TopK = Annotated[
    int, typer.Option("--top-k", min=1, help="At most this many objects per picture.", rich_help_panel="Detection")
]
Nms = Annotated[
    str | None,
    typer.Option(
        "--nms",
        metavar="|".join(NMS_METHODS),
        help="How duplicates are removed; by default as the model's configuration says.",
        rich_help_panel="Detection",
    ),
]
Legacy = Annotated[
    bool,
    typer.Option(
        "--legacy", help="Detect exactly as the original YOLACT's evaluation does.", rich_help_panel="Detection"
    ),
]
Tile = Annotated[
    int,
    typer.Option(
        "--tile",
        metavar="PX",
        min=0,
        help="For small objects in large pictures: also predict on tiles with this side, and merge the results.",
        rich_help_panel="Detection",
    ),
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap", metavar="SHARE", help="Share of a tile that the next one also shows.", rich_help_panel="Detection"
    ),
]
TilesOnly = Annotated[
    bool,
    typer.Option(
        "--tiles-only",
        help="With --tile: do not look at the whole picture as well. For pictures in which every object is small.",
        rich_help_panel="Detection",
    ),
]
Tta = Annotated[
    list[str],
    typer.Option(
        "--tta",
        metavar="flip,scale",
        help="Also predict on the picture mirrored, or enlarged and reduced, and merge the results: slower, sometimes "
        "a little better.",
        rich_help_panel="Detection",
    ),
]
Every = Annotated[
    int, typer.Option("--every", metavar="N", min=1, help="Process only every Nth frame.", rich_help_panel=VIDEO_PANEL)
]
TrackObjects = Annotated[
    bool,
    typer.Option("--track", help="Give objects an id that they keep from frame to frame.", rich_help_panel=VIDEO_PANEL),
]
CountLine = Annotated[
    list[str],
    typer.Option(
        "--count-line",
        metavar="X1,Y1,X2,Y2",
        help="Count the objects of each class that cross this line, in pixels; counts.json. May be repeated.",
        rich_help_panel=VIDEO_PANEL,
    ),
]
CountZone = Annotated[
    list[str],
    typer.Option(
        "--count-zone",
        metavar="X1,Y1,X2,Y2,X3,Y3,...",
        help="Count the objects of each class in this zone. May be repeated.",
        rich_help_panel=VIDEO_PANEL,
    ),
]
Fps = Annotated[
    bool,
    typer.Option("--fps/--no-fps", help="Write the frames per second on each frame.", rich_help_panel=VIDEO_PANEL),
]
ShowWindow = Annotated[
    bool,
    typer.Option(
        "--show", help="Show the results in a window as they come; q ends the run.", rich_help_panel=VIDEO_PANEL
    ),
]


def numbers(values: list[str], option: str) -> tuple[tuple[int, ...], ...]:
    """Reads lines or zones, each written as ``x1,y1,x2,y2,...``.

    Args:
        values: The values of a repeated option, each numbers separated by commas.
        option: Name of the option, for the error message.

    Returns:
        The coordinates of each, rounded to whole pixels.

    Raises:
        UserError: Something is not a number.
    """
    try:
        return tuple(tuple(round(float(number)) for number in value.split(",")) for value in values)
    except (ValueError, OverflowError) as error:
        raise UserError(f"'{option}' takes numbers separated by commas.", "They are x,y,... in pixels.") from error


def listed(values: list[str]) -> tuple[str, ...]:
    """The values of an option that may be repeated and whose values may be separated by commas."""
    return tuple(name.strip() for words in values for name in words.split(",") if name.strip())
