"""``yolact-kit explain``: how a model makes its masks, on the user's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import DISPLAY, say, set_level, track, warn
from yolact_kit.cli.options import (
    DepthRangeOption,
    Device,
    EngineOption,
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
from yolact_kit.cli.predict_options import LowestScore, Nms
from yolact_kit.cli.problem_list import show_problems
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.files import check_out, run_folder
from yolact_kit.inference.engines.names import check_engine

if TYPE_CHECKING:
    from yolact_kit.inference.depth import CallDepth
    from yolact_kit.inference.explanation import Explanation
    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.sources import SourcePicture

ExplainedPictures = Annotated[
    list[str],
    typer.Argument(
        metavar="PICTURE...", help="Pictures, a folder, a glob in quotes, a .txt of pictures, or addresses."
    ),
]
ExplanationFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/explain-N by default.", rich_help_panel="Output"),
]
MostPictures = Annotated[
    int,
    typer.Option(
        "--count", min=1, help="At most this many pictures; each adds a megabyte to the page.", rich_help_panel="Output"
    ),
]


def explain(
    weights: Weights,
    pictures: ExplainedPictures,
    out: ExplanationFolder = None,
    count: MostPictures = 12,
    score: LowestScore = None,
    nms: Nms = None,
    depth_range: DepthRangeOption = None,
    model: WeightsModel = None,
    engine: EngineOption = "auto",
    device: Device = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show how a model makes its masks: prototypes, coefficients, anchors, duplicates.

    Writes a page where each coefficient has a slider and the mask follows it (explanation.html, which works offline),
    and figures to print: the prototypes across the pictures (prototypes.png), how the coefficients of each object add
    up to its mask (NAME-masks.png), its anchor and the boxes that it suppressed (NAME-boxes.png).

    Example: yolact-kit explain runs/train-1 photo.jpg

    Example: yolact-kit explain runs/train-1 photos --count 4 --out lesson
    """
    set_level(quiet, verbose)
    check_nms(nms)
    check_engine(engine)
    from yolact_kit.inference.passed_over import find_passed_over
    from yolact_kit.inference.sources import deep_values_of, find_pictures
    from yolact_kit.pixels.depth import parse_depth_range

    chosen = parse_depth_range(depth_range)

    out = out or run_folder("explain")
    inputs = [Path(path) for path in pictures if path != "-" and Path(path).exists()]
    check_out(out, overwrite, inputs)
    sources = without_videos(find_pictures(pictures))
    problems = find_passed_over(pictures, sources)
    if len(sources) > count:
        say(f"The first {count} of {len(sources)} pictures are explained; raise --count for more.")
    from yolact_kit.inference.depth import call_depth
    from yolact_kit.inference.predictor import Predictor

    predictor = Predictor.load(
        local_weights(weights), device, score, nms=nms, model=model, depth_range=chosen, engine=engine
    )
    say(predictor.describe_engine())
    say_default_score(predictor, score)
    depth = call_depth(predictor, lambda: deep_values_of(sources), DISPLAY)
    explanations, broken = _explain(predictor, sources[:count], depth)
    from yolact_kit.reports.explanation import write_explanations

    page = write_explanations(explanations, out, weights, overwrite, inputs)
    _say_empty(explanations, predictor.score)
    say(f"Open {page} in a browser; the figures are beside it.")
    show_problems(problems)
    if broken or any(problem.severity == "E" for problem in problems):
        raise typer.Exit(EXIT_PROBLEMS)


def _say_empty(explanations: list[Explanation], score: float) -> None:
    """Names the pictures without any detection."""
    for explanation in explanations:
        if not len(explanation.prediction):
            file = explanation.prediction.file
            say(f"Nothing in '{file}' scored {score:g} or more: its prototypes are shown without masks.")


def _explain(predictor: Predictor, pictures: list[SourcePicture], depth: CallDepth) -> tuple[list[Explanation], int]:
    """The explanations, and how many pictures could not be read; if none could, the first error is raised."""
    from yolact_kit.inference.explanation import explain as explain_picture
    from yolact_kit.pixels.pictures import PictureError

    explanations: list[Explanation] = []
    errors: list[PictureError] = []
    for picture in track(pictures, "Explaining"):
        try:
            explanations.append(explain_picture(predictor, picture.read(depth), picture.name))
        except PictureError as error:
            errors.append(error)
    if not explanations:
        raise errors[0]
    depth.report()
    for problem in errors:
        warn(f"{problem.message} It is left out.")
    return explanations, len(errors)
