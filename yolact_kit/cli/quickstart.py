"""``yolact-kit quickstart``: the whole way on the bundled data."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from yolact_kit.cli.console import say, set_level, show
from yolact_kit.cli.options import Overwrite, Quiet, Verbose
from yolact_kit.cli.steps import plain_command, run_step
from yolact_kit.durations import format_duration, parse_duration
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, check_out
from yolact_kit.output_record import begin_record, remove_own_files
from yolact_kit.shipped import shipped

_MARK = "quickstart.json"


def quickstart(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder that everything is written to.")] = Path(
        "quickstart"
    ),
    duration: Annotated[
        str,
        typer.Option("--time", metavar="TIME", help="How long to train: 90s, 4m, 1h30m.", rich_help_panel="Training"),
    ] = "4m",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Go the whole way on the bundled data: convert, train, evaluate, predict.

    Pictures of workshop parts become a data set, a small YOLACT learns them, beginning with the starter weights in the
    package, and what it finds in pictures that it has never seen is drawn beside their labels. It needs neither a
    network nor a GPU. Each step's command is printed, ready to use on your own data.

    Example: yolact-kit quickstart --out my-first-model --time 4m
    """
    from yolact_kit.json_text import json_text

    set_level(quiet, verbose)
    start = time.monotonic()
    parse_duration(duration)
    _make_folder(out, overwrite)
    levels = [*(["--quiet"] if quiet else []), *(["--verbose"] if verbose else [])]
    for number, (title, words) in enumerate(_steps(out, duration), start=1):
        code = run_step(f"Step {number} of 6: {title}", [*words, *levels])
        if code:
            raise typer.Exit(code)
        if words[0] == "evaluate":
            _copy_test_pictures(out)
    pictures = _side_by_side(out)
    seconds = time.monotonic() - start
    metrics = json.loads((out / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    atomic_write_text(out / _MARK, json_text({"seconds": round(seconds, 1), "metrics": metrics}, indent=True))
    _show_results(out, metrics, pictures, seconds)


def _steps(out: Path, duration: str) -> list[tuple[str, list[str | Path]]]:
    data, config, run = out / "data", out / "config.yaml", out / "run"
    parts = shipped("examples", "parts", "pictures")
    return [
        ("turning labelme's files into a data set", ["convert", parts, data, "--val", "0.1", "--test", "0.2"]),
        ("checking the data set", ["validate", data]),
        ("planning the configuration", ["config", data, "--model", "yolact_nano", "--out", config]),
        (
            f"training for {duration}, from the starter weights in the package",
            ["train", config, "--time", duration, "--out", run],
        ),
        (
            "measuring it on the test split, which it has never seen",
            ["evaluate", run, data, "--split", "test", "--out", out / "evaluation"],
        ),
        ("predicting on the test pictures", ["predict", run, out / "pictures", "--out", out / "predictions"]),
    ]


def _make_folder(out: Path, overwrite: bool) -> None:
    """Makes ``out``; one that an earlier quickstart made is emptied under ``--overwrite``, any other is left alone."""
    check_out(out, overwrite)
    if out.is_dir() and any(out.iterdir()):
        if not (out / _MARK).is_file():
            raise UserError(
                f"'{out}' was not made by an earlier quickstart.",
                "Give the name of a new folder with --out.",
            )
        remove_own_files(out)
    begin_record(out)
    atomic_write_text(out / _MARK, "{}\n")


def _copy_test_pictures(out: Path) -> None:
    """Puts the pictures of the test split into one folder, as a user's new pictures would be."""
    from yolact_kit.annotations.dataset_folder import copy_pictures, load_dataset

    copy_pictures(load_dataset(out / "data").splits["test"], out / "pictures")


def _side_by_side(out: Path) -> list[Path]:
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.reports.side_by_side import read_predictions, save_side_by_side

    say("\nDrawing the labels and the predictions side by side")
    pictures = load_dataset(out / "data").splits["test"]
    predictions = read_predictions(out / "predictions" / "predictions.json")
    return save_side_by_side(pictures, predictions, out / "side_by_side")


def _show_results(out: Path, metrics: dict[str, Any], pictures: list[Path], seconds: float) -> None:
    from rich.table import Table

    table = Table()
    for column in ("", "AP", "AP50", "AP75"):
        table.add_column(column, justify="left" if not column else "right")
    for kind in ("mask", "box"):
        values = [metrics[kind][key] for key in ("AP", "AP50", "AP75")]
        table.add_row(kind, *("-" if value is None else f"{value:.2f}" for value in values))
    say("\nOn the test split, which was used neither for training nor for choosing the weights:")
    show(table)
    say(f"\nEverything took {format_duration(seconds)}. Look at these, labels on the left, predictions on the right:")
    for path in pictures:
        say(f"  {path}")
    say("\nYour own pictures next:\n  $ " + plain_command(["predict", out / "run", "YOUR_PICTURES"]))
    say("And a model of your own from labelled pictures, step by step:\n  $ yolact-kit guide YOUR_FOLDER")
