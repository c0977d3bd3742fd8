"""``yolact-kit predict``: pictures in, predictions out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from yolact_kit.cli.console import say, set_level, track, warn
from yolact_kit.cli.options import (
    BatchSize,
    Device,
    Exact,
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
    check_nms,
    local_weights,
    without_videos,
)
from yolact_kit.cli.predict_options import (
    ColorBy,
    CountLine,
    CountZone,
    Engine,
    Every,
    Formats,
    Fps,
    Legacy,
    Nms,
    OnlyUncertain,
    Out,
    Overlap,
    Score,
    Show,
    Simplify,
    Sources,
    Tile,
    TilesOnly,
    TopK,
    TrackObjects,
    Tta,
    listed,
    numbers,
)
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError
from yolact_kit.files import run_folder, weights_files
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.inference.drawing import Style
    from yolact_kit.inference.prediction import Prediction
    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.run import Outcome
    from yolact_kit.inference.scenes import VideoOptions
    from yolact_kit.inference.sources import SourcePicture
    from yolact_kit.inference.writers import Item
    from yolact_kit.pixels.pictures import PictureError

_ENGINES, _LATER_ENGINES = ("auto", "torch"), ("onnx", "openvino")
_COLORS = ("class", "instance")


def predict(
    weights: Weights,
    source: Sources,
    out: Out = None,
    formats: Formats = ["coco,overlay"],  # noqa: B006 - Typer copies it
    simplify: Simplify = 1.0,
    color_by: ColorBy = "class",
    only_uncertain: OnlyUncertain = None,
    score: Score = 0.3,
    top_k: TopK = 100,
    nms: Nms = None,
    legacy: Legacy = False,
    tile: Tile = 0,
    overlap: Overlap = 0.2,
    tiles_only: TilesOnly = False,
    tta: Tta = [],  # noqa: B006
    every: Every = 1,
    track_objects: TrackObjects = False,
    count_line: CountLine = [],  # noqa: B006
    count_zone: CountZone = [],  # noqa: B006
    fps: Fps = True,
    show: Show = False,
    model: WeightsModel = None,
    engine: Engine = "auto",
    device: Device = "auto",
    batch_size: BatchSize = 8,
    exact: Exact = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find objects in pictures and videos with a trained model.

    Writes the class, score, box and mask of every object (predictions.json, in COCO's layout) and the pictures with
    these drawn over them. A picture that cannot be read is reported and left out. An interrupted run continues where
    it stopped when the same command is given again with its --out.

    Example: yolact-kit predict runs/train-1 photos --score 0.5

    Example: yolact-kit predict runs/train-1 photos --format labelme,csv --out found

    Example: yolact-kit predict runs/train-1 belt.mp4 --format video,csv --count-line 0,240,640,240
    """
    set_level(quiet, verbose)
    names = listed(formats)
    _check(engine, nms, color_by)
    lines, zones = numbers(count_line, "--count-line"), numbers(count_zone, "--count-zone")
    outcome, seconds = _predict(
        source, out or run_folder("predict"), names, overwrite,
        {"simplify": simplify, "by_instance": color_by == "instance", "only": only_uncertain, "show": show},
        {"every": every, "track": track_objects, "lines": lines, "zones": zones, "speed": fps},
        {
            "weights": weights, "device": device, "score": score, "top_k": top_k, "nms": nms, "legacy": legacy,
            "batch_size": batch_size, "exact": exact, "model": model,
            "views": {"tile": tile, "overlap": overlap, "tta": listed(tta), "whole": not tiles_only},
        },
    )  # fmt: skip
    _close(outcome, seconds, "overlay" in names)
    if outcome.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if outcome.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _check(engine: str, nms: str | None, color_by: str) -> None:
    if engine not in _ENGINES:
        what = "is not available yet" if engine in _LATER_ENGINES else "is not known"
        raise UserError(f"The engine '{engine}' {what}.", f"Available are {', '.join(_ENGINES)}.")
    check_nms(nms)
    if color_by not in _COLORS:
        raise UserError(f"Colours cannot be chosen by '{color_by}'.", f"--color-by takes {', '.join(_COLORS)}.")


def _predict(
    source: list[str],
    out: Path,
    formats: Sequence[str],
    overwrite: bool,
    look: dict[str, Any],
    moving: dict[str, Any],
    options: dict[str, Any],
) -> tuple[Outcome, float]:
    """Checks what can be checked first, loads the model, and predicts; the outcome and the seconds of predicting."""
    pictures, video = _found(source, out, formats, overwrite, moving, options["weights"])
    pictures = without_videos(pictures) if look["only"] else pictures

    from yolact_kit.inference.drawing import Style
    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.run import predict_to_folder
    from yolact_kit.inference.uncertainty import write_list
    from yolact_kit.inference.views import ViewOptions
    from yolact_kit.inference.writers import WriteOptions
    from yolact_kit.memory import keep_freed_memory

    keep_freed_memory()
    options["views"] = ViewOptions(**options["views"])
    style = Style(by_instance=look["by_instance"])
    show = _window(style) if look["show"] else None
    if show or any(picture.camera >= 0 for picture in pictures):
        options["batch_size"] = 1  # frames that wait for a batch are shown late
    options["weights"] = local_weights(options["weights"])
    predictor = Predictor.load(**options)
    _hint(formats, predictor.classes)
    start = time.perf_counter()
    pictures, left_out = _uncertain(predictor, pictures, look["only"]) if look["only"] else (pictures, [])
    write = WriteOptions(look["simplify"], style)
    outcome = predict_to_folder(
        predictor, pictures, out, formats, overwrite, _progress, _tell, options=write, video=video, show=show
    )
    if look["only"]:
        outcome.broken += left_out
        say(f"The {len(pictures)} most uncertain pictures are listed in {write_list(out, pictures)}")
    return outcome, time.perf_counter() - start


def _found(
    source: list[str], out: Path, formats: Sequence[str], overwrite: bool, moving: dict[str, Any], weights: str
) -> tuple[list[SourcePicture], VideoOptions]:
    """The pictures, after checking that the arguments fit together."""
    from yolact_kit.inference.journal import check_folder, is_unfinished
    from yolact_kit.inference.run import can_go_on
    from yolact_kit.inference.scenes import VideoOptions, check_videos
    from yolact_kit.inference.sources import find_pictures
    from yolact_kit.inference.writers import check_formats

    check_formats(formats)
    given = [Path(path) for path in source if path != "-" and Path(path).exists()]
    check_folder(out, overwrite, [*given, *weights_files(weights)])
    pictures, video = find_pictures(source), VideoOptions(**moving)
    check_videos(pictures, formats, video)
    if is_unfinished(out) and not overwrite:
        again = "Continuing" if can_go_on(pictures, formats, video) else "Starting over with"
        say(f"{again} the interrupted run in {out}.")
    return pictures, video


def _uncertain(
    predictor: Predictor, pictures: list[SourcePicture], count: int
) -> tuple[list[SourcePicture], list[tuple[SourcePicture, PictureError]]]:
    """The pictures that the model is least sure of, and those that cannot be read."""
    from yolact_kit.inference.uncertainty import most_uncertain

    broken: list[tuple[SourcePicture, PictureError]] = []

    def note(picture: SourcePicture, error: PictureError) -> None:
        _tell(picture, error)
        broken.append((picture, error))

    def progress(found: Iterable[Prediction], total: int) -> Iterable[Prediction]:
        return track(found, "Choosing", total)

    return most_uncertain(predictor, pictures, count, progress, note), broken


def _window(style: Style) -> Callable[[Item], None]:
    """Opens a window; returns the function that shows a picture and its detections in it."""
    from yolact_kit.inference.display import Window
    from yolact_kit.inference.writers.overlay import drawn

    opened = Window("yolact-kit predict")
    return lambda item: opened.show(drawn(item, style))


def _progress(stream: Iterable[Any], total: int | None) -> Iterable[Any]:
    return track(stream, "Predicting", total)


def _tell(_: Any, error: PictureError) -> None:
    from yolact_kit.inference.videos import CUT_OFF

    warn(f"{error.message} {'What comes before is kept.' if error.code == CUT_OFF else 'It is left out.'}")


def _hint(formats: Sequence[str], classes: list[str]) -> None:
    """Says what this machine lacks for drawing."""
    from yolact_kit.inference.drawing import class_font
    from yolact_kit.inference.encoders import fallback_hint

    hints = [class_font(classes).hint] if {"overlay", "video"} & set(formats) else []
    hints += [fallback_hint()] if "video" in formats else []
    for hint in filter(None, hints):
        warn(hint)


def _close(outcome: Outcome, seconds: float, drawn: bool) -> None:
    from yolact_kit.inference.journal import is_unfinished
    from yolact_kit.inference.scenes import counts_in_words

    if outcome.interrupted:
        more = f" The same command with --out {outcome.out} continues from there." if is_unfinished(outcome.out) else ""
        warn(f"Interrupted: what is finished is kept.{more}")
    by_class = ", ".join(f"{count} {name}" for name, count in sorted(outcome.by_class.items()))
    rate = _rate(outcome.pictures - outcome.continued, seconds)
    pictures, objects = counted(outcome.pictures, "picture"), counted(outcome.objects, "object")
    say(f"Found {objects} in {pictures}{f': {by_class}' if by_class else ''} ({rate}).")
    if outcome.full:
        warn(
            f"{counted(outcome.full, 'picture has', 'pictures have')} as many objects as --top-k allows: give a larger "
            "one to see whether there are more."
        )
    for line in counts_in_words(outcome.counts):
        say(f"  {line}")
    if outcome.broken:
        say(f"{len(outcome.broken)} could not be read completely.")
    if outcome.kept:
        say(f"Left as they were, because a person has edited them in labelme: {counted(len(outcome.kept), 'file')}.")
    if outcome.objects == 0:
        say("Nothing scored high enough: try a lower --score, or train longer.")
    say(f"Written to {outcome.out}")
    look = _to_look_at(outcome) if drawn else None
    if look is not None:
        say(f"Look at {look}")


def _rate(pictures: int, seconds: float) -> str:
    if 0 < pictures < seconds:
        return f"{seconds / pictures:.1f} s a picture"
    return f"{pictures / max(seconds, 1e-9):.1f} pictures/s"


def _to_look_at(outcome: Outcome) -> Path | None:
    """The overlay of the picture with the most objects, else any overlay."""
    folder = outcome.out / "overlay"
    if outcome.best:
        guess = folder / f"{outcome.best}.jpg"
        if guess.is_file():
            return guess
    return next(iter(sorted(folder.rglob("*.jpg"))), None)
