"""The program ``yolact-kit``: its commands, and how errors and interrupts become exit codes.

Only the module of the command that was called is imported, so that ``--help`` answers at once and a fault in one
command does not affect the others.
"""

from __future__ import annotations

import difflib
import errno
import functools
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from yolact_kit import __version__
from yolact_kit.cli.console import fail, is_verbose, set_level, use_forgiving_streams
from yolact_kit.errors import EXIT_BROKEN_PIPE, EXIT_DONE, EXIT_FAULT, EXIT_INTERRUPTED, EXIT_USAGE, UserError

if TYPE_CHECKING:
    import typer

COMMANDS = {
    "quickstart": "Go the whole way on the bundled data: convert, train, evaluate, predict.",
    "guide": "Go the whole way on your own pictures, step by step.",
    "doctor": "Show versions, the device, its speed, and what is missing.",
    "annotate": "Open labelme on a folder of pictures, set up for your classes.",
    "convert": "Turn labelled pictures into a data set to train on.",
    "validate": "Check a data set or a folder of labels for mistakes.",
    "preview": "Draw pictures of a data set with their labels on contact sheets.",
    "augment": "Write an augmented copy of a data set.",
    "config": "Plan a configuration from a data set.",
    "train": "Train a model from a configuration.",
    "evaluate": "Measure a trained model on a split of a data set.",
    "predict": "Find objects in pictures and videos with a trained model.",
    "export": "Write a trained model in a format of other programs, and check that it predicts the same.",
    "explain": "Show how a model makes its masks: prototypes, coefficients, anchors, duplicates.",
    "benchmark": "Measure how fast parts of the detection are on this machine.",
}
"""Every command and its purpose; a test keeps these lines equal to the commands' own."""

PURPOSE = "From your own labelled pictures to a trained, real-time instance-segmentation model."

_CLOSING = """
`yolact-kit quickstart` shows the whole way on bundled data.
`yolact-kit COMMAND --help` has a command's options and an example; `yolact-kit --version` the version."""
_QUIET, _VERBOSE = {"-q", "--quiet"}, {"-v", "--verbose"}
_SECTIONS = re.compile(r"\n\n(?:Args|Returns|Yields|Raises):\n")
_ENVIRONMENT_ERRORS = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOSPC,
    errno.EFBIG,
    errno.EROFS,
    errno.EDQUOT,
    errno.ENAMETOOLONG,
}


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; ends the process with one of the exit codes in `yolact_kit.errors`.

    Args:
        arguments: The words after the program's name, from `sys.argv` by default.

    Example:
        >>> main(["--version"])  # doctest: +SKIP
    """
    use_forgiving_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    levels = []  # `yolact-kit -v train` means `yolact-kit train -v`.
    while words and words[0] in _QUIET | _VERBOSE:
        levels.append(words.pop(0))
    set_level(quiet=bool(_QUIET & {*levels, *words}), verbose=bool(_VERBOSE & {*levels, *words}))
    with errors_to_exit_codes():
        if not words or words[0] in ("--help", "-h"):
            _print_overview()
            sys.exit(EXIT_DONE if words else EXIT_USAGE)
        if words[0] == "--version":
            sys.stdout.write(f"yolact-kit {__version__}\n")
            return
        command(words[0])(words[1:] + levels, prog_name=f"yolact-kit {words[0]}")


def command(name: str) -> typer.Typer:
    """Loads one command as a Typer application of its own.

    Args:
        name: Name of the command, a key of `COMMANDS`.

    Returns:
        The application; called with a list of words it runs the command and ends the process.

    Raises:
        UserError: There is no command of that name.

    Example:
        >>> command("convert")(["photos", "data"])  # doctest: +SKIP
    """
    if name not in COMMANDS:
        kind = "option" if name.startswith("-") else "command"
        near = difflib.get_close_matches(name, [*COMMANDS, "--help", "--version"], n=1)
        advice = f"Did you mean `yolact-kit {near[0]}`?" if near else "`yolact-kit --help` lists the commands."
        raise UserError(f"There is no {kind} '{name}'.", advice)
    import typer

    function = getattr(import_module(f"yolact_kit.cli.{name}"), name)
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(name, help=_help(function.__doc__ or ""))(_guarded(function))
    return app


def _help(docstring: str) -> str:
    """A docstring as help: each paragraph on one line, without the sections for programmers."""
    text = _SECTIONS.split(inspect.cleandoc(docstring))[0]
    return re.sub(r"(?<=\S)\n(?=\S)", " ", text)


def _print_overview() -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 3))
    for name, purpose in COMMANDS.items():
        table.add_row(f"  [bold cyan]{name}[/]", purpose)
    console = Console(highlight=False)
    console.print("[bold]Usage:[/] yolact-kit COMMAND ...\n\n" + PURPOSE + "\n\n[bold]Commands[/]")
    console.print(table)
    console.print(_CLOSING)


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` with its errors turned into exit codes before Typer turns them into others."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        with errors_to_exit_codes():
            return function(*args, **options)

    return run


@contextmanager
def errors_to_exit_codes() -> Iterator[None]:
    """Turns exceptions into a message for people and the exit code that belongs to them.

    Raises:
        SystemExit: With the exit code, for everything that is raised inside.

    Example:
        >>> with errors_to_exit_codes():  # doctest: +SKIP
        ...     raise UserError("The folder 'pictures' does not exist.")
    """
    try:
        yield
    except UserError as error:
        fail(error.message, error.advice)
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt as interrupt:
        fail(str(interrupt) or "Interrupted; what is finished so far is kept.")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output (`| head`) has closed it; without this, Python complains again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_BROKEN_PIPE)
    except Exception as error:
        if hasattr(error, "exit_code"):  # Typer's own: usage errors and `typer.Exit`.
            raise
        if type(error).__name__ == "Abort":  # Typer's, at Ctrl-C or the end of input while it asks a question.
            fail("Interrupted; what is finished so far is kept.")
            sys.exit(EXIT_INTERRUPTED)
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Prints what an unforeseen ``error`` means for the user, and returns the exit code."""
    if is_verbose():
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.errno in _ENVIRONMENT_ERRORS:
        file = error.filename2 or error.filename  # of a copy, the second is what is written
        where = f": '{file}'" if file else ""
        fail(f"{error.strerror or error}{where}", "Check the disk's free space, and that you may write there.")
        return EXIT_USAGE
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("yolact_kit"):
        fail(
            f"The Python package '{error.name}' is missing.",
            "Run `pip install --upgrade yolact-kit`; yolact-kit-runtime only predicts, with exported models.",
        )
        return EXIT_USAGE
    advice = "" if is_verbose() else " Run it again with -v for the traceback, and"
    advice = f"This is a fault of yolact-kit, not yours.{advice or ' Please'} report it with the command you ran."
    fail(f"{type(error).__name__}: {error}", advice)
    return EXIT_FAULT
