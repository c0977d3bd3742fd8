"""Programs that tests drive, such as Xvfb and a browser."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest


def require_program(name: str) -> Path:
    """Path of an installed program; where it is missing the test skips, and fails in CI, which installs all of them.

    Programs of the environment that runs the tests (labelme) are found although it is not activated.
    """
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=folders)
    if found is None:
        message = f"the program '{name}' is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return Path(found)


def yolact_kit(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Runs the real command line in a process of its own, as a user would; text is decoded as UTF-8.

    Args:
        arguments: What follows ``yolact-kit``.
        cwd: Where it runs; the current folder by default.
        env: Environment variables besides those of the tests.
        timeout: Seconds after which the test fails.

    Returns:
        The finished process: ``returncode``, ``stdout`` and ``stderr``.
    """
    root = str(Path(__file__).parent.parent)
    paths = os.pathsep.join(path for path in (root, os.environ.get("PYTHONPATH", "")) if path)
    whole = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8", "COLUMNS": "160", **(env or {})}
    command = [sys.executable, "-m", "yolact_kit", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=whole, timeout=timeout, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )


def yolact_kit_here(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs the real command line in the process of the tests, which saves the seconds that importing PyTorch takes.

    Args:
        arguments: What follows ``yolact-kit``.
        cwd: Where it runs.

    Returns:
        As of a finished process: ``returncode``, ``stdout`` and ``stderr``.
    """
    from yolact_kit.cli.app import main

    words = [str(argument) for argument in arguments]
    stdout, stderr, before = io.StringIO(), io.StringIO(), Path.cwd()
    code: object = 0
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            main(words)
    except SystemExit as end:
        code = end.code
    finally:
        os.chdir(before)
    return subprocess.CompletedProcess(
        words, code if isinstance(code, int) else 1, stdout.getvalue(), stderr.getvalue()
    )
