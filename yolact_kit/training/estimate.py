"""The time and memory that training needs, estimated from trial steps of one picture and the number of objects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import Config
from yolact_kit.cores import busy_cores
from yolact_kit.durations import format_duration
from yolact_kit.models.freezing import freeze
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.threads import ThreadTrial, thread_counts, try_threads
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.schedule import Budget, input_size_at
from yolact_kit.training.targets import Target
from yolact_kit.words import counted

_LARGEST_TRIAL = 320
"""Side in pixels of the largest trial picture on a CPU; larger ones would take seconds."""
_VALIDATION = 0.4
"""Time of a validation picture relative to that of a training picture: no backward pass, but masks and metrics."""
_COPIES = {"sgd": 3, "adamw": 4}
"""Weights, gradients and the optimiser's state, as multiples of the weights."""
_PROCESS_BYTES = 820 << 20
"""Memory of the libraries alone, measured on Linux."""
_BESIDE_ACTIVATIONS = 1.75
"""Memory of one more picture in the batch, relative to what is kept for its backward pass; measured."""
_OBJECT_BYTES = 12 << 10
"""Memory of an object of the data set while training goes on, measured with 40,000 objects of 16 points."""
_DRAWN, _COMPARED = 0.0003, 0.0002
"""Seconds in which a training object is drawn at the first pass, and a validation object is compared; measured."""
_TRIED = 3
"""Numbers of threads that the trial compares: all, half and a quarter; training itself goes on from there."""
_LOOK = 0.2
"""Seconds for which the trial looks at what other programs do."""
_BUSY = 0.25
"""Share of the cores' time that other programs take on a machine that is called busy."""


class ObjectCounts(NamedTuple):
    """How many objects training handles, crowds included.

    Attributes:
        train: Objects of the training pictures.
        val: Objects of the validation pictures.
        typical: Objects of a training picture, the mean rounded up, at least 1.
    """

    train: int = 0
    val: int = 0
    typical: int = 1

    @classmethod
    def of(cls, dataset: Dataset) -> ObjectCounts:
        """Counts the objects of a data set that training handles.

        Example:
            >>> ObjectCounts.of(Dataset("empty", ["nut"], {"train": []}))
            ObjectCounts(train=0, val=0, typical=1)
        """
        train, val = dataset.splits.get("train", []), dataset.splits.get("val", [])
        objects, validated = (sum(len(picture.instances) for picture in pictures) for pictures in (train, val))
        return cls(objects, validated, max(1, -(-objects // max(1, len(train)))))


NO_OBJECTS = ObjectCounts()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Time and memory of one training picture.

    Attributes:
        seconds: Seconds of one training picture at the full input size.
        activations: Bytes that the backward pass of one such picture needs.
        weights: Bytes of the network's weights.
        side: Side of the trial picture in pixels.
        busy: Share of the cores' time that other programs took before the trial, 0..1; None where it is unknown.
        threads: How long the trial took with different numbers of threads; None where there is nothing to choose.
        objects: The objects of the data set.
    """

    seconds: float
    activations: int
    weights: int
    side: int
    busy: float | None = None
    threads: ThreadTrial | None = None
    objects: ObjectCounts = NO_OBJECTS

    def memory(self, config: Config) -> int:
        """Peak memory of training in bytes."""
        copies = _COPIES[config.train.optimizer] + (config.train.ema_decay > 0)
        share = -(-config.train.batch_size // (config.train.devices * config.train.nodes))
        # While a checkpoint is written, there is a second copy of them in memory.
        batch = round(share * _BESIDE_ACTIVATIONS * self.activations)
        objects = _OBJECT_BYTES * (self.objects.train + self.objects.val)
        return _PROCESS_BYTES + 2 * copies * self.weights + batch + objects

    def step_seconds(self, config: Config) -> float:
        """Seconds of a step, averaged over the growing sizes of the pictures."""
        full = config.model.input_size
        shares = [(input_size_at(part / 20, full, config.train) / full) ** 2 for part in range(20)]
        return self.seconds * config.train.batch_size * config.train.accumulate * sum(shares) / len(shares)

    def describe(self, config: Config, budget: Budget, pictures: int, validated: int = 0) -> list[str]:
        """The estimate and its basis, in words.

        Args:
            config: The configuration.
            budget: How long training goes on.
            pictures: Training pictures.
            validated: Validation pictures.

        Returns:
            Lines of text.
        """
        train, step = config.train, self.step_seconds(config)
        pass_of_step = train.batch_size * train.accumulate / pictures
        validation = self.seconds * _VALIDATION * validated + _COMPARED * self.objects.val
        apart = _DRAWN * self.objects.train
        if train.validate_every == "auto":
            apart += budget.validations(validation) * validation
        else:
            step += validation * pass_of_step / train.validate_every
        if budget.steps is not None:
            took = f"about {format_duration(round(budget.steps * step + apart))}, validation included"
        else:
            steps = round(max(0.0, (budget.seconds or 0) - apart) / step)
            passes = steps * pass_of_step
            took = f"about {counted(steps, 'step')}, {passes:.1f} passes over the training pictures"
        lines = [
            f"{took}; about {self.memory(config) / 2**30:.1f} GiB of memory",
            f"(from trial steps of one picture with {counted(self.objects.typical, 'object')} at {self.side} px: "
            f"{self.seconds * 1000:.0f} ms and "
            f"{self.activations / 2**20:.0f} MiB at {config.model.input_size} px, in proportion to area and batch)",
        ]
        if self.busy is not None and self.busy >= _BUSY:
            lines.append(f"the machine is busy: other programs take {self.busy:.0%} of its cores; alone it is faster")
        return lines


def estimate(config: Config, device: torch.device, precision: str, objects: ObjectCounts = NO_OBJECTS) -> Estimate:
    """Measures trial steps of one picture, on a CPU with different numbers of threads; the random state is restored.

    Args:
        config: The configuration; ``classes`` filled in.
        device: What trains.
        precision: Lightning's name of the arithmetic.
        objects: The objects of the data set.

    Returns:
        The estimate at the full input size, with the fastest number of threads. The process uses as many as before.
    """
    full = config.model.input_size
    side = full if device.type != "cpu" else min(full, _LARGEST_TRIAL)
    before = torch.get_num_threads()
    counts = _thread_counts(config, device)
    busy = busy_cores(_LOOK)
    with torch.random.fork_rng():
        model = (
            YolactNetwork(config.model, len(config.classes)).to(device).to(memory_format=torch.channels_last).train()
        )
        freeze(model, config.train.freeze)
        weights = sum(value.numel() * value.element_size() for value in model.parameters())
        step = partial(trial_step, model, config, side, device, precision, objects=objects.typical)
        for count in counts:  # oneDNN prepares its operations for each number of threads
            torch.set_num_threads(count)
            step()
        counter = _Counted()
        with torch.autograd.graph.saved_tensors_hooks(counter.pack, lambda tensor: tensor):
            step()
        trial = try_threads(step, counts, torch.set_num_threads)
        torch.set_num_threads(before)
    growth = (full / side) ** 2
    seconds = trial.seconds[trial.threads] * growth
    threads = trial if len(counts) > 1 else None
    return Estimate(seconds, round(counter.bytes * growth), weights, side, busy, threads, objects)


def _thread_counts(config: Config, device: torch.device) -> list[int]:
    """The numbers of threads to try: some on a CPU, unless the configuration names one."""
    if config.train.threads != "auto":
        return [config.train.threads]
    most = torch.get_num_threads()
    return thread_counts(most)[:_TRIED] if device.type == "cpu" else [most]


class _Counted:
    """Adds up the bytes that are kept for the backward pass, each storage once."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.bytes = 0

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if not isinstance(tensor, torch.nn.Parameter) and storage.data_ptr() not in self.seen:
            self.seen.add(storage.data_ptr())
            self.bytes += storage.nbytes()
        return tensor


def trial_step(
    model: YolactNetwork,
    config: Config,
    side: int,
    device: torch.device,
    precision: str,
    batch: int = 1,
    objects: int = 1,
) -> None:
    """A forward and a backward pass with objects on a grid in each picture; waits until a GPU is done.

    Args:
        model: The network on the device; its gradients are added to.
        config: The configuration of the model and its losses.
        side: Side of the pictures in pixels.
        device: What computes.
        precision: Lightning's name of the arithmetic.
        batch: Pictures.
        objects: Objects of each picture.
    """
    images = torch.rand(batch, 3, side, side, device=device) * 255
    target = Target(*(part.to(device) for part in _objects_on_a_grid(objects, side)))
    dtype = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    with torch.autocast(device.type, dtype or torch.float32, enabled=dtype is not None):
        raw = model(images)
        total = torch.stack(list(yolact_loss(raw, [target] * batch, config.loss, model.mask_scoring).values())).sum()
    torch.autograd.backward(total)
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _objects_on_a_grid(count: int, side: int) -> Target:
    """Objects of one class, each in the middle of a cell of a square grid, half as wide and high as the cell."""
    cells = math.ceil(math.sqrt(count))
    corners = torch.cartesian_prod(torch.arange(cells), torch.arange(cells))[:count].flip(1) + 0.25
    boxes = torch.cat([corners, corners + 0.5], dim=1) / cells
    # Of each row and column of pixels, the cell that it is in, and where in the cell.
    place = (torch.arange(side) + 0.5) * cells / side
    middle = (place.frac() >= 0.25) & (place.frac() < 0.75)
    numbers = (place.int()[:, None] * cells + place.int() + 1) * (middle[:, None] & middle)
    maps = numbers.masked_fill(numbers > count, 0)[None]
    return Target(boxes, torch.zeros(count, dtype=torch.int64), maps, torch.zeros(count, dtype=torch.bool))
