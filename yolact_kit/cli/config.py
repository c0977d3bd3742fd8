"""``yolact-kit config``: a configuration planned from a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.cli.console import say, set_level
from yolact_kit.cli.options import DatasetFolder, Quiet, Verbose
from yolact_kit.cli.steps import plain_command
from yolact_kit.errors import UserError


def _list_backbones(wanted: bool) -> None:
    """Prints the short list of backbones and ends, if that is wanted."""
    if not wanted:
        return
    from rich.console import Console
    from rich.table import Table

    from yolact_kit.planning.backbones import BACKBONES

    table = Table(title="Backbones in the small preset: 256 px, 3 classes")
    for column in ("--backbone", "parameters", "multiply-adds", "time on a core", ""):
        table.add_column(column)
    for choice in BACKBONES:
        sizes = (f"{choice.parameters:.1f} M", f"{choice.operations:.1f} G", f"{choice.time:.2f}")
        table.add_row(choice.name, *sizes, choice.note)
    Console().print(table)
    Console().print(
        "Any other of torchvision's or timm's with feature maps of stride 8, 16 and 32 can be named as well."
    )
    raise typer.Exit


ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME",
        help="yolact_nano, yolact_resnet50, yolact_base, ... (docs/models.md), or auto to suit the machine.",
        rich_help_panel="Model",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        "--size", metavar="PIXELS", help="Training size, instead of the model's own.", rich_help_panel="Model"
    ),
]
BackboneName = Annotated[
    str | None,
    typer.Option(
        "--backbone",
        metavar="NAME",
        help="Backbone instead of the model's own: any of torchvision's or timm's; --backbones lists some.",
        rich_help_panel="Model",
    ),
]
ListBackbones = Annotated[
    bool,
    typer.Option(
        "--backbones",
        callback=_list_backbones,
        is_eager=True,
        help="List some backbones with their sizes and speed, and end.",
        rich_help_panel="Model",
    ),
]
File = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", rich_help_panel="Output")]
Replace = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.", rich_help_panel="Output")]


def config(
    dataset: DatasetFolder,
    model: ModelName = "auto",
    size: Size = None,
    backbone: BackboneName = None,
    _backbones: ListBackbones = False,
    out: File = Path("config.yaml"),
    overwrite: Replace = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Plan a configuration from a data set.

    Chooses model, batch size, epochs and anchors to suit the data and this machine. The file holds every option with
    an explanation, and with the reason where one was chosen: read it, change it, and train with it.

    Example: yolact-kit config data --model yolact_nano --out config.yaml
    """
    set_level(quiet, verbose)
    _check_out(out, overwrite)
    from yolact_kit.config.files import find_template

    if model != "auto":
        find_template(model)
    from yolact_kit.annotations.dataset_folder import load_dataset

    loaded = load_dataset(dataset)
    # From here on it takes seconds to import what is needed; a mistake in the call is reported before.
    from yolact_kit.config.changes import keep_changed
    from yolact_kit.planning.plan import plan

    planned = plan(loaded, model, size, backbone=backbone)
    copy = keep_changed(out)
    planned.save(out)
    say(str(planned))
    if copy is not None:
        say(f"The earlier {out}, which was changed by hand, is kept as {copy}.")
    say(f"Written to {out}. Next: {plain_command(['train', out])}")


def _check_out(out: Path, overwrite: bool) -> None:
    """Refuses a folder, and a file that is there unless it is a configuration that may be replaced."""
    if out.is_dir():
        raise UserError(f"'{out}' is a folder.", "Give the name of a file, such as --out config.yaml.")
    if out.exists() and not overwrite:
        raise UserError(f"'{out}' already exists.", "Give another name with --out, or --overwrite to replace it.")
    if out.exists():
        from yolact_kit.config.files import load_config

        try:
            load_config(out)
        except UserError as error:
            message = f"'{out}' is not replaced, because it is not a configuration that can be read: {error.message}"
            raise UserError(message, "Give another name with --out.") from error
