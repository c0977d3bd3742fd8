"""Runs one command as a step of another; the command that is printed is the one that runs."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from yolact_kit.cli.app import command
from yolact_kit.cli.console import say
from yolact_kit.errors import EXIT_DONE


def plain_command(words: Sequence[str | Path]) -> str:
    """A command line that can be copied into the shell of this system.

    Args:
        words: What follows ``yolact-kit``.

    Returns:
        The line, quoted where it must be.

    Example:
        >>> plain_command(["convert", "photos", "data"])
        'yolact-kit convert photos data'
    """
    line = ["yolact-kit", *map(str, words)]
    return subprocess.list2cmdline(line) if sys.platform == "win32" else shlex.join(line)


def short_path(path: Path) -> Path:
    """A path as a user would write it: relative where it lies under the current folder."""
    current = Path.cwd()
    return path.relative_to(current) if path.is_relative_to(current) else path


def run_step(title: str, words: Sequence[str | Path]) -> int:
    """Prints a command and runs it in this process, exactly as the shell would.

    Args:
        title: What the step does, for people.
        words: What follows ``yolact-kit``.

    Returns:
        The command's exit code: 0 or 1.

    Raises:
        SystemExit: The command failed or was interrupted; its message has been printed.

    Example:
        >>> run_step("Checking the data set", ["validate", "data"])  # doctest: +SKIP
        0
    """
    announce(title, words)
    return run_command(words)


def announce(title: str, words: Sequence[str | Path]) -> None:
    """Prints what a step does and its command.

    Args:
        title: What the step does, for people.
        words: What follows ``yolact-kit``.
    """
    say(f"\n{title}\n  $ {plain_command(words)}")


def run_command(words: Sequence[str | Path]) -> int:
    """Runs a command in this process, exactly as the shell would.

    Args:
        words: What follows ``yolact-kit``.

    Returns:
        The command's exit code: 0 or 1.

    Raises:
        SystemExit: The command failed or was interrupted; its message has been printed.
    """
    name, *arguments = map(str, words)
    result = command(name)(arguments, prog_name=f"yolact-kit {name}", standalone_mode=False)
    code = result if isinstance(result, int) else EXIT_DONE
    if code > 1:
        sys.exit(code)
    return code
