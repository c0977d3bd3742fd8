"""How long work shows its progress: lines, warnings and progress bars; silent by default."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def _no_line(_line: str) -> None:
    """Prints nothing."""


def _no_progress(items: Iterable[Any], _description: str, _total: int | None = None) -> Iterable[Any]:
    """The items as they are, without a progress bar."""
    return items


def _python_warning(message: str) -> None:
    """Passes a warning to Python's own ``warnings``."""
    warnings.warn(message, stacklevel=3)


@dataclass(frozen=True, slots=True)
class Display:
    """Where the messages of a long piece of work go.

    Attributes:
        say: Prints a line for people.
        warn: Prints a warning.
        track: Goes through items and shows the progress; takes the items, a description and their number.
        console: Where a live line is drawn, if it is a terminal; None for no live line.

    Example:
        >>> Display(say=print).say("ready")
        ready
        >>> list(Display().track([1, 2], "Counting", 2))
        [1, 2]
    """

    say: Callable[[str], None] = _no_line
    warn: Callable[[str], None] = _python_warning
    track: Callable[[Iterable[Any], str, int | None], Iterable[Any]] = _no_progress
    console: Console | None = None


SILENT = Display()
"""Shows nothing but warnings."""
