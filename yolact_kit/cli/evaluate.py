"""``yolact-kit evaluate``: COCO's metrics of a model on a split of a data set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import DISPLAY, print_json, say, set_level, show, track, warn
from yolact_kit.cli.options import (
    BatchSize,
    DatasetFolder,
    Device,
    EngineOption,
    Exact,
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
)
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.files import check_out, new_folder, run_folder, weights_files
from yolact_kit.inference.engines.names import check_engine
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.evaluation.bootstrap import Comparison
    from yolact_kit.evaluation.evaluate import ModelEvaluation
    from yolact_kit.evaluation.thresholds import OperatingPoint

_FEW = 30
"""With fewer pictures than this, resampling them says too little about others."""

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
    float | None,
    typer.Option(
        "--score",
        min=0,
        max=1,
        help="Score threshold for precision, recall, the confusion matrix and the worst pictures; by default the one "
        "that is stored with the weights, or 0.3. AP counts all detections.",
        rich_help_panel="Measuring",
    ),
]
EvaluationFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/evaluate-N by default.", rich_help_panel="Output"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Also print the metrics as JSON.", rich_help_panel="Output")]


def evaluate(
    weights: Weights,
    dataset: DatasetFolder,
    split: SplitName = "val",
    against: Against = None,
    score: Score = None,
    out: EvaluationFolder = None,
    as_json: AsJson = False,
    model: WeightsModel = None,
    device: Device = "auto",
    batch_size: BatchSize = 8,
    engine: EngineOption = "auto",
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
    check_engine(engine)
    out = out or run_folder("evaluate")
    check_out(out, overwrite, [dataset, *weights_files(weights), *weights_files(against)])

    from yolact_kit.evaluation.evaluate import evaluate_model
    from yolact_kit.reports.evaluation_page import write_evaluation_report

    result = evaluate_model(
        weights, dataset, split, against=against, score=score, model=model, device=device, batch_size=batch_size,
        exact=exact, engine=engine, display=DISPLAY,
    )  # fmt: skip
    with new_folder(out, overwrite) as folder:
        result.save(folder)
        rival = None if against is None or result.comparison is None else (against, result.comparison)
        write_evaluation_report(
            folder / "report.html", result.split, result.evaluation, result.analysis, weights, rival, _track_drawing,
            result.threshold,
        )  # fmt: skip
    if as_json:
        print_json(result.to_dict())
    show(result.table().to_rich())
    _show_analysis(result)
    if result.comparison is not None:
        _show_comparison(result.comparison)
    say(f"Written to {out}: look at {out / 'report.html'}")
    if result.evaluation.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _track_drawing(pictures: Iterable[Any], total: int) -> Iterable[Any]:
    return track(pictures, "Drawing the worst pictures", total)


def _show_analysis(result: ModelEvaluation) -> None:
    """Thresholds, outlines, scores and errors, one line each."""
    from yolact_kit.evaluation.tables import number_text

    analysis, stored = result.analysis, result.threshold
    best, boundary = analysis.all.best(), analysis.boundary.all
    if stored is None or stored.score != analysis.score:
        say(f"from score {analysis.score:g}: {_shares(analysis.all.at(analysis.score))}")
    if stored is not None:
        source = f"which training chose on {counted(stored.pictures, 'picture')}"
        say(f"from score {stored.score:g}, {source}: {_shares(analysis.all.at(stored.score))}")
    if best is not None:
        say(f"best F1, from score {best.score:.2f}: {_shares(best)}")
    say(
        f"Boundary IoU of the objects found: {number_text(boundary.boundary)}; expected calibration error: "
        f"{number_text(analysis.calibration.error)}"
    )
    if analysis.errors.ap50 is None:
        return
    losses = ", ".join(f"{loss.kind} {number_text(loss.ap)}" for loss in analysis.advice.losses)
    say(f"AP lost to each kind of error: {losses}")
    if analysis.advice.text:
        say(f"What to do next: {analysis.advice.text}")


def _shares(point: OperatingPoint) -> str:
    from yolact_kit.evaluation.tables import number_text

    return f"precision {number_text(point.precision)}, recall {number_text(point.recall)}, F1 {number_text(point.f1)}"


def _show_comparison(comparison: Comparison) -> None:
    """A row for each difference; warns if there are too few pictures to trust the intervals."""
    from rich.table import Table

    table = Table(title="compared with the other weights, on the same pictures", title_justify="left")
    for column in ("", "difference", "95 % interval", "verdict"):
        table.add_column(column)
    for kind, values in (("mask", comparison.mask), ("box", comparison.box)):
        for name, difference in values.items():
            interval = "-"
            if difference.low is not None and difference.high is not None:
                interval = f"{difference.low:+.3f} to {difference.high:+.3f}"
            table.add_row(f"{kind} {name}", _signed(difference.difference), interval, difference.verdict)
    show(table)
    if comparison.pictures < _FEW:
        warn(f"Only {counted(comparison.pictures, 'picture')}: the intervals are likely to be too narrow.")


def _signed(value: float | None) -> str:
    """A difference with its sign, or a dash if it is undefined."""
    return "-" if value is None else f"{value:+.3f}"
