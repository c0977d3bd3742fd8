"""``yolact-kit evaluate``: COCO's metrics of a model on a split of a data set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import print_json, say, set_level, show, track, warn
from yolact_kit.cli.options import (
    BatchSize,
    DatasetFolder,
    Device,
    Exact,
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
    local_weights,
    weights_files,
)
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.files import atomic_write_text, check_out, new_folder, run_folder
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.evaluation.analysis import Analysis
    from yolact_kit.evaluation.bootstrap import Comparison
    from yolact_kit.evaluation.run import Evaluation
    from yolact_kit.evaluation.split import Split
    from yolact_kit.evaluation.thresholds import OperatingPoint
    from yolact_kit.inference.predictor import Predictor

_COLUMNS = ("AP", "AP50", "AP75")
_FEW = 30
"""Below so many pictures, drawing from them says too little of others."""

SplitName = Annotated[
    str,
    typer.Option(
        "--split", metavar="NAME", help="Split to measure on: train, val or test.", rich_help_panel="Measuring"
    ),
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
Score = Annotated[
    float,
    typer.Option(
        "--score",
        min=0,
        max=1,
        help="Score threshold for precision, recall, the confusion matrix and the worst pictures.",
        rich_help_panel="Measuring",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/evaluate-N by default.", rich_help_panel="Output"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Also print the metrics as JSON.", rich_help_panel="Output")]


def evaluate(
    weights: Weights,
    dataset: DatasetFolder,
    split: SplitName = "val",
    against: Against = None,
    score: Score = 0.3,
    out: Out = None,
    as_json: AsJson = False,
    model: WeightsModel = None,
    device: Device = "auto",
    batch_size: BatchSize = 8,
    exact: Exact = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure a trained model on a split of a data set.

    Writes report.html, a page on what the model is good and bad at: COCO's metrics of masks and boxes, the best score
    threshold, which classes are confused, which kinds of errors cost most, and the worst pictures. All numbers are in
    metrics.json, every detection in results.json. --against tells whether the model is better than another one, or
    only luckier with these pictures.

    Example: yolact-kit evaluate runs/train-1 data --split val
    """
    set_level(quiet, verbose)
    out = out or run_folder("evaluate")
    check_out(out, overwrite, [dataset, *weights_files(weights), *weights_files(against)])

    from yolact_kit.evaluation.analysis import analyse
    from yolact_kit.evaluation.bootstrap import compare
    from yolact_kit.evaluation.split import load_split
    from yolact_kit.reports.evaluation_page import write_evaluation_report

    truth = load_split(dataset, split)
    options = {"device": device, "batch_size": batch_size, "exact": exact, "model": model}
    predictors = [_load(name, truth, options) for name in (weights, against) if name is not None]  # before either runs
    found, *others = [_evaluate(predictor, truth) for predictor in predictors]
    say("Analysing the errors")
    analysis = analyse(found, score)
    versus = None if against is None else (against, compare(found.metrics, others[0].metrics))
    compared = {} if versus is None else {"against": {"weights": against, **versus[1].to_dict()}}
    numbers = {**found.metrics.to_dict(), **analysis.to_dict(), **compared}
    with new_folder(out, overwrite) as folder:
        _plot(folder, truth, found, analysis)
        write_evaluation_report(folder / "report.html", truth, found, analysis, weights, versus, _drawing)
        for other in others:
            _write_json(folder / "against.json", other.metrics.to_dict())
        _write_json(folder / "results.json", found.results, indent=False)
        _write_json(folder / "metrics.json", numbers)
    if as_json:
        print_json(numbers)
    _show(truth, found, others)
    _show_analysis(analysis)
    if versus is not None:
        _show_comparison(versus[1])
    say(f"Written to {out}: look at {out / 'report.html'}")
    if found.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _load(weights: str, truth: Split, options: dict[str, Any]) -> Predictor:
    from yolact_kit.inference.predictor import Predictor

    predictor = Predictor.load(local_weights(weights), **options)
    missing, foreign = truth.compare(predictor.classes)
    if missing:
        warn(f"'{weights}' does not know the classes {', '.join(missing)}, so it cannot find them.")
    if foreign:
        say(f"Of the {len(predictor.classes)} classes of '{weights}', {len(foreign)} are not the data set's: left out.")
    truth.category_ids(predictor.classes)
    return predictor


def _evaluate(predictor: Predictor, truth: Split) -> Evaluation:
    from yolact_kit.evaluation.run import evaluate_split
    from yolact_kit.memory import keep_freed_memory

    keep_freed_memory()

    def progress(stream: Iterable[Any], total: int) -> Iterable[Any]:
        return track(stream, "Evaluating", total)

    return evaluate_split(
        predictor, truth, progress, on_problem=lambda error: warn(f"{error.message} It is left out, labels and all.")
    )


def _drawing(pictures: Iterable[Any], total: int) -> Iterable[Any]:
    return track(pictures, "Drawing the worst pictures", total)


def _plot(folder: Path, truth: Split, found: Evaluation, analysis: Analysis) -> None:
    from yolact_kit.evaluation.plots import plot_confusion, plot_precision_recall
    from yolact_kit.inference.drawing import class_font

    where = f"split '{truth.name}', {counted(len(found.truth['images']), 'picture')}"
    hint = class_font(truth.classes).hint
    if hint:
        warn(hint)
    plot_precision_recall(found.metrics.mask, folder / "precision_recall.png", f"Masks, {where}")
    title = f"Objects at score {analysis.score:g} and IoU 0.5, {where}"
    plot_confusion(analysis.confusion, analysis.categories, folder / "confusion.png", title)


def _write_json(file: Path, document: Any, indent: bool = True) -> None:
    from yolact_kit.json_text import json_text

    atomic_write_text(file, json_text(document, indent))


def _show(truth: Split, found: Evaluation, others: list[Evaluation]) -> None:
    from rich.markup import escape
    from rich.table import Table

    mask, box = found.metrics.mask, found.metrics.box
    objects = sum(mask.objects.values())
    size = f"{counted(len(found.truth['images']), 'picture')}, {counted(objects, 'object')}"
    table = Table(title=f"split '{truth.name}': {size}", title_justify="left")
    table.add_column("class", overflow="fold")
    for column in ("objects", "mask AP", "AP50", "AP75", "box AP", "AP50", "AP75"):
        table.add_column(column, justify="right", no_wrap=True)
    for name in truth.classes:
        cells = [_number(part.by_class[name][column]) for part in (mask, box) for column in _COLUMNS]
        table.add_row(escape(name), str(mask.objects[name]), *cells)
    table.add_section()
    for title, one in [("all", found), *(("all, against", other) for other in others)]:
        parts = (one.metrics.mask, one.metrics.box)
        cells = [_number(part.values[column]) for part in parts for column in _COLUMNS]
        table.add_row(title, str(objects), *cells, style="bold")
    show(table)


def _show_analysis(analysis: Analysis) -> None:
    chosen, best, boundary = analysis.all.at(analysis.score), analysis.all.best(), analysis.boundary.all
    say(f"from score {analysis.score:g}: {_shares(chosen)}")
    if best is not None:
        say(f"best F1, from score {best.score:.2f}: {_shares(best)}")
    say(
        f"Boundary IoU of the objects found: {_number(boundary.boundary)}; expected calibration error: "
        f"{_number(analysis.calibration.error)}"
    )
    errors = ", ".join(f"{kind} {_number(cost)}" for kind, cost in analysis.errors.cost.items())
    say(f"AP50 lost to each kind of error: {errors}")


def _shares(point: OperatingPoint) -> str:
    return f"precision {_number(point.precision)}, recall {_number(point.recall)}, F1 {_number(point.f1)}"


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
        warn(f"Only {counted(comparison.pictures, 'picture')}: the intervals are likely to be too narrow.")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
