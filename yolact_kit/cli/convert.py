"""The command ``convert``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from yolact_kit.cli import convert_options as choices
from yolact_kit.cli.console import fail, print_json, say, set_level, show, track, warn
from yolact_kit.cli.options import DepthRangeOption, Overwrite, Quiet, Verbose
from yolact_kit.cli.problem_list import show_problems
from yolact_kit.cli.steps import plain_command, short_path
from yolact_kit.errors import EXIT_PROBLEMS, EXIT_USAGE, UserError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.datasets.convert import ConversionResult, ConvertOptions

_ROWS = 15
"""Classes without training that are printed."""
_UNTRAINED = "class-without-training"
_NOT_VERIFIED = "--no-verify: pictures were not checked for damage, nor compared to find copies;"


def convert(
    source: choices.SourceArgument,
    out: choices.OutArgument,
    from_: choices.FromOption = "auto",
    to: choices.ToOption = "coco",
    pictures: choices.PicturesOption = None,
    classes: choices.ClassesOption = None,
    map_: choices.MapOption = None,
    merge_numbered: choices.MergeNumberedOption = False,
    keep_numbered: choices.KeepNumberedOption = None,
    split: choices.SplitOption = None,
    val: choices.ValOption = None,
    test: choices.TestOption = None,
    seed: choices.SeedOption = 0,
    group_by: choices.GroupByOption = None,
    keep_splits: choices.KeepSplitsOption = None,
    images: choices.ImagesOption = "copy",
    strict: choices.StrictOption = False,
    box_as_mask: choices.BoxAsMaskOption = False,
    skip_missing: choices.SkipMissingOption = False,
    masks: choices.MasksOption = None,
    colors: choices.ColorsOption = None,
    parts_as_objects: choices.PartsOption = False,
    class_attribute: choices.ClassAttributeOption = None,
    difficult: choices.DifficultOption = "keep",
    ignore_as_crowd: choices.IgnoreAsCrowdOption = False,
    line_width: choices.LineWidthOption = None,
    rescale: choices.RescaleOption = False,
    repair: choices.RepairOption = False,
    max_pixels: choices.MaxPixelsOption = 150_000_000,
    depth_range: DepthRangeOption = None,
    no_verify: choices.NoVerifyOption = False,
    json_: choices.JsonOption = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn labelled pictures into a data set to train on.

    Reads labels of labelme, Pascal VOC (polygons or mask pictures), COCO, YOLO, CVAT and VIA, checks every label and
    every picture, and writes a folder with COCO annotations, pictures in train, val and test, and dataset.yaml; with
    --to, a folder for another program. Nothing in the source is changed.

    Example: [bold]yolact-kit convert my-photos data --val 0.2 --test 0.1[/bold]
    """
    arguments = dict(locals())
    set_level(quiet, verbose)
    result = _run(source, out, choices.convert_options(arguments), json_)
    if json_:
        document = result.to_dict()
        if result.label_map is not None:
            document["label_map"] = str(result.label_map)
        print_json(document)
    _show_counts(result, out, to)
    if not result.complete:
        raise typer.Exit(EXIT_PROBLEMS)


def _run(source: Path, out: Path, options: ConvertOptions, as_json: bool) -> ConversionResult:
    """Converts, and prints the problems, also when they are the reason that nothing is written."""
    from yolact_kit.datasets.convert import convert as run_conversion

    def progress(items: Iterable[Any], count: int, description: str) -> Iterable[Any]:
        return track(items, description, total=count)

    try:
        result = run_conversion(source, out, options, progress)
    except UserError as error:
        problems: list[Problem] = getattr(error, "problems", [])
        show_problems(problems)
        if as_json:
            print_json({"error": error.message, "counts": {}, "problems": [problem.to_dict() for problem in problems]})
        fail(error.message, error.advice)
        raise typer.Exit(EXIT_USAGE) from error
    # Classes that are not learnt have a table of their own.
    show_problems([problem for problem in result.problems if problem.code != _UNTRAINED])
    return result


def _show_counts(result: ConversionResult, out: Path, to: str) -> None:
    """Prints a table of classes and splits, what was left out, and what to do next."""
    from rich.table import Table

    counts = result.counts
    title = f"{counted(counts['pictures'], 'picture')}, {counted(counts['objects'], 'object')}"
    table = Table(title=title, title_justify="left")
    table.add_column("class")
    for name in counts["splits"]:
        table.add_column(name, justify="right")
    for label in counts["by_class"]:
        table.add_row(label, *(str(split["by_class"][label]) for split in counts["splits"].values()))
    table.add_section()
    for row in ("objects", "pictures", "background"):
        table.add_row(row, *(str(split[row]) for split in counts["splits"].values()))
    say(f"Read as {counts['format']}: {counts['format_told_by']}")
    show(table)
    for key, text in (
        ("background", "without objects, kept as background"),
        ("left_out", "with labels left out, see above"),
        ("without_labels", "that no annotation file mentions, left out"),
    ):
        if counts[key]:
            say(f"{counted(counts[key], 'picture')} {text}")
    if not counts["verified"]:
        say(f"{_NOT_VERIFIED} `yolact-kit validate` does.")
    if result.label_map is not None:
        say(f"The suggested map of numbered labels, to edit and give with --map: {short_path(result.label_map)}")
    if counts["without_training"]:
        _show_untrained(counts, out)
    say(f"Written to {out}." + (f" Next: {plain_command(['validate', out])}" if to == "coco" else ""))


def _show_untrained(counts: dict[str, Any], out: Path) -> None:
    """Prints the classes that have nothing to learn from: their objects by split, and what to do about each."""
    from rich.markup import escape
    from rich.table import Table

    from yolact_kit.annotations.source_folder import REPORT

    rows = counts["without_training"]
    those = counted(len(counts["by_class"]), "class", "classes")
    warn(f"{len(rows)} of {those} ha{'s' if len(rows) == 1 else 've'} no object in the training split to learn from:")
    table = Table(box=None, padding=(0, 2))
    table.add_column("class")
    for name in counts["splits"]:
        table.add_column(name, justify="right")
    table.add_column("what to do")
    for row in rows[:_ROWS]:
        table.add_row(escape(row["class"]), *(str(row[name]) for name in counts["splits"]), escape(row["advice"]))
    show(table)
    if len(rows) > _ROWS:
        say(f"  ... and {len(rows) - _ROWS} more; '{out / REPORT}' has all of them, under without_training")
