"""Arguments and options that several commands share, and the functions that check or resolve them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import say, track, warn
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.names import ENGINE_NAMES
from yolact_kit.ops.nms_methods import NMS_METHODS
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.inference.predictor import Predictor
    from yolact_kit.inference.sources import SourcePicture

OUTPUT_PANEL = "Messages"
MACHINE_PANEL = "Machine"

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.", rich_help_panel=OUTPUT_PANEL)
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print more, and the traceback of an unexpected error.", rich_help_panel=OUTPUT_PANEL
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what yolact-kit wrote there before.")]

DatasetFolder = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Folder that `convert` wrote, or its dataset.yaml.")
]
Weights = Annotated[
    str,
    typer.Argument(
        metavar="WEIGHTS",
        help="A run folder (its best weights), a .safetensors, a .pth of the original YOLACT, or published weights by "
        "name, such as coco:yolact_base.",
    ),
]
WeightsModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Model of a .pth of the original YOLACT, if its name does not say it: yolact_base, ..., or a config.yaml.",
        rich_help_panel="Weights",
    ),
]
Device = Annotated[
    str,
    typer.Option("--device", metavar="auto|cpu|cuda", help="Device to run on.", rich_help_panel=MACHINE_PANEL),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="Compute exactly as in training, to the last bit; slower on a CPU.",
        rich_help_panel=MACHINE_PANEL,
    ),
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="|".join(ENGINE_NAMES),
        help="What runs the network; by default OpenVINO on a processor, torch on a GPU.",
        rich_help_panel=MACHINE_PANEL,
    ),
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Pictures processed at once.", rich_help_panel=MACHINE_PANEL)
]
DepthRangeOption = Annotated[
    str | None,
    typer.Option(
        "--depth-range",
        metavar="LOW,HIGH",
        help="Values that become black and white in pictures of more than 8 bits a channel, such as 0,4095; by default "
        "what suits all pictures of a data set, which its weights keep.",
        rich_help_panel="The pictures",
    ),
]


def check_nms(name: str | None) -> None:
    """Checks the value of ``--nms``.

    Args:
        name: What the user gave; None if the model's own configuration decides.

    Raises:
        UserError: There is no NMS of that name.
    """
    if name is not None and name not in NMS_METHODS:
        raise UserError(f"There is no NMS '{name}'.", f"--nms takes {', '.join(NMS_METHODS)}.")


def local_weights(weights: str) -> str:
    """`yolact_kit.models.download.local_weights` with this command's progress."""
    from yolact_kit.models import download

    return download.local_weights(weights, track)


def say_default_score(predictor: Predictor, asked: float | None) -> None:
    """Says from which score on a predictor gives detections and why, unless ``--score`` asked for it.

    Args:
        predictor: The model.
        asked: The value of ``--score``; None where it was left out.
    """
    from yolact_kit.config.score_threshold import DEFAULT_SCORE, describe_default

    if asked is not None:
        return
    words = describe_default(predictor.threshold)
    if predictor.legacy and predictor.threshold is not None:
        words = f"score {DEFAULT_SCORE:g}: --legacy does not use the threshold that training chose"
    say(f"{words}; --score changes it")


def without_videos(sources: list[SourcePicture]) -> list[SourcePicture]:
    """Leaves out videos, for commands that take only pictures, and says how many there were.

    Args:
        sources: Pictures and videos.

    Returns:
        The pictures among them.

    Raises:
        UserError: There are only videos and cameras.
    """
    pictures = [source for source in sources if not source.moves]
    if not pictures:
        raise UserError(
            f"'{sources[0].name}' is a video or a camera.",
            "This command takes pictures: extract some frames, for example with ffmpeg.",
        )
    videos = len(sources) - len(pictures)
    if videos:
        warn(f"This command takes pictures only: {counted(videos, 'video is', 'videos are')} left out.")
    return pictures
