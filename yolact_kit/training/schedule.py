"""How far training has come, by steps or by the clock, and what follows from it: learning rate and input size."""

from __future__ import annotations

import math
import time

from yolact_kit.config.schema import TrainConfig

VALIDATIONS = 6
"""Validations of a run whose configuration leaves their number open; fewer where they would take too long."""
VALIDATION_SHARE = 0.05
"""Share of the time between two validations that one may take, where the clock says when the next one is due."""


class Budget:
    """What training may take: a number of steps, a time, or both; it ends with whichever is spent first.

    The clock starts with the first step. The time that the last validation needs is reserved. Processes that train
    together use the clock of the first one, see `agree`.

    Args:
        steps: Number of steps, None for no limit.
        seconds: Wall-clock time in seconds, validation included, None for no limit.

    Example:
        >>> budget = Budget(steps=200)
        >>> budget.progress(50)
        0.25
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None) -> None:
        if steps is None and seconds is None:
            raise ValueError("a budget needs steps or seconds")
        self.steps = steps
        self.seconds = seconds
        self.kept_back = 0.0
        self._started: float | None = None
        self._agreed: float | None = None

    def start(self, spent: float = 0.0) -> None:
        """Starts the clock at ``spent``, the seconds that an earlier part of the same run took."""
        self._started = time.monotonic() - spent

    @property
    def started(self) -> bool:
        """Whether the clock runs."""
        return self._started is not None

    def validation_interval(self, each: float) -> float:
        """Seconds between validations, where there is a limit of time: they are rare if they take long.

        Args:
            each: Seconds that a validation takes; 0 where nobody knows yet.

        Raises:
            ValueError: If there is no limit of time.

        Example:
            >>> Budget(seconds=60).validation_interval(0), Budget(seconds=60).validation_interval(1.5)
            (10.0, 30.0)
        """
        if self.seconds is None:
            raise ValueError("without a limit of time, validations are counted in steps")
        return max(1.0, self.seconds / VALIDATIONS, each / VALIDATION_SHARE)

    def validations(self, each: float) -> int:
        """About how many validations there will be, if one takes ``each`` seconds; at least two by the clock.

        Example:
            >>> Budget(seconds=60).validations(0.1), Budget(seconds=60).validations(1.5), Budget(steps=9).validations(9)
            (6, 3, 6)
        """
        if self.seconds is None:
            return VALIDATIONS
        # The first is early, as nobody knows how long it takes; from then on its time sets the distance.
        rest = self.seconds - self.validation_interval(0)
        return 1 + math.ceil(rest / self.validation_interval(each) - 1e-9)

    def elapsed(self) -> float:
        """Seconds since the first step, by the clock of the first process if that was told by `agree`."""
        return self.clock() if self._agreed is None else self._agreed

    def clock(self) -> float:
        """Seconds since the first step by this process's own clock."""
        return 0.0 if self._started is None else time.monotonic() - self._started

    def agree(self, elapsed: float) -> None:
        """Uses this time, the first process's, instead of the own clock until the next call."""
        self._agreed = elapsed

    def state(self) -> dict[str, float | int | None]:
        """The limits and what is spent, to be taken up again with `resumed`."""
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "kept_back": self.kept_back,
            "elapsed": self.elapsed(),
        }

    @classmethod
    def resumed(cls, state: dict[str, float | int | None], more: float | None = None) -> Budget:
        """The budget of a run that goes on.

        Args:
            state: Of the earlier part of the run, from `state`.
            more: Seconds that it is to go on for, instead of what was planned at first.

        Returns:
            The budget; its clock runs already.
        """
        elapsed = float(state["elapsed"] or 0)
        steps, seconds = state["steps"], state["seconds"]
        if more is not None:
            budget = cls(seconds=elapsed + more)
        else:
            budget = cls(None if steps is None else int(steps), seconds)
        budget.kept_back = float(state["kept_back"] or 0)
        budget.start(elapsed)
        return budget

    def progress(self, step: int) -> float:
        """Share of the budget that is spent before step ``step`` (from 0): 0..1."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.seconds is not None:
            shares.append(self.elapsed() / max(self.seconds - self.kept_back, 1e-9))
        return min(1.0, max(shares))


def learning_rate_factor(progress: float, config: TrainConfig) -> float:
    """Share of the highest learning rate at a point of the training.

    Args:
        progress: Share of the training that is done, 0..1.
        config: Warm-up and schedule: ``cosine`` (Loshchilov and Hutter, ICLR 2017), ``step`` by ten at the
            shares of the paper's 800,000 iterations (0.35, 0.75, 0.875, 0.9375), or ``constant``.

    Returns:
        0..1.

    Example:
        >>> learning_rate_factor(1.0, TrainConfig(schedule="cosine"))
        0.0
    """
    if progress < config.warmup:
        return max(progress / config.warmup, 1e-3)
    if config.schedule == "constant":
        return 1.0
    if config.schedule == "step":
        return float(0.1 ** sum(progress >= share for share in (0.35, 0.75, 0.875, 0.9375)))
    after_warmup = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    return 0.5 * (1 + math.cos(math.pi * after_warmup))


def input_size_at(progress: float, full: int, config: TrainConfig) -> int:
    """Side of the training pictures at a point of the training, a multiple of 32.

    Small pictures come first: what they teach costs a fraction of the time.

    Args:
        progress: Share of the training that is done, 0..1.
        full: The model's input size in pixels.
        config: ``start_size`` and ``full_size_from``.

    Returns:
        Pixels, ``full`` at the most.
    """
    if progress >= config.full_size_from or config.start_size >= 1:
        return full
    share = config.start_size + (1 - config.start_size) * (progress / config.full_size_from) ** 2
    return min(full, max(64, round(full * share / 32) * 32))
