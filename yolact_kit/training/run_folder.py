"""The folder of a training run: whether it may be written, its log, and its removal where nothing was trained."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.files import check_out

_FILES_OF_A_RUN = (
    "train.log",
    "metrics.csv",
    "checkpoints/last.ckpt",
    "weights/best.safetensors",
    "weights/last.safetensors",
)
"""A folder that holds one of these was written by a training run."""


def check_run_folder(run: Path, overwrite: bool, inputs: Iterable[Path | str] = ()) -> None:
    """Checks, before any work is done, that a new run may be written to a folder.

    Args:
        run: The folder.
        overwrite: Whether an earlier run in it may be replaced.
        inputs: What is read: the data set and the weights.

    Raises:
        UserError: The folder is not empty and ``overwrite`` is not set, holds something other than a run, or overlaps
            with an input.
    """
    holds_files = run.is_dir() and any(run.iterdir())
    if holds_files and not any((run / name).is_file() for name in _FILES_OF_A_RUN):
        raise UserError(f"'{run}' is not empty, and is not a run folder.", "Give the name of a new folder.")
    check_out(run, overwrite, inputs)


def config_of_run(run: Path) -> Path:
    """The configuration file in a run folder.

    Args:
        run: The run folder.

    Returns:
        The file.

    Raises:
        UserError: There is none.
    """
    file = run / "config.yaml"
    if not file.is_file():
        raise UserError(f"'{run}' is not a run folder: it has no config.yaml.", "Give the folder of a run.")
    return file


class RunLog:
    """Prints lines, and adds them with the time to ``train.log`` in the run folder.

    Args:
        run: The run folder; made with the first line.
        say: Prints a line.
    """

    def __init__(self, run: Path, say: Callable[[str], None]) -> None:
        self.run = run
        self.say = say

    def __call__(self, line: str) -> None:
        """Prints and logs a line; training goes on where the log cannot be written, as on a full disk."""
        self.say(line)
        self.run.mkdir(parents=True, exist_ok=True)
        with suppress(OSError), (self.run / "train.log").open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}  {line}\n")


@contextmanager
def removing_unstarted(run: Path) -> Iterator[None]:
    """Removes a run folder in which training never started, so that the same command works again."""
    try:
        yield
    finally:
        if not (run / "config.yaml").is_file():
            shutil.rmtree(run, ignore_errors=True)
