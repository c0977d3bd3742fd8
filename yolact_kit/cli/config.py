"""``yolact-kit config``: a configuration planned from a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.cli.console import say, set_level
from yolact_kit.cli.options import DatasetFolder, Quiet, Verbose
from yolact_kit.cli.steps import plain_command
from yolact_kit.errors import UserError


def config(
    dataset: DatasetFolder,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="yolact_nano, yolact_resnet50, yolact_base, ... (docs/models.md), or auto to suit the machine.",
            rich_help_panel="Model",
        ),
    ] = "auto",
    size: Annotated[
        int | None,
        typer.Option(
            "--size", metavar="PIXELS", help="Training size, instead of the model's own.", rich_help_panel="Model"
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", rich_help_panel="Output")] = Path(
        "config.yaml"
    ),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.", rich_help_panel="Output")
    ] = False,
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

    planned = plan(loaded, model, size)
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
