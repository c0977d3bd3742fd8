"""``yolact-kit predict``: pictures in, predictions out."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import say, set_level, track, warn
from yolact_kit.cli.options import (
    MACHINE_PANEL,
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
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError
from yolact_kit.files import run_folder

if TYPE_CHECKING:
    from yolact_kit.inference.run import Outcome

_ENGINES, _LATER_ENGINES = ("auto", "torch"), ("onnx", "openvino")
_COLORS = ("class", "instance")
_NMS = ("fast", "cross-class", "standard", "cluster-spm")


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="A picture, a folder with the folders in it, a glob in quotes, a .txt with a picture a line, an address "
        "(https://...), or - for standard input: a picture file, or such a list.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/predict-N by default.", rich_help_panel="Output"),
]
Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        metavar="coco,labelme,csv,png,cutouts,overlay",
        help="coco: predictions.json. labelme: files to correct and train on. csv: predictions.csv, a row an object. "
        "png: masks as pictures. cutouts: each object by itself, transparent around it. overlay: pictures with the "
        "masks drawn over them.",
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
        help="overlay: a colour for each class, or for each object of a picture.",
        rich_help_panel="Output",
    ),
]
Score = Annotated[
    float, typer.Option("--score", min=0, max=1, help="Lowest score given out.", rich_help_panel="Detection")
]
TopK = Annotated[
    int, typer.Option("--top-k", min=1, help="At most so many objects in a picture.", rich_help_panel="Detection")
]
Nms = Annotated[
    str | None,
    typer.Option(
        "--nms",
        metavar="fast|cross-class|standard|cluster-spm",
        help="How duplicates are removed; as the model was configured by default.",
        rich_help_panel="Detection",
    ),
]
Legacy = Annotated[
    bool,
    typer.Option("--legacy", help="Detect exactly as the original YOLACT's evaluation.", rich_help_panel="Detection"),
]
Engine = Annotated[
    str, typer.Option("--engine", metavar="auto|torch", help="What runs the model.", rich_help_panel=MACHINE_PANEL)
]


def predict(
    weights: Weights,
    source: Sources,
    out: Out = None,
    formats: Formats = ["coco,overlay"],  # noqa: B006 - Typer copies it
    simplify: Simplify = 1.0,
    color_by: ColorBy = "class",
    score: Score = 0.3,
    top_k: TopK = 100,
    nms: Nms = None,
    legacy: Legacy = False,
    model: WeightsModel = None,
    engine: Engine = "auto",
    device: Device = "auto",
    batch_size: BatchSize = 8,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find objects in pictures with a trained model.

    Writes every object's class, score, box and mask (predictions.json, COCO's layout) and the pictures with all of it
    drawn over them. A picture that cannot be read is reported and left out; the others go on. A run that was cut off
    goes on where it stopped when the same command is given again with its --out.

    Example: yolact-kit predict runs/train-1 photos --score 0.5

    Example: yolact-kit predict runs/train-1 photos --format labelme,csv --out found

    Example: yolact-kit predict yolact_base_54_800000.pth photo.jpg
    """
    set_level(quiet, verbose)
    names = [name.strip() for given in formats for name in given.split(",") if name.strip()]
    _check(engine, nms)
    if color_by not in _COLORS:
        raise UserError(f"'{color_by}' is no way to choose colours.", f"--color-by takes {', '.join(_COLORS)}.")
    outcome, seconds = _predict(
        source,
        out or run_folder("predict"),
        names,
        overwrite,
        {"simplify": simplify, "by_instance": color_by == "instance"},
        {
            "weights": weights, "device": device, "score": score, "top_k": top_k, "nms": nms, "legacy": legacy,
            "batch_size": batch_size, "model": model,
        },
    )  # fmt: skip
    _close(outcome, seconds, "overlay" in names)
    if outcome.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if outcome.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _check(engine: str, nms: str | None) -> None:
    if engine not in _ENGINES:
        what = "is not available yet" if engine in _LATER_ENGINES else "is not known"
        raise UserError(f"The engine '{engine}' {what}.", f"Available are {', '.join(_ENGINES)}.")
    if nms is not None and nms not in _NMS:
        raise UserError(f"'{nms}' is no way to remove duplicates.", f"--nms takes {', '.join(_NMS)}.")


def _predict(
    source: list[str],
    out: Path,
    formats: list[str],
    overwrite: bool,
    look: dict[str, Any],
    options: dict[str, Any],
) -> tuple[Outcome, float]:
    """Checks what can be checked first, loads the model, and predicts; the outcome and the seconds of predicting."""
    from yolact_kit.inference.drawing import Style
    from yolact_kit.inference.journal import check_folder, is_unfinished
    from yolact_kit.inference.sources import find_pictures
    from yolact_kit.inference.writers import WriteOptions, check_formats

    check_formats(formats)
    given = [Path(path) for path in source if path != "-" and Path(path).exists()]
    check_folder(out, overwrite, [*given, *weights_files(options["weights"])])
    if is_unfinished(out) and not overwrite:
        say(f"Going on with the run in {out}, which was cut off.")
    pictures = find_pictures(source)

    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.run import predict_to_folder

    options["weights"] = at_hand(options["weights"])
    predictor = Predictor.load(**options)
    if "overlay" in formats:
        _hint_fonts(predictor.classes)
    start = time.perf_counter()
    outcome = predict_to_folder(
        predictor,
        pictures,
        out,
        formats,
        overwrite,
        track=_progress,
        on_problem=lambda _, error: warn(f"{error.message} It is left out."),
        options=WriteOptions(look["simplify"], Style(by_instance=look["by_instance"])),
    )
    return outcome, time.perf_counter() - start


def _progress(stream: Iterable[Any], total: int) -> Iterable[Any]:
    return track(stream, "Predicting", total)


def _hint_fonts(classes: list[str]) -> None:
    from yolact_kit.inference.drawing import class_font

    hint = class_font(classes).hint
    if hint:
        warn(hint)


def _close(outcome: Outcome, seconds: float, drawn: bool) -> None:
    if outcome.interrupted:
        warn(f"Interrupted: what was done is kept. The same command with --out {outcome.out} goes on from there.")
    by_class = ", ".join(f"{count} {name}" for name, count in sorted(outcome.by_class.items()))
    rate = (outcome.pictures - outcome.continued) / max(seconds, 1e-9)
    pictures = f"{outcome.pictures} picture{'' if outcome.pictures == 1 else 's'}"
    objects = f"{outcome.objects} object{'' if outcome.objects == 1 else 's'}"
    say(f"Found {objects} in {pictures}{f': {by_class}' if by_class else ''} ({rate:.1f} pictures/s).")
    if outcome.broken:
        say(f"{len(outcome.broken)} could not be read and were left out.")
    if outcome.kept:
        say(f"{len(outcome.kept)} labelme files were saved by a person and are kept as they were.")
    if outcome.objects == 0:
        say("Nothing scored high enough: try a lower --score, or train longer.")
    say(f"Written to {outcome.out}")
    look = _to_look_at(outcome) if drawn else None
    if look is not None:
        say(f"Look at {look}")


def _to_look_at(outcome: Outcome) -> Path | None:
    """The overlay of the picture with the most objects, else any overlay."""
    folder = outcome.out / "overlay"
    if outcome.best:
        guess = folder / f"{outcome.best}.jpg"
        if guess.is_file():
            return guess
    return next(iter(sorted(folder.rglob("*.jpg"))), None)
