"""``yolact-kit predict``: pictures in, predictions out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from yolact_kit.cli.console import DISPLAY, say, set_level, track, warn
from yolact_kit.cli.options import (
    BatchSize,
    DepthRangeOption,
    Device,
    EngineOption,
    Exact,
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
    check_nms,
    local_weights,
    say_default_score,
    without_videos,
)
from yolact_kit.cli.predict_options import (
    ColorBy,
    CountLine,
    CountZone,
    Every,
    Fps,
    Legacy,
    LowestScore,
    Nms,
    OnlyUncertain,
    Overlap,
    PredictionFolder,
    PredictionFormats,
    ShowWindow,
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
from yolact_kit.cli.problem_list import show_problems
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError
from yolact_kit.files import run_folder, weights_files
from yolact_kit.inference.engines.names import check_engine
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.inference.depth import CallDepth
    from yolact_kit.inference.drawing import Style
    from yolact_kit.inference.predict_sources import PredictionSummary
    from yolact_kit.inference.prediction import Prediction
    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.scenes import VideoOptions
    from yolact_kit.inference.sources import SourcePicture
    from yolact_kit.inference.writers import Item
    from yolact_kit.pixels.depth import DepthRange
    from yolact_kit.pixels.pictures import PictureError

_COLORS = ("class", "instance")


def predict(
    weights: Weights,
    source: Sources,
    out: PredictionFolder = None,
    formats: PredictionFormats = ["coco,overlay"],  # noqa: B006 - Typer copies it
    simplify: Simplify = 1.0,
    color_by: ColorBy = "class",
    only_uncertain: OnlyUncertain = None,
    score: LowestScore = None,
    top_k: TopK = 100,
    nms: Nms = None,
    legacy: Legacy = False,
    tile: Tile = 0,
    overlap: Overlap = 0.2,
    tiles_only: TilesOnly = False,
    tta: Tta = [],  # noqa: B006
    depth_range: DepthRangeOption = None,
    every: Every = 1,
    track_objects: TrackObjects = False,
    count_line: CountLine = [],  # noqa: B006
    count_zone: CountZone = [],  # noqa: B006
    fps: Fps = True,
    show: ShowWindow = False,
    model: WeightsModel = None,
    engine: EngineOption = "auto",
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
    _check(engine, nms, color_by)
    from yolact_kit.pixels.depth import parse_depth_range

    request = _Request(
        sources=source, out=out or run_folder("predict"), formats=listed(formats), overwrite=overwrite,
        simplify=simplify, by_instance=color_by == "instance", only_uncertain=only_uncertain, show=show,
        video=_video_options(every, track_objects, count_line, count_zone, fps), weights=weights, model=model,
        depth_range=parse_depth_range(depth_range), device=device, batch_size=batch_size, exact=exact, engine=engine,
        score=score, top_k=top_k, nms=nms, legacy=legacy, tile=tile, overlap=overlap, tta=listed(tta),
        whole=not tiles_only,
    )  # fmt: skip
    summary, seconds = _predict(request)
    _close(summary, seconds, "overlay" in request.formats)
    if summary.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.broken or any(problem.severity == "E" for problem in summary.passed_over):
        raise typer.Exit(EXIT_PROBLEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the arguments ask for."""

    sources: list[str]
    out: Path
    formats: tuple[str, ...]
    overwrite: bool
    simplify: float
    by_instance: bool
    only_uncertain: int | None
    show: bool
    video: VideoOptions
    weights: str
    model: str | None
    device: str
    batch_size: int
    exact: bool
    engine: str
    score: float | None
    top_k: int
    nms: str | None
    legacy: bool
    tile: int
    overlap: float
    tta: tuple[str, ...]
    whole: bool
    depth_range: DepthRange | None

    def load_predictor(self, batch_size: int) -> Predictor:
        """The model with these options."""
        from yolact_kit.inference.predictor import Predictor
        from yolact_kit.inference.views import ViewOptions

        views = ViewOptions(self.tile, self.overlap, self.tta, self.whole)
        return Predictor.load(
            local_weights(self.weights), device=self.device, score=self.score, top_k=self.top_k, nms=self.nms,
            legacy=self.legacy, batch_size=batch_size, model=self.model, views=views, exact=self.exact,
            depth_range=self.depth_range, engine=self.engine,
        )  # fmt: skip


def _video_options(
    every: int, track_objects: bool, count_line: list[str], count_zone: list[str], fps: bool
) -> VideoOptions:
    """How videos are processed, from the arguments."""
    lines, zones = numbers(count_line, "--count-line"), numbers(count_zone, "--count-zone")
    from yolact_kit.inference.scenes import VideoOptions

    return VideoOptions(every, track_objects, lines, zones, fps)


def _check(engine: str, nms: str | None, color_by: str) -> None:
    check_engine(engine)
    check_nms(nms)
    if color_by not in _COLORS:
        raise UserError(f"Colours cannot be chosen by '{color_by}'.", f"--color-by takes {', '.join(_COLORS)}.")


def _predict(request: _Request) -> tuple[PredictionSummary, float]:
    """Checks what can be checked first, loads the model, and predicts; also gives the seconds that this took."""
    pictures = _find_pictures(request)

    from yolact_kit.inference.depth import call_depth
    from yolact_kit.inference.drawing import Style
    from yolact_kit.inference.passed_over import find_passed_over
    from yolact_kit.inference.predict_sources import predict_to_folder
    from yolact_kit.inference.sources import deep_values_of
    from yolact_kit.inference.uncertainty import write_list
    from yolact_kit.inference.writers import WriteOptions
    from yolact_kit.memory import keep_freed_memory

    keep_freed_memory()
    style = Style(by_instance=request.by_instance)
    show = _open_window(style) if request.show else None
    live = show is not None or any(picture.camera >= 0 for picture in pictures)
    # Frames that wait for a batch are shown late.
    predictor = request.load_predictor(1 if live else request.batch_size)
    say(predictor.describe_engine())
    say_default_score(predictor, request.score)
    _warn_about_machine(request.formats, predictor.classes)
    start = time.perf_counter()
    unreadable: list[tuple[SourcePicture, PictureError]] = []
    depth = call_depth(predictor, partial(deep_values_of, pictures), DISPLAY)
    if request.only_uncertain:
        chooser = predictor if request.score is not None else _from_default_score(predictor)
        pictures, unreadable = _choose_uncertain(chooser, pictures, request.only_uncertain, depth)
    summary = predict_to_folder(
        predictor, pictures, request.out, request.formats, request.overwrite, _track_pictures, _warn_of_picture,
        options=WriteOptions(request.simplify, style), video=request.video, show=show, depth=depth,
    )  # fmt: skip
    summary.passed_over = find_passed_over(request.sources, pictures)
    if request.only_uncertain:
        summary.broken += unreadable
        say(f"The {len(pictures)} most uncertain pictures are listed in {write_list(request.out, pictures)}")
    return summary, time.perf_counter() - start


def _find_pictures(request: _Request) -> list[SourcePicture]:
    """The pictures, after checking that the arguments fit together."""
    from yolact_kit.inference.journal import is_unfinished
    from yolact_kit.inference.predict_sources import can_go_on, check_folder
    from yolact_kit.inference.scenes import check_videos
    from yolact_kit.inference.sources import find_pictures
    from yolact_kit.inference.writers import check_formats

    check_formats(request.formats)
    inputs = [Path(path) for path in request.sources if path != "-" and Path(path).exists()]
    check_folder(request.out, request.overwrite, [*inputs, *weights_files(request.weights)])
    pictures = find_pictures(request.sources)
    check_videos(pictures, request.formats, request.video)
    if is_unfinished(request.out) and not request.overwrite:
        continues = can_go_on(pictures, request.formats, request.video)
        say(f"{'Continuing' if continues else 'Starting over with'} the interrupted run in {request.out}.")
    return without_videos(pictures) if request.only_uncertain else pictures


def _from_default_score(predictor: Predictor) -> Predictor:
    """The predictor from score 0.3 on: the scores that it is unsure of are below the threshold that training chose."""
    from yolact_kit.config.score_threshold import DEFAULT_SCORE

    lower = copy(predictor)
    lower.score = min(predictor.score, DEFAULT_SCORE)
    return lower


def _choose_uncertain(
    predictor: Predictor, pictures: list[SourcePicture], count: int, depth: CallDepth
) -> tuple[list[SourcePicture], list[tuple[SourcePicture, PictureError]]]:
    """The pictures that the model is least sure of, and those that cannot be read."""
    from yolact_kit.inference.uncertainty import most_uncertain

    broken: list[tuple[SourcePicture, PictureError]] = []

    def note(picture: SourcePicture, error: PictureError) -> None:
        _warn_of_picture(picture, error)
        broken.append((picture, error))

    def progress(found: Iterable[Prediction], total: int) -> Iterable[Prediction]:
        return track(found, "Choosing", total)

    return most_uncertain(predictor, pictures, count, progress, note, depth), broken


def _open_window(style: Style) -> Callable[[Item], None]:
    """Opens a window; returns the function that shows a picture and its detections in it."""
    from yolact_kit.inference.display import Window
    from yolact_kit.inference.writers.overlay import draw_item

    opened = Window("yolact-kit predict")
    return lambda item: opened.show(draw_item(item, style))


def _track_pictures(stream: Iterable[Any], total: int | None) -> Iterable[Any]:
    return track(stream, "Predicting", total)


def _warn_of_picture(_: Any, error: PictureError) -> None:
    from yolact_kit.inference.videos import CUT_OFF

    warn(f"{error.message} {'What comes before is kept.' if error.code == CUT_OFF else 'It is left out.'}")


def _warn_about_machine(formats: Sequence[str], classes: list[str]) -> None:
    """Says what this machine lacks for drawing."""
    from yolact_kit.inference.drawing import class_font
    from yolact_kit.inference.encoders import fallback_hint

    hints = [class_font(classes).hint] if {"overlay", "video"} & set(formats) else []
    hints += [fallback_hint()] if "video" in formats else []
    for hint in filter(None, hints):
        warn(hint)


def _close(summary: PredictionSummary, seconds: float, has_overlay: bool) -> None:
    """Says what was found, what was not read, and where to look."""
    from yolact_kit.inference.journal import is_unfinished
    from yolact_kit.inference.scenes import counts_in_words

    if summary.interrupted:
        more = f" The same command with --out {summary.out} continues from there." if is_unfinished(summary.out) else ""
        warn(f"Interrupted: what is finished is kept.{more}")
    _say_objects(summary, seconds)
    for line in counts_in_words(summary.counts):
        say(f"  {line}")
    if summary.broken:
        say(f"{len(summary.broken)} could not be read completely.")
    show_problems(summary.passed_over)
    if summary.kept:
        say(f"Left as they were, because a person has edited them in labelme: {counted(len(summary.kept), 'file')}.")
    if summary.objects == 0:
        say("Nothing scored high enough: try a lower --score, or train longer.")
    say(f"Written to {summary.out}")
    example = _example_overlay(summary) if has_overlay else None
    if example is not None:
        say(f"Look at {example}")


def _say_objects(summary: PredictionSummary, seconds: float) -> None:
    """How many objects there are of each class, and how fast that was."""
    by_class = ", ".join(f"{count} {name}" for name, count in sorted(summary.by_class.items()))
    rate = _rate(summary.pictures - summary.continued, seconds)
    pictures, objects = counted(summary.pictures, "picture"), counted(summary.objects, "object")
    say(f"Found {objects} in {pictures}{f': {by_class}' if by_class else ''} ({rate}).")
    if summary.full:
        warn(
            f"{counted(summary.full, 'picture has', 'pictures have')} as many objects as --top-k allows: give a larger "
            "one to see whether there are more."
        )


def _rate(pictures: int, seconds: float) -> str:
    if 0 < pictures < seconds:
        return f"{seconds / pictures:.1f} s a picture"
    return f"{pictures / max(seconds, 1e-9):.1f} pictures/s"


def _example_overlay(summary: PredictionSummary) -> Path | None:
    """The overlay of the picture with the most objects, else any overlay."""
    folder = summary.out / "overlay"
    if summary.best:
        guess = folder / f"{summary.best}.jpg"
        if guess.is_file():
            return guess
    return next(iter(sorted(folder.rglob("*.jpg"))), None)
