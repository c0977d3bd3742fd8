"""The program ``yolact-kit``: its commands, and what becomes of errors and interrupts."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from yolact_kit.cli.console import fail, is_verbose, use_forgiving_streams
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_USAGE, UserError

COMMANDS = ("convert", "train", "evaluate", "predict")

app = typer.Typer(
    name="yolact-kit",
    help="From your own labelled pictures to a trained, real-time instance-segmentation model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; ends the process with one of the exit codes in `yolact_kit.errors`.

    Args:
        arguments: The command line, `sys.argv` by default.
    """
    use_forgiving_streams()
    _register()
    try:
        app(arguments)
    except UserError as error:
        if is_verbose():
            raise
        fail(error.message, error.advice)
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        fail("Interrupted; what was done is kept.")
        sys.exit(EXIT_INTERRUPTED)


def _register() -> None:
    for name in COMMANDS:
        module = import_module(f"yolact_kit.cli.{name}")
        app.command(name=name)(getattr(module, name))
