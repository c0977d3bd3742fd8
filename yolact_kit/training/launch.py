"""Whether this process leads a training or follows; kept apart, since it is asked before torch is imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolact_kit.config.schema import TrainConfig

_BATCH = "YOLACT_KIT_BATCH"
"""How the process that leads divided the batch, for those that it starts."""

_NUMBERS = ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK")
"""Variables by which Lightning, torchrun and clusters number the processes of a training from 0."""


def follows() -> bool:
    """Whether this process was started to train along with another one, which speaks and writes for both.

    Example:
        >>> follows()
        False
    """
    return any(int(os.environ.get(name, "0")) > 0 for name in _NUMBERS)


def starts_others(train: TrainConfig) -> bool:
    """Whether this process starts every other one of its training, rather than another program or another machine.

    Only then can it tell them what it has found out.
    """
    return train.nodes == 1 and not any(name in os.environ for name in _NUMBERS)


def tell_batch(train: TrainConfig) -> None:
    """Leaves word of the batch for the processes that this one will start."""
    os.environ[_BATCH] = f"{train.batch_size} {train.accumulate}"


def heed_batch(train: TrainConfig) -> None:
    """Takes the batch, in place, of which the process that leads has left word."""
    if _BATCH in os.environ:
        train.batch_size, train.accumulate = map(int, os.environ[_BATCH].split())
