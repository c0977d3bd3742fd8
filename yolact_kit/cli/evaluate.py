"""``yolact-kit evaluate``: COCO's metrics of a model on a split of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import print_json, say, set_level, show, track, warn
from yolact_kit.cli.options import (
    BatchSize,
    Device,
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
    at_hand,
    weights_files,
)
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.files import atomic_write_text, check_out, new_folder, run_folder

if TYPE_CHECKING:
    from yolact_kit.evaluation.bootstrap import Comparison
    from yolact_kit.evaluation.run import Evaluation
    from yolact_kit.evaluation.split import Split

_COLUMNS = ("AP", "AP50", "AP75")
_FEW = 30
"""Below so many pictures, drawing from them says too little of others."""


DatasetFolder = Annotated[
    Path, typer.Argument(metavar="DATASET", help="A folder that convert wrote, or its dataset.yaml.")
]
SplitName = Annotated[
    str, typer.Option("--split", metavar="NAME", help="Which split: train, val, test.", rich_help_panel="Measuring")
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="WEIGHTS",
        help="Other weights to compare with, on the same pictures.",
        rich_help_panel="Measuring",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/evaluate-N by default.", rich_help_panel="Output"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the metrics as JSON too.", rich_help_panel="Output")]


def evaluate(
    weights: Weights,
    dataset: DatasetFolder,
    split: SplitName = "val",
    against: Against = None,
    out: Out = None,
    as_json: AsJson = False,
    model: WeightsModel = None,
    device: Device = "auto",
    batch_size: BatchSize = 8,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure a trained model on a split of a data set.

    Writes COCO's metrics of masks and boxes (metrics.json), every detection (results.json), curves of precision and
    recall, and a matrix of which class is taken for which.

    Example: yolact-kit evaluate runs/train-1 data --split val
    """
    set_level(quiet, verbose)
    out = out or run_folder("evaluate")
    check_out(out, overwrite, [dataset, *weights_files(weights), *weights_files(against)])

    from yolact_kit.evaluation.bootstrap import compare
    from yolact_kit.evaluation.split import load_split

    truth = load_split(dataset, split)
    options = {"device": device, "batch_size": batch_size, "model": model}
    found = _evaluate(weights, truth, options)
    other = None if against is None else _evaluate(against, truth, options)
    comparison = None if other is None else compare(found.metrics, other.metrics)
    numbers = found.metrics.to_dict()
    if comparison is not None:
        numbers["against"] = {"weights": against, **comparison.to_dict()}
    with new_folder(out, overwrite) as folder:
        _write(folder, truth, found)
        if other is not None:
            atomic_write_text(folder / "against.json", _dump(other.metrics.to_dict()))
        atomic_write_text(folder / "metrics.json", _dump(numbers))
    if as_json:
        print_json(numbers)
    _show(truth, found, other)
    if comparison is not None:
        _show_comparison(comparison)
    say(f"Written to {out}")
    say(f"Look at {out / 'precision_recall.png'} and {out / 'confusion.png'}")
    if found.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _evaluate(weights: str, truth: Split, options: dict[str, Any]) -> Evaluation:
    from yolact_kit.evaluation.run import evaluate_split
    from yolact_kit.inference.predictor import Predictor

    def progress(stream: Iterable[Any], total: int) -> Iterable[Any]:
        return track(stream, "Evaluating", total)

    predictor = Predictor.load(at_hand(weights), **options)
    missing, foreign = truth.compare(predictor.classes)
    if missing:
        warn(f"'{weights}' does not know the classes {', '.join(missing)}: it finds none of them.")
    if foreign:
        say(f"Of the {len(predictor.classes)} classes of '{weights}', {len(foreign)} are not the data set's: left out.")
    return evaluate_split(
        predictor, truth, progress, on_problem=lambda error: warn(f"{error.message} It is left out, labels and all.")
    )


def _write(folder: Path, truth: Split, found: Evaluation) -> None:
    from yolact_kit.evaluation.confusion import confusion_matrix
    from yolact_kit.evaluation.plots import plot_confusion, plot_precision_recall
    from yolact_kit.inference.drawing import class_font

    atomic_write_text(folder / "results.json", json.dumps(found.results) + "\n")
    where = f"split '{truth.name}', {len(found.truth['images'])} pictures"
    hint = class_font(truth.classes).hint
    if hint:
        warn(hint)
    plot_precision_recall(found.metrics.mask, folder / "precision_recall.png", f"Masks, {where}")
    names = [category["name"] for category in found.truth["categories"]]
    counts = confusion_matrix(found.truth, found.results)
    plot_confusion(counts, names, folder / "confusion.png", f"Objects at score 0.3 and IoU 0.5, {where}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _show(truth: Split, found: Evaluation, other: Evaluation | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    mask, box = found.metrics.mask, found.metrics.box
    objects = sum(mask.objects.values())
    table = Table(
        title=f"split '{truth.name}': {len(found.truth['images'])} pictures, {objects} objects", title_justify="left"
    )
    table.add_column("class", overflow="fold")
    for column in ("objects", "mask AP", "AP50", "AP75", "box AP", "AP50", "AP75"):
        table.add_column(column, justify="right", no_wrap=True)
    for name in truth.classes:
        cells = [_number(part.by_class[name][column]) for part in (mask, box) for column in _COLUMNS]
        table.add_row(escape(name), str(mask.objects[name]), *cells)
    table.add_section()
    rows = [("all", found)] if other is None else [("all", found), ("all, against", other)]
    for title, one in rows:
        parts = (one.metrics.mask, one.metrics.box)
        cells = [_number(part.values[column]) for part in parts for column in _COLUMNS]
        table.add_row(title, str(objects), *cells, style="bold")
    show(table)


def _show_comparison(comparison: Comparison) -> None:
    from rich.table import Table

    table = Table(title="compared with the other weights, on the same pictures", title_justify="left")
    for column in ("", "difference", "95 % interval", "verdict"):
        table.add_column(column)
    for kind, values in (("mask", comparison.mask), ("box", comparison.box)):
        for name, one in values.items():
            interval = "-" if one.low is None or one.high is None else f"{one.low:+.3f} to {one.high:+.3f}"
            table.add_row(f"{kind} {name}", _signed(one.difference), interval, one.verdict)
    show(table)
    if comparison.pictures < _FEW:
        warn(f"Only {comparison.pictures} pictures: the intervals are likely to be too narrow.")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
