"""What a run is taken up again from: two checkpoints, the newer of which may be torn."""

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
from yolact_kit.training.callbacks import NEVER, EndOfBudget, RunningAverage, is_finite, tolerating_write_errors
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.schedule import Budget

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"


SECONDS = 300.0
"""A kill loses no more of a run than this, however far its validations are apart."""


class Saving(Callback):
    """Writes the last weights and the checkpoint at each validation, every few minutes, and when training ends early.

    The checkpoint before the last one is kept. Random numbers go on after a resumption where they were.

    Args:
        run: The run folder.
        budget: Tells the time, which processes that train together agree on.
        average: Where the averaged weights are, None where weights are not averaged.
        say: Prints a line.
    """

    def __init__(self, run: Path, budget: Budget, average: RunningAverage | None, say: Callable[[str], None]) -> None:
        self.run = run
        self.budget = budget
        self.average = average
        self.say = say
        self._saved_at = -1
        self._saved_when: float | None = None
        self._random: dict[str, Any] = {}
        self._taken_up: dict[str, Any] = {}

    def on_train_batch_start(self, *_: Any) -> None:
        """Sets the state of the random numbers to the checkpoint's, once everything that draws some has started."""
        if self._taken_up:
            torch.set_rng_state(self._taken_up["cpu"])
            if "cuda" in self._taken_up and torch.cuda.is_available():
                torch.cuda.set_rng_state(self._taken_up["cuda"])
            self._taken_up = {}

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, _outputs: Any, _batch: Any, index: int
    ) -> None:
        """Saves if it is time to, and notes the state of the random numbers.

        The state is noted here because a validation that follows an interrupt draws some of them.
        """
        self._random = _random_state()
        if self._saved_when is None:
            self._saved_when = self.budget.elapsed()
        # Lightning takes the validation after this step for done where a checkpoint is older than it.
        validates = trainer.should_stop or (index + 1) % (trainer.val_check_batch or NEVER) == 0
        between = (index + 1) % trainer.accumulate_grad_batches != 0
        if not validates and not between and self.budget.elapsed() - self._saved_when >= SECONDS:
            self.save(trainer, module)

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Saves the end of the training, unless the last validation has done so."""
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
        """Saves what an interrupt would lose."""
        if isinstance(exception, KeyboardInterrupt) and trainer.global_step > 0:
            self.save(trainer, module)

    def save(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Writes ``weights/last.safetensors`` and ``checkpoints/last.ckpt``, each beside and renamed into place."""
        assert isinstance(module, TrainingModule)
        if not is_finite(module):
            self.say("warning: the weights contain infinity or NaN, so they are not saved; the earlier ones are kept")
            return
        self._saved_at, self._saved_when = trainer.global_step, self.budget.elapsed()
        # The weights come first: on a disk that is nearly full they find room where a checkpoint, several times as
        # large, does not.
        if trainer.is_global_zero:
            source = self.average.averaged(module) if self.average is not None else module
            with tolerating_write_errors("the last weights", self.say):
                save_weights(self.run / "weights" / "last.safetensors", source.model, module.config)
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
        """The state of the random numbers, as it would be had nobody interrupted."""
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
    """As `replacing`, but what ``file`` was becomes the previous checkpoint, once the new one is whole."""
    with replacing(file) as beside:
        yield beside
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        if file.is_file():
            file.replace(file.with_name(PREVIOUS))


def find_checkpoint(run: Path, say: Callable[[str], None] = lambda _line: None) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint of a run that can be read, and what it holds.

    What a killed process left half written is removed.

    Args:
        run: The run folder.
        say: Prints a line where the last checkpoint is torn.

    Returns:
        The file and its content; None where there is no checkpoint.

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
    """What a checkpoint holds, None where it is torn."""
    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"'{file}' holds code or objects that no checkpoint of yolact-kit has. Nothing of it was executed.",
            "Do not trust where it came from. Train afresh into another folder.",
        ) from error
    except Exception:  # torch raises what its zip reader, its unpickler and Python's decoders happen to raise
        return None
    whole = isinstance(stored, dict) and EndOfBudget.__name__ in stored.get("callbacks", {})
    return stored if whole else None
