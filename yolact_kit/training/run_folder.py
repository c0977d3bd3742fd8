"""The folder of a training run: whether it may be written, its log, and its removal where nothing was trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from yolact_kit.config.files import load_config, override
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.files import check_out
from yolact_kit.moved import find_moved
from yolact_kit.output_record import begin_record, refuse_foreign, remove_own_files

_FILES_OF_A_RUN = (
    "train.log",
    "metrics.csv",
    "checkpoints/last.ckpt",
    "weights/best.safetensors",
    "weights/last.safetensors",
)
"""A folder that holds one of these was written by a training run."""
_CHANGING = (
    "train.log",
    "metrics.csv",
    "tensorboard/*",
    "mlflow.db*",
    "mlruns/*",
    "wandb/*",
    "checkpoints/previous.ckpt",
)
"""What grows in a run folder, is renamed, or is written by Lightning's loggers."""


def check_run_folder(run: Path, overwrite: bool, inputs: Iterable[Path | str] = ()) -> None:
    """Checks, before any work is done, that a new run may be written to a folder.

    Args:
        run: The folder.
        overwrite: Whether an earlier run in it may be replaced.
        inputs: What is read: the data set and the weights.

    Raises:
        UserError: The folder is not empty and ``overwrite`` is not set, holds something other than a run or files of
            the user's, or overlaps with an input.
    """
    holds_files = run.is_dir() and any(run.iterdir())
    if holds_files and not any((run / name).is_file() for name in _FILES_OF_A_RUN):
        raise UserError(f"'{run}' is not empty, and is not a run folder.", "Give the name of a new folder.")
    check_out(run, overwrite, inputs)


def begin_run_folder(run: Path) -> None:
    """Empties the folder of a new run of an earlier run's files, and begins the record of the new one.

    Args:
        run: The folder, which `check_run_folder` has allowed.

    Raises:
        UserError: Somebody has put other files into it since.
    """
    if run.is_dir():
        refuse_foreign(run)
        remove_own_files(run)
    begin_record(run, _CHANGING)


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


def config_to_resume(run: Path, settings: Iterable[str] = (), config_file: Path | None = None) -> Config:
    """The configuration that a run goes on with: its own, and its data set even where that was moved.

    Args:
        run: The run folder.
        settings: Changes, as `override` takes them.
        config_file: A configuration that the user named as well; where the data set was moved, it may say where to.

    Returns:
        The configuration.

    Raises:
        UserError: The folder is not a run's, its data set is neither where it was nor where the run was moved to, or a
            change is one that the checkpoint does not allow.
    """
    stored = load_config(config_of_run(run))
    config = override(stored, settings)
    fixed = [key for key in ("freeze", "backbone_rate") if getattr(config.train, key) != getattr(stored.train, key)]
    if fixed:
        raise UserError(
            f"A run that is resumed keeps its train.{fixed[0]}: the optimiser's state in its checkpoint depends on it.",
            f"Leave that out, or begin a new run with the weights of this one: `--weights {run}`.",
        )
    if config.dataset == stored.dataset:
        config.dataset = _find_data_set(run, stored.dataset, config_file)
    return config


def _find_data_set(run: Path, stored: str, config_file: Path | None) -> str:
    """The data set of a run: where it was, where a configuration says, or where it was moved to with the run."""
    if Path(stored).exists():
        return stored
    if config_file is not None:
        dataset = load_config(config_file).dataset
        if dataset and Path(dataset).exists():
            return dataset
    description = _described(run)

    def is_same(folder: Path) -> bool:
        return description is not None and _described(folder) == description

    folder = find_moved(re.sub(r"[\\/]dataset\.yaml$", "", stored), run, is_same)
    if folder is None:
        raise UserError(
            f"The data set of the run '{run}' is not at '{stored}' any more.",
            "Say where it is now: add --set dataset=FOLDER.",
        )
    return str(folder)


def _described(folder: Path) -> str | None:
    """The text of the ``dataset.yaml`` in a data set or a run, which has a copy; None where there is none."""
    file = folder / "dataset.yaml"
    return file.read_text(encoding="utf-8-sig") if file.is_file() else None


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
    """Removes what a run has written where training never started, so that the same command works again."""
    try:
        yield
    finally:
        if run.is_dir() and not (run / "config.yaml").is_file():
            remove_own_files(run)
            with suppress(OSError):  # somebody has put a file into it
                run.rmdir()
