"""Processes that train together: which part of a batch each one takes, and what they have to agree on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.utils.data import Sampler

from yolact_kit.datasets.torch_dataset import Draw

Number = TypeVar("Number", int, Tensor)


def world_size() -> int:
    """How many processes train together; 1 if one trains alone."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if world_size() > 1 else 0


def mean_over_processes(count: Number, least: int = 0) -> Number | Tensor:
    """The mean of a count over the processes, by which each divides its sum of losses.

    DDP averages gradients over the processes. If each divided its loss by its own count, a process with few objects
    would weigh as much as one with many.

    Args:
        count: What this process has, a number or a scalar.
        least: Lower limit of the total.

    Returns:
        The total over the number of processes; for a single process ``count`` itself, but at least ``least``.

    Example:
        >>> mean_over_processes(3)
        3
    """
    if world_size() > 1:
        total = torch.as_tensor(count, dtype=torch.float32, device=_device(count))
        distributed.all_reduce(total)
        return total.clamp(min=least) / world_size()
    return count.clamp(min=least) if isinstance(count, Tensor) else max(count, least)


def any_process(flag: bool, device: torch.device) -> bool:
    """Whether ``flag`` is set in any of the processes; every process has to call this."""
    if world_size() == 1:
        return flag
    flags = torch.tensor(float(flag), device=device)
    distributed.all_reduce(flags)
    return bool(flags > 0)


def broadcast_first(value: float, device: torch.device) -> float:
    """The ``value`` of the first process; every process has to call this."""
    if world_size() == 1:
        return value
    shared = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.broadcast(shared, src=0)
    return float(shared)


def gather(mine: dict[int, Any]) -> dict[int, Any]:
    """The entries of all processes; every process has to call this."""
    if world_size() == 1:
        return mine
    parts: list[dict[int, Any]] = [{} for _ in range(world_size())]
    distributed.all_gather_object(parts, mine)
    return {key: value for part in parts for key, value in part.items()}


def share_of_batch(batch_size: int) -> int:
    """Pictures that this process takes of each batch; if it does not divide evenly, the first processes take one more.

    Example:
        >>> share_of_batch(8)
        8
    """
    return len(range(rank(), batch_size, world_size()))


class ShareOfBatches(Sampler[Draw]):
    """This process's share of each batch, in turns.

    Args:
        draws: The showings of all processes.
        batch_size: Pictures a batch, those of all processes together.
    """

    def __init__(self, draws: Sampler[Draw], batch_size: int) -> None:
        self.draws = draws
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Draw]:
        for draw in self.draws:
            if draw.number % self.batch_size % world_size() == rank():
                yield draw


class ShareOfPictures(Sampler[int]):
    """This process's share of the validation pictures; at least one, so that no process runs ahead of the others.

    Args:
        count: Pictures.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return len(range(rank(), max(self.count, world_size()), world_size()))

    def __iter__(self) -> Iterator[int]:
        return (index % self.count for index in range(rank(), max(self.count, world_size()), world_size()))


def _device(count: int | Tensor) -> torch.device:
    """Where processes exchange a number: on its own device, or where their backend can take it."""
    if isinstance(count, Tensor):
        return count.device
    on_gpu = distributed.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")
