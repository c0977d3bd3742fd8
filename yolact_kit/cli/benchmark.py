"""``yolact-kit benchmark``: how fast parts of the detection are on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from yolact_kit.cli.console import print_json, say, set_level, show, track
from yolact_kit.cli.options import Quiet, Verbose
from yolact_kit.errors import UserError
from yolact_kit.shipped import load_script

_SUBJECTS = ("nms",)


def benchmark(
    subject: Annotated[str, typer.Argument(metavar="nms", help="nms: the ways to remove duplicates.")],
    classes: Annotated[
        str, typer.Option("--classes", metavar="N,N", help="Numbers of classes.", rich_help_panel="Scenes")
    ] = "1,3,20,80",
    above: Annotated[
        str,
        typer.Option(
            "--above",
            metavar="N,N",
            help="Numbers of anchors with a high score: 20 to 200 for a trained model, more for a poor one.",
            rich_help_panel="Scenes",
        ),
    ] = "20,200,2000",
    anchors: Annotated[
        int, typer.Option("--anchors", min=1, help="Anchors per picture.", rich_help_panel="Scenes")
    ] = 19248,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="How many calls are timed.", rich_help_panel="Machine")
    ] = 15,
    device: Annotated[
        str, typer.Option("--device", metavar="auto|cpu|cuda", help="Device to run on.", rich_help_panel="Machine")
    ] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the rows as JSON on standard output.", rich_help_panel="Output")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure how fast parts of the detection are on this machine.

    Times Fast NMS, cross-class Fast NMS, standard NMS and Cluster-NMS with its score penalty against torchvision's
    batched_nms alone, and shows what share of standard NMS's detections each one keeps and how many others it has.

    Example: yolact-kit benchmark nms --classes 3,80
    """
    set_level(quiet, verbose)
    if subject not in _SUBJECTS:
        raise UserError(f"There is no benchmark '{subject}'.", f"The benchmarks are: {', '.join(_SUBJECTS)}.")
    class_counts, high_counts = _counts("--classes", classes), _counts("--above", above)

    from yolact_kit.inference.engines.device import choose_device

    script = load_script("benchmarks", "nms.py")
    chosen = choose_device(device)
    scenes = script.compare_nms(class_counts, high_counts, anchors, repeats, chosen)
    rows = [row for scene in track(scenes, "Measuring", len(class_counts) * len(high_counts)) for row in scene]
    if as_json:
        cells = [row.to_dict() for row in rows]
        print_json({"device": str(chosen), "anchors": anchors, "repeats": repeats, "rows": cells})
    else:
        show(script.table(rows, f"NMS on {chosen}, {anchors} anchors, median of {repeats}"))
        say("time: relative to torchvision's batched_nms. kept: share of standard NMS's detections; extra: all others.")


def _counts(option: str, text: str) -> list[int]:
    """The numbers of a list option."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise UserError(f"{option} takes whole numbers above 0, separated by commas, not '{text}'.", f"{option} 1,80")
    return [int(word) for word in words]
