"""Whether this process leads a training or was started by another one; in a file that imports no torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolact_kit.config.schema import TrainConfig

_BATCH = "YOLACT_KIT_BATCH"
"""Environment variable by which the leading process tells the others how it divided the batch."""

_RUN = "YOLACT_KIT_RUN"
"""Environment variable by which the leading process tells the others where the run folder is."""

_NUMBERS = ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK")
"""Environment variables in which Lightning, torchrun and clusters number the processes of a training from 0."""


def is_follower() -> bool:
    """Whether another process leads this training, which alone prints and writes files.

    Example:
        >>> is_follower()
        False
    """
    return any(int(os.environ.get(name, "0")) > 0 for name in _NUMBERS)


def starts_all_processes(train: TrainConfig) -> bool:
    """Whether this process itself starts all others of its training, so that it can pass settings on to them."""
    return train.nodes == 1 and not any(name in os.environ for name in _NUMBERS)


def publish_batch(train: TrainConfig) -> None:
    """Passes the batch on to the processes that this one will start."""
    os.environ[_BATCH] = f"{train.batch_size} {train.accumulate}"


def adopt_batch(train: TrainConfig) -> None:
    """Sets the batch that the leading process has passed on, in place."""
    if _BATCH in os.environ:
        train.batch_size, train.accumulate = map(int, os.environ[_BATCH].split())


def publish_run(run: Path) -> None:
    """Passes the run folder on to the processes that this one will start."""
    os.environ[_RUN] = str(run.absolute())


def run_of_leader(run: Path) -> Path:
    """The run folder that the leading process has passed on; ``run`` if there is none."""
    return Path(os.environ.get(_RUN, run))
