"""What a run resumes from: two checkpoints, of which the newer one may be incomplete."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from yolact_kit.errors import UserError
from yolact_kit.files import replacing
from yolact_kit.models.weights import save_weights
from yolact_kit.training.callbacks import (
    NEVER,
    EndOfBudget,
    RunningAverage,
    ValidationCallback,
    is_finite,
    tolerating_write_errors,
)
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.schedule import Budget

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"


SECONDS = 300.0
"""A kill loses no more of a run than this, even if validations are further apart."""


class Saving(Callback):
    """Writes the last weights and the checkpoint at each validation, every few minutes, and when training ends early.

    The checkpoint before the last one is kept. After resuming, the random numbers continue where they were.

    Args:
        run: The run folder.
        budget: Tells the time, which processes that train together agree on.
        average: Where the averaged weights are; None if weights are not averaged.
        say: Prints a line.
        validation: Where the score threshold of the weights is, if they were validated; None without validation.
    """

    def __init__(
        self,
        run: Path,
        budget: Budget,
        average: RunningAverage | None,
        say: Callable[[str], None],
        validation: ValidationCallback | None = None,
    ) -> None:
        self.run = run
        self.validation = validation
        self.budget = budget
        self.average = average
        self.say = say
        self._saved_at = -1
        self._saved_when: float | None = None
        self._random: dict[str, Any] = {}
        self._taken_up: dict[str, Any] = {}

    def on_train_batch_start(self, *_: Any) -> None:
        """Sets the random state to the checkpoint's, after everything that draws random numbers has started."""
        if self._taken_up:
            torch.set_rng_state(self._taken_up["cpu"])
            if "cuda" in self._taken_up and torch.cuda.is_available():
                torch.cuda.set_rng_state(self._taken_up["cuda"])
            self._taken_up = {}

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, _outputs: Any, _batch: Any, index: int
    ) -> None:
        """Saves if it is time to, and records the random state.

        This happens here because a validation after an interrupt draws random numbers.
        """
        self._random = _random_state()
        if self._saved_when is None:
            self._saved_when = self.budget.elapsed()
        # If a checkpoint is older than the validation after this step, Lightning believes that the validation is done.
        validates = trainer.should_stop or (index + 1) % (trainer.val_check_batch or NEVER) == 0
        between = (index + 1) % trainer.accumulate_grad_batches != 0
        if not validates and not between and self.budget.elapsed() - self._saved_when >= SECONDS:
            self.save(trainer, module)

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Saves at the end of training, unless the last validation has saved."""
        if self._saved_at != trainer.global_step:
            self.save(trainer, module)

    def on_validation_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Saves."""
        index, interval = trainer.fit_loop.epoch_loop.batch_idx, trainer.val_check_batch
        if interval is None or interval == float("inf") or (index + 1) % interval == 0:
            self._random = _random_state()
        self.save(trainer, module)

    def on_exception(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Saves after an interrupt, so that nothing is lost."""
        if isinstance(exception, KeyboardInterrupt) and trainer.global_step > 0:
            self.save(trainer, module)

    def save(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Writes ``weights/last.safetensors`` and ``checkpoints/last.ckpt``, each beside and renamed into place."""
        assert isinstance(module, TrainingModule)
        if not is_finite(module):
            self.say("warning: the weights contain infinity or NaN, so they are not saved; the earlier ones are kept")
            return
        self._saved_at, self._saved_when = trainer.global_step, self.budget.elapsed()
        # The weights come first: on a nearly full disk they may fit although a checkpoint, several times as large, does
        # not.
        if trainer.is_global_zero:
            source = self.average.averaged(module) if self.average is not None else module
            threshold = None if self.validation is None else self.validation.threshold_at(trainer.global_step)
            with tolerating_write_errors("the last weights", self.say):
                save_weights(self.run / "weights" / "last.safetensors", source.model, module.config, threshold)
        file = self.run / "checkpoints" / LAST
        with tolerating_write_errors("the checkpoint", self.say), ExitStack() as stack:
            try:
                # Every process takes part, but only the first one writes a file that can be renamed.
                beside = stack.enter_context(_keeping_previous(file)) if trainer.is_global_zero else file
                trainer.save_checkpoint(beside)
            except (OSError, RuntimeError, UserError):
                trainer.strategy.barrier()  # where the other processes wait for this one
                raise

    def state_dict(self) -> dict[str, Any]:
        """The random state as it would be without the interrupt."""
        return self._random or _random_state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keeps the state until the first step, see `on_train_batch_start`."""
        self._taken_up = self._random = state_dict


def _random_state() -> dict[str, Any]:
    state: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


@contextmanager
def _keeping_previous(file: Path) -> Iterator[Path]:
    """Like `replacing`, but the old ``file`` becomes the previous checkpoint once the new one is complete."""
    with replacing(file) as beside:
        yield beside
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        if file.is_file():
            file.replace(file.with_name(PREVIOUS))


def find_checkpoint(run: Path, say: Callable[[str], None] = lambda _line: None) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint of a run that can be read, and what it holds.

    Half-written files of a killed process are removed.

    Args:
        run: The run folder.
        say: Prints a line if the last checkpoint is incomplete.

    Returns:
        The file and its content; None if there is no checkpoint.

    Raises:
        UserError: A checkpoint holds code, or none can be read.
    """
    folder = run / "checkpoints"
    for half in (*folder.glob(".*.partial"), *(run / "weights").glob(".*.partial")):
        half.unlink(missing_ok=True)
    files = [file for file in (folder / LAST, folder / PREVIOUS) if file.is_file()]
    for file in files:
        stored = _read(file)
        if stored is not None:
            return file, stored
        more = "; continuing from the one before it" if file is not files[-1] else ""
        say(f"warning: '{file}' is incomplete, as after a power cut or on a full disk{more}")
    if files:
        raise UserError(
            f"'{files[0]}' cannot be read as a checkpoint, and there is no intact one before it.",
            "Train afresh into another folder.",
        )
    return None


def _read(file: Path) -> dict[str, Any] | None:
    """The content of a checkpoint; None if it is incomplete."""
    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"'{file}' holds code or objects that no checkpoint of yolact-kit has. Nothing of it was executed.",
            "Do not trust where it came from. Train afresh into another folder.",
        ) from error
    except Exception:  # torch passes on any exception of its zip reader, its unpickler and Python's decoders
        return None
    whole = isinstance(stored, dict) and EndOfBudget.__name__ in stored.get("callbacks", {})
    return stored if whole else None
