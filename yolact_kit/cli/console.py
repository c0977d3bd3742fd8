"""What the command line prints: messages to standard error, machine-readable output alone to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yolact_kit.display import Display

T = TypeVar("T")

console = Console(stderr=True, highlight=False)
"""Messages, tables and progress; never machine-readable output."""

_level = {"quiet": False, "verbose": False}


def set_level(quiet: bool, verbose: bool) -> None:
    """Sets how much is printed, for the rest of the process."""
    _level.update(quiet=quiet, verbose=verbose)


def is_verbose() -> bool:
    """Whether ``-v`` was given."""
    return _level["verbose"]


def use_forgiving_streams() -> None:
    """Keeps the program from failing on a console whose code page lacks a character (cp949, ASCII)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def say(message: str) -> None:
    """Prints a line for people, unless ``--quiet`` was given. ``message`` is plain text, not rich markup."""
    if not _level["quiet"]:
        console.print(message, markup=False, soft_wrap=True)


def warn(message: str) -> None:
    """Prints a warning, also under ``--quiet``."""
    console.print(f"warning: {message}", style="yellow", markup=False, soft_wrap=True)


def fail(message: str, advice: str = "") -> None:
    """Prints an error and what to do about it."""
    console.print(f"error: {message}", style="bold red", markup=False, soft_wrap=True)
    if advice:
        console.print(f"  {advice}", markup=False, soft_wrap=True)


def show(renderable: Any) -> None:
    """Prints a rich table or panel for people, unless ``--quiet`` was given."""
    if not _level["quiet"]:
        console.print(renderable)


def print_json(value: Any) -> None:
    """Prints ``value`` as JSON on standard output (ASCII only, so that every console can print it)."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Goes through ``items`` with a progress bar on a terminal; elsewhere prints a plain line at every tenth.

    Args:
        items: What to go through.
        description: What is being done, such as ``"Converting"``.
        total: How many items there are, if ``items`` has no length.

    Yields:
        The items.
    """
    count = total if total is not None else len(items) if isinstance(items, Sized) else None
    if _level["quiet"]:
        yield from items
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            yield from progress.track(items, total=count, description=description)
    else:
        yield from _track_plainly(items, description, count)


def _track_plainly(items: Iterable[T], description: str, count: int | None) -> Iterator[T]:
    step = max(1, (count or 1000) // 10)
    for index, item in enumerate(items, start=1):
        yield item
        if index % step == 0 or index == count:
            say(f"{description}: {index}/{count if count is not None else '?'}")


DISPLAY = Display(say, warn, track, console)
"""How the command line shows the work of other rooms."""
