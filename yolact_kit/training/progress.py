"""Training progress: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from yolact_kit.durations import format_duration
from yolact_kit.training.callbacks import ValidationCallback
from yolact_kit.training.schedule import Budget
from yolact_kit.words import counted

LOSSES = {"loss/box": "box", "loss/mask": "mask", "loss/classification": "class", "loss/semantic": "sem"}


class TrainingProgress(Callback):
    """Losses, AP, speed and the time that is left.

    Args:
        budget: How long training goes on.
        pictures_a_step: Pictures per step.
        count: Training pictures.
        validation: Where the metrics are; None without validation.
        console: Where a live line goes; it is drawn on a terminal only.
        say: Prints a plain line.
    """

    def __init__(
        self,
        budget: Budget,
        pictures_a_step: int,
        count: int,
        validation: ValidationCallback | None,
        console: Console,
        say: Callable[[str], None],
    ) -> None:
        self.budget = budget
        self.pictures_a_step = pictures_a_step
        self.count = count
        self.validation = validation
        self.say = say
        self._live = Progress(
            TextColumn("training"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._live.add_task("training", total=1.0, state="")
        self._first_step = 0
        self._started = 0.0
        self._said = 0.0

    def on_train_start(self, trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Starts the line."""
        self._first_step, self._started = trainer.global_step, time.monotonic()
        self._said = self.budget.progress(trainer.global_step)
        self._live.start()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Updates the line; if the output is not a terminal, prints a line at every twentieth of the training."""
        progress = self.budget.progress(trainer.global_step)
        state = self.state(trainer, progress)
        self._live.update(self._task, completed=progress, state=state)
        if self._live.disable and (progress - self._said >= 0.05 or trainer.global_step == self._first_step + 1):
            self._said = progress
            self.say(f"training {progress:4.0%}  {state}")

    def on_validation_end(self, trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Prints the metrics, which stay on the screen."""
        if self.validation is not None and not trainer.sanity_checking:
            mask, box = self.validation.last["mask"], self.validation.last["box"]
            if self.validation.undefined is not None:
                self.say(f"validation after {counted(trainer.global_step, 'step')}: {self.validation.undefined}")
                return
            self.say(
                f"validation after {counted(trainer.global_step, 'step')}: mask AP {_ap_text(mask['AP'])}, "
                f"AP50 {_ap_text(mask['AP50'])}; box AP {_ap_text(box['AP'])}; "
                f"best mask AP {_ap_text(self.validation.best)}"
            )

    def on_train_end(self, _trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Removes the line."""
        self._live.stop()

    def on_exception(self, *_: Any) -> None:
        """Removes the line."""
        self._live.stop()

    def state(self, trainer: lightning.Trainer, progress: float) -> str:
        """The step, the losses, the AP, the speed and the time left, in words."""
        step = trainer.global_step
        metrics = trainer.callback_metrics
        losses = "  ".join(f"{short} {float(metrics[key]):.2f}" for key, short in LOSSES.items() if key in metrics)
        spent = time.monotonic() - self._started
        speed = (step - self._first_step) * self.pictures_a_step / max(spent, 1e-9)
        remaining = self.budget.elapsed() * (1 - progress) / max(progress, 1e-9)
        best = f"AP {_ap_text(self.validation.best)}  " if self.validation and self.validation.best is not None else ""
        passes = step * self.pictures_a_step / self.count
        return (
            f"step {step} (pass {passes:.1f})  {losses}  {best}{speed:.1f} pictures/s  "
            f"{format_duration(math.ceil(remaining))} left"
        )


def _ap_text(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
