"""The command ``convert``."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import fail, print_json, say, set_level, show, track, warn
from yolact_kit.cli.options import Overwrite, Quiet, Verbose
from yolact_kit.errors import EXIT_PROBLEMS, EXIT_USAGE, UserError

if TYPE_CHECKING:
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.datasets.convert import ConversionResult, ConvertOptions

LABEL_PANEL = "The labels"
PICTURE_PANEL = "The pictures"
SPLIT_PANEL = "The splits"
_SHOWN = 5


class Source(str, Enum):
    """Formats that labels are read from."""

    auto = "auto"
    labelme = "labelme"
    voc = "voc"
    coco = "coco"
    yolo = "yolo"


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
    """What becomes of the picture files."""

    copy = "copy"
    link = "link"
    keep = "keep"


class Difficult(str, Enum):
    """What becomes of VOC's difficult objects."""

    keep = "keep"
    crowd = "crowd"
    drop = "drop"


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder with the labels and pictures, or one annotation file.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    from_: Annotated[
        Source, typer.Option("--from", help="Format of the labels.", rich_help_panel=LABEL_PANEL)
    ] = Source.auto,
    to: Annotated[Target, typer.Option("--to", help="Format to write.", rich_help_panel=LABEL_PANEL)] = Target.coco,
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Look for pictures here as well.", rich_help_panel=PICTURE_PANEL),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|a,b",
            help="Class names in their order; others are skipped. All labels, alphabetical, by default.",
            rich_help_panel=LABEL_PANEL,
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="File of lines `old: new`.", rich_help_panel=LABEL_PANEL),
    ] = None,
    split: Annotated[
        Method | None,
        typer.Option(
            help="How pictures are divided; as the source divides them, else random.", rich_help_panel=SPLIT_PANEL
        ),
    ] = None,
    val: Annotated[
        float | None, typer.Option(help="Share for validation; 0.2 by default.", rich_help_panel=SPLIT_PANEL)
    ] = None,
    test: Annotated[
        float | None, typer.Option(help="Share for the test; 0 by default.", rich_help_panel=SPLIT_PANEL)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.", rich_help_panel=SPLIT_PANEL)] = 0,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="What it finds in a picture's path, or its first group, names the group that stays together.",
            rich_help_panel=SPLIT_PANEL,
        ),
    ] = None,
    keep_splits: Annotated[
        Path | None,
        typer.Option(metavar="OLD", help="Data set whose pictures keep their splits.", rich_help_panel=SPLIT_PANEL),
    ] = None,
    images: Annotated[
        Images, typer.Option(help="What becomes of the picture files.", rich_help_panel=PICTURE_PANEL)
    ] = Images.copy,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if anything at all is wrong.")] = False,
    box_as_mask: Annotated[
        bool,
        typer.Option(
            "--box-as-mask", help="Take boxes as masks where there are no others.", rich_help_panel=LABEL_PANEL
        ),
    ] = False,
    skip_missing: Annotated[
        bool,
        typer.Option(
            "--skip-missing", help="Missing pictures are no error, only counted.", rich_help_panel=PICTURE_PANEL
        ),
    ] = False,
    masks: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of VOC's mask pictures.", rich_help_panel=LABEL_PANEL),
    ] = None,
    colors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Colours in the mask pictures: lines `cup,0,0,230`. Found out from the boxes by default.",
            rich_help_panel=LABEL_PANEL,
        ),
    ] = None,
    difficult: Annotated[
        Difficult, typer.Option(help="What becomes of VOC's difficult objects.", rich_help_panel=LABEL_PANEL)
    ] = Difficult.keep,
    line_width: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="PIXELS", help="Draw labelme's lines and points so wide.", rich_help_panel=LABEL_PANEL
        ),
    ] = None,
    rescale: Annotated[
        bool,
        typer.Option("--rescale", help="Scale labels to pictures of another size.", rich_help_panel=LABEL_PANEL),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend outlines that cross themselves.", rich_help_panel=LABEL_PANEL),
    ] = False,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse pictures with more pixels.", rich_help_panel=PICTURE_PANEL)
    ] = 150_000_000,
    json_: Annotated[bool, typer.Option("--json", help="Print counts and problems as JSON.")] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn labelled pictures into a data set to train on.

    Reads labelme's JSON, Pascal VOC's XML with polygons or mask pictures, and COCO's JSON, checks every label and
    every picture, and writes a folder with COCO annotations, pictures in train, val and test, and dataset.yaml.
    Nothing in the source is changed.

    Example: [bold]yolact-kit convert my-photos data --val 0.2 --test 0.1[/bold]
    """
    set_level(quiet, verbose)
    from yolact_kit.annotations.class_lists import read_classes, read_label_map
    from yolact_kit.datasets.convert import ConvertOptions

    if to is not Target.coco:
        raise UserError(f"Writing {to.value} is not possible yet.", "Leave --to out: COCO is what training reads.")
    options = ConvertOptions(
        format=from_.value,
        pictures=pictures,
        classes=read_classes(classes) if classes is not None else None,
        label_map=read_label_map(map_) if map_ is not None else None,
        box_as_mask=box_as_mask,
        skip_missing=skip_missing,
        masks=masks,
        colors=colors,
        rescale=rescale,
        repair=repair,
        max_pixels=max_pixels,
        difficult=difficult.value,
        line_width=line_width,
        workers=os.cpu_count() or 1,
        split=split.value if split is not None else None,
        val=val,
        test=test,
        seed=seed,
        group_by=group_by,
        keep_splits=keep_splits,
        images=images.value,
        strict=strict,
        overwrite=overwrite,
    )
    result = _run(source, out, options, json_)
    if json_:
        print_json({"counts": result.counts, "problems": [problem.to_dict() for problem in result.problems]})
    _show_counts(result, out)
    if not result.complete:
        raise typer.Exit(EXIT_PROBLEMS)


def _run(source: Path, out: Path, options: ConvertOptions, as_json: bool) -> ConversionResult:
    """Converts; problems are printed also where they are the reason that nothing is written."""
    from yolact_kit.datasets.convert import convert as run_conversion

    def progress(items: Iterable[Any], count: int, description: str) -> Iterable[Any]:
        return track(items, description, total=count)

    try:
        result = run_conversion(source, out, options, progress)
    except UserError as error:
        problems: list[Problem] = getattr(error, "problems", [])
        _show_problems(problems)
        if as_json:
            print_json({"error": error.message, "counts": {}, "problems": [problem.to_dict() for problem in problems]})
        fail(error.message, error.advice)
        raise typer.Exit(EXIT_USAGE) from error
    _show_problems(result.problems)
    return result


def _show_counts(result: ConversionResult, out: Path) -> None:
    from rich.table import Table

    counts = result.counts
    table = Table(title=f"{counts['pictures']} pictures, {counts['objects']} objects", title_justify="left")
    table.add_column("class")
    for name in counts["splits"]:
        table.add_column(name, justify="right")
    for label in counts["by_class"]:
        table.add_row(label, *(str(split["by_class"][label]) for split in counts["splits"].values()))
    table.add_section()
    table.add_row("pictures", *(str(split["pictures"]) for split in counts["splits"].values()))
    show(table)
    for key, text in (
        ("background", "pictures without objects, kept as background"),
        ("left_out", "labelled pictures left out, see above"),
        ("without_labels", "pictures that no annotation file speaks of, left out"),
    ):
        if counts[key]:
            say(f"{counts[key]} {text}")
    say(f"Written to {out}. Next: yolact-kit validate {out}")


def _show_problems(problems: list[Problem]) -> None:
    """Problems by kind, the gravest first, with some of each."""
    from yolact_kit.annotations.problem_kinds import KINDS

    names = {"E": "error", "F": "mended", "W": "warning", "S": "skipped"}
    grouped: dict[tuple[int, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        grouped["EWFS".index(problem.severity), problem.code].append(problem)
    for (_, code), found in sorted(grouped.items()):
        first = found[0]
        shown = [f"  {': '.join(part for part in (p.file, p.object, p.message) if part)}" for p in found[:_SHOWN]]
        more = [f"  ... and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        advice = [f"  {first.advice}"] if first.advice else []
        text = "\n".join([f"{len(found)} {KINDS[code].title}", *shown, *more, *advice])
        if first.severity == "E":
            fail(text)
        elif first.severity == "W":
            warn(text)
        else:
            say(f"{names[first.severity]}: {text}")
