"""Batches that fit in memory: tried out on a GPU, estimated on a CPU; a larger one is divided and accumulated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial

import torch

from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.memory import available_memory
from yolact_kit.models.freezing import freeze
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.estimate import Estimate, trial_step
from yolact_kit.training.launch import starts_all_processes
from yolact_kit.training.module import make_optimizer
from yolact_kit.training.plan import TrainingPlan
from yolact_kit.words import counted

Fits = Callable[[int], bool]
"""Whether a batch of this many pictures fits in memory."""

_SHARE = 0.9
"""Share of the free memory that a trial may use: other pictures have more objects, and memory is fragmented."""


def fit_batch(plan: TrainingPlan, measured: Estimate, fits: Fits | None = None) -> None:
    """Divides a plan's batch, in place, until it fits in memory; pictures per step and learning rate stay the same.

    Args:
        plan: The plan. If several processes train together, they must agree on the divided batch. If another program or
            another machine starts some of them, they cannot be told, so the batch is not divided.
        measured: What a picture needs, for CPUs.
        fits: Tells whether a batch fits; tried out on a GPU and estimated on a CPU by default.

    Raises:
        UserError: Not even one picture fits in the GPU's memory.
    """
    train = plan.config.train
    if not train.fit_memory:
        return
    if train.devices * train.nodes > 1 and not starts_all_processes(train):
        plan.notes.append("memory is not tested, because this command does not start all the processes")
        return
    on_gpu = plan.device.type == "cuda"
    if fits is None:
        fits = partial(_share_fits_on_gpu, plan) if on_gpu else _fits_by_estimate(plan, measured)
    batch, parts = _largest_that_fits(plan, fits)
    if parts > 1:
        how = "tried out" if on_gpu else "estimated"
        plan.notes.append(
            f"batch {batch} x {parts * train.accumulate} a step: {train.batch_size} pictures at once do not fit in "
            f"memory ({how}); their gradients are averaged instead"
        )
        train.batch_size, train.accumulate = batch, parts * train.accumulate


def _largest_that_fits(plan: TrainingPlan, fits: Fits) -> tuple[int, int]:
    """The largest part of a batch that fits, and the number of parts; on a CPU the smallest part where none does."""
    train = plan.config.train
    divisions = [(batch, parts) for batch, parts in divided(train.batch_size) if batch >= train.devices]
    for batch, parts in divisions:
        if fits(batch):
            return batch, parts
    if plan.device.type == "cuda":
        raise UserError(
            "Not even one picture fits in the GPU's memory.",
            "Close other programs that use the GPU, train on smaller pictures (--set model.input_size=400), or give "
            "--device cpu.",
        )
    batch, parts = divisions[-1]
    plan.notes.append(f"memory may run short even with {counted(batch, 'picture')} per batch; close other programs")
    return batch, parts


def divided(batch: int) -> Iterator[tuple[int, int]]:
    """The ways to divide a batch into equal parts: pictures per part, and number of parts.

    Example:
        >>> list(divided(6))
        [(6, 1), (3, 2), (2, 3), (1, 6)]
    """
    return ((batch // parts, parts) for parts in range(1, batch + 1) if batch % parts == 0)


def _fits_by_estimate(plan: TrainingPlan, measured: Estimate) -> Fits:
    """Whether the estimate for a batch is within the free memory; True if that is unknown."""
    free = available_memory()

    def fits(batch: int) -> bool:
        config = plan.config.model_copy(deep=True)
        config.train.batch_size = batch
        return free is None or config.train.devices * measured.memory(config) <= free

    return fits


def _share_fits_on_gpu(plan: TrainingPlan, batch: int) -> bool:
    """Whether a process's share of a batch fits on the first GPU; all GPUs are assumed to be the same."""
    share = -(-batch // plan.config.train.devices)
    return fits_on_gpu(plan.config, plan.device, plan.precision, share)


def fits_on_gpu(config: Config, device: torch.device, precision: str, batch: int) -> bool:
    """Tries out whether training steps of a batch fit in the free memory of a GPU.

    Args:
        config: The configuration; ``classes`` filled in.
        device: A CUDA device.
        precision: Lightning's name of the numeric precision.
        batch: Pictures.

    Returns:
        Whether the steps took at most nine tenths of the free memory.
    """
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    before, free = torch.cuda.memory_reserved(device), torch.cuda.mem_get_info(device)[0]
    fitted = steps_fit(config, device, precision, batch)
    peak = torch.cuda.max_memory_reserved(device) - before
    torch.cuda.empty_cache()
    return fitted and peak <= _SHARE * free


def steps_fit(config: Config, device: torch.device, precision: str, batch: int) -> bool:
    """Runs two training steps as in training, with the optimiser and the averaged weights.

    Args:
        config: The configuration; ``classes`` filled in.
        device: What computes.
        precision: Lightning's name of the arithmetic.
        batch: Pictures.

    Returns:
        Whether the memory was enough. The state of the random numbers is restored.
    """
    try:
        with torch.random.fork_rng():
            model = (
                YolactNetwork(config.model, len(config.classes))
                .to(device)
                .to(memory_format=torch.channels_last)
                .train()
            )
            freeze(model, config.train.freeze)
            average = copy.deepcopy(model) if config.train.ema_decay else None
            optimizer = make_optimizer(model, config.train, precision)
            for _ in range(2):  # the optimiser's own state comes with the first step
                trial_step(model, config, config.model.input_size, device, precision, batch)
                optimizer.step()
                optimizer.zero_grad()
            del average
    except torch.OutOfMemoryError:
        return False
    return True
