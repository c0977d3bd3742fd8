"""``yolact-kit export``: a trained model for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.cli.console import print_json, say, set_level
from yolact_kit.cli.options import (
    Overwrite,
    Quiet,
    Verbose,
    Weights,
    WeightsModel,
    check_nms,
    local_weights,
    without_videos,
)
from yolact_kit.cli.predict_options import Nms
from yolact_kit.errors import UserError
from yolact_kit.files import run_folder
from yolact_kit.inference.export.names import (
    FORMAT_NAMES,
    LAYOUT_NAMES,
    SUFFIXES,
    check_format,
    check_layout_options,
    files_beside,
)

ExportFormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(FORMAT_NAMES),
        help="onnx: for most programs. openvino: for Intel's and other processors. torch-export: for torch without "
        "yolact-kit.",
        rich_help_panel="Output",
    ),
]
ExportPath = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="PATH",
        help="File or folder to write; runs/export-N by default, and model.onnx or the like in it.",
        rich_help_panel="Output",
    ),
]
Half = Annotated[
    bool,
    typer.Option("--half", help="Store weights in half precision: half the size.", rich_help_panel="Output"),
]
Whole = Annotated[
    bool,
    typer.Option(
        "--whole",
        help="Include decoding, Fast NMS and the assembly of masks: the file gives boxes, scores, labels and masks.",
        rich_help_panel="Output",
    ),
]
ExportLayout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="|".join(LAYOUT_NAMES),
        help="Give the file the inputs and outputs of yolov8-seg, which yolo11-seg has too, or of yolo26-seg, for "
        "programs that read these, and write X-AnyLabeling's YAML beside it.",
        rich_help_panel="Output",
    ),
]
CheckPictures = Annotated[
    list[str],
    typer.Option(
        "--pictures",
        metavar="SOURCE",
        help="Pictures on which the exported model has to predict the same; by default some that come along.",
        rich_help_panel="Check",
    ),
]
ParityAsJson = Annotated[
    bool, typer.Option("--json", help="Also print the result of the check as JSON.", rich_help_panel="Check")
]


def export(
    weights: Weights,
    format: ExportFormatOption = "onnx",
    out: ExportPath = None,
    whole: Whole = False,
    layout: ExportLayout = None,
    nms: Nms = None,
    half: Half = False,
    pictures: CheckPictures = [],  # noqa: B006 - Typer copies it
    model: WeightsModel = None,
    as_json: ParityAsJson = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write a trained model in a format of other programs, and check that it predicts the same.

    The file has the classes, the configuration and the score threshold in its metadata: `yolact-kit predict model.onnx
    photo.jpg` works, and so do evaluate and explain. It takes float32 pictures [batch, 3, size, size] of red, green and
    blue from 0 to 255, and gives logits, regressions, coefficients, prototypes and anchors.

    Example: yolact-kit export runs/train-1 --format onnx --out cups.onnx

    Example: yolact-kit export runs/train-1 --format openvino --pictures data/images/val

    Example: yolact-kit export runs/train-1 --layout yolo-seg --out cups.onnx
    """
    set_level(quiet, verbose)
    suffix = SUFFIXES[check_format(format)]
    check_nms(nms)
    file = _file(out, suffix)
    if layout is not None:
        check_layout_options(layout, format, whole)
    for path in [file, *files_beside(layout, file)]:
        if path.exists() and not overwrite:
            raise UserError(f"'{path}' is there already.", "Choose another --out, or give --overwrite to replace it.")
    from yolact_kit.inference.export.export import PICTURES, ExportOptions, export_model
    from yolact_kit.inference.sources import find_pictures

    sources = without_videos(find_pictures(pictures)) if pictures else []
    chosen = [source.path for source in sources if source.on_disk][:PICTURES]
    options = ExportOptions(format, whole, half, nms, layout or "")
    result = export_model(local_weights(weights), file, options, pictures=chosen, model=model)
    say(f"Checked against the weights: {result.parity.describe()}.")
    say(f"{result.megabytes:.1f} MB, {result.about}")
    say(f"Written to {', '.join(map(str, result.files))}")
    if as_json:
        print_json(result.to_dict())


def _file(out: Path | None, suffix: str) -> Path:
    """The file to write."""
    out = out or run_folder("export")
    if out.suffix.lower() == suffix:
        return out
    if out.suffix and not out.is_dir():
        raise UserError(f"'{out}' does not end in {suffix}.", f"Give a file that ends in {suffix}, or a folder.")
    return out / f"model{suffix}"
