"""What happens around the training steps: the end of the budget, validation, averaging of weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import lightning
import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor

from yolact_kit.annotations.dataset import Picture, count_crowds
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError
from yolact_kit.evaluation.chosen_threshold import choose_threshold
from yolact_kit.evaluation.coco import evaluate, why_undefined
from yolact_kit.inference.engines.torch_engine import as_arrays, scorer_of
from yolact_kit.inference.postprocess import postprocess
from yolact_kit.inference.prediction import Prediction
from yolact_kit.models.weights import save_weights
from yolact_kit.threads import ThreadWatch
from yolact_kit.training.distributed import any_process, broadcast_first, gather
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.schedule import Budget

NEVER = 1 << 62
"""Batches between validations, if something else decides when to validate."""


class EndOfBudget(Callback):
    """Ends training, after a last validation, when its budget is spent or it is asked to stop.

    Args:
        budget: How long training goes on.
        by_clock: Whether the budget's time says when to validate; otherwise Lightning counts batches. With Lightning's
            own clock, processes that train together would validate at different steps.
    """

    def __init__(self, budget: Budget, by_clock: bool = False) -> None:
        self.budget = budget
        self.by_clock = by_clock
        self.asked_to_stop = False
        self._validation_started = 0.0
        self._validated: float | None = None

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, _outputs: Any, _batch: Any, index: int
    ) -> None:
        """Stops if the next step would exceed the budget; never between the batches of one step."""
        # Lightning validates after a batch whose number val_check_batch divides: 1 means now.
        if self.by_clock:
            trainer.val_check_batch = NEVER
        if (index + 1) % trainer.accumulate_grad_batches:
            return
        if self.by_clock and self._is_due():
            trainer.val_check_batch = 1
        spent = self.asked_to_stop or self.budget.progress(trainer.global_step) >= 1
        if any_process(spent, module.device):
            trainer.should_stop = True

    def _is_due(self) -> bool:
        """Whether it is time to validate; not shortly before the end, which has a validation of its own."""
        assert self.budget.seconds is not None
        elapsed, interval = self.budget.elapsed(), self.budget.validation_interval(self.budget.kept_back)
        if self._validated is None:  # the first step, or the first one after resuming
            self._validated = elapsed
        if elapsed - self._validated < interval or self.budget.seconds - elapsed < interval / 2:
            return False
        self._validated = elapsed
        return True

    def on_validation_start(self, _trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Records when the validation began."""
        self._validation_started = time.monotonic()

    def on_validation_end(self, _trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Reserves as much time as a validation takes, so that the last one is within the budget."""
        took = broadcast_first(time.monotonic() - self._validation_started, module.device)
        self.budget.kept_back = max(self.budget.kept_back, took)

    def state_dict(self) -> dict[str, Any]:
        """The budget, and what is spent of it."""
        return self.budget.state()


class ThreadsOfSteps(Callback):
    """Sets the number of threads of the training steps on a CPU, and looks after it, see `ThreadWatch`.

    Args:
        configured: ``train.threads``: a number that stays, or ``auto``.
        first: The number to begin with where it is ``auto``; None for as many as the process uses.
        say: Prints a line.
    """

    def __init__(self, configured: int | Literal["auto"], first: int | None, say: Callable[[str], None]) -> None:
        self._before = torch.get_num_threads()
        self._fixed = configured != "auto"
        most = self._before if configured == "auto" else configured
        self.watch = ThreadWatch(most, most if self._fixed else first or most, torch.set_num_threads, say)
        self._started = 0.0

    def on_train_start(self, *_: Any) -> None:
        """Sets the number to begin with."""
        torch.set_num_threads(self.watch.threads)

    def on_train_batch_start(self, *_: Any) -> None:
        """Records when the step began."""
        self._started = time.monotonic()

    def on_train_batch_end(
        self, _trainer: lightning.Trainer, module: lightning.LightningModule, _outputs: Any, batch: Any, _index: int
    ) -> None:
        """Tells the watch how long the step took, for how many pixels."""
        assert isinstance(module, TrainingModule)
        now = time.monotonic()
        if not self._fixed:
            self.watch.step(now - self._started, len(batch.images) * module.input_size() ** 2, now)

    def on_train_end(self, *_: Any) -> None:
        """Gives the process its threads back."""
        torch.set_num_threads(self._before)

    def on_exception(self, *_: Any) -> None:
        """Gives the process its threads back."""
        torch.set_num_threads(self._before)


class ValidationCallback(Callback):
    """COCO's metrics of the averaged weights, and the best weights by mask AP; the last ones where AP is undefined.

    It must come before `RunningAverage` among the callbacks, which removes the averaged weights again at the end of a
    validation.

    Args:
        pictures: The validation pictures.
        file: Where the best weights are written.
        say: Prints a line.

    Attributes:
        undefined: Why the pictures have no mask AP; None if they have objects.
        best: The best mask AP so far, None before the first validation and where AP is undefined.
        last: The last metrics, as in ``metrics.json``.
        predictions: The last predictions, by the picture's index.
        threshold: The score threshold that these predictions suggest; None where nothing was found.
    """

    def __init__(self, pictures: list[Picture], file: Path, say: Callable[[str], None] = lambda _line: None) -> None:
        self.pictures = pictures
        self.file = file
        self.say = say
        self.undefined: str | None = None
        if all(instance.crowd for picture in pictures for instance in picture.instances):
            self.undefined = why_undefined("val", count_crowds(pictures))
        self.best: float | None = None
        self.last: dict[str, Any] = {}
        self.predictions: dict[int, Prediction] = {}
        self.threshold: ScoreThreshold | None = None
        self._threshold_step = -1

    @property
    def state_key(self) -> str:
        """The name of this callback in checkpoints; it must not change, so that old runs can be resumed."""
        return "Validation"

    def on_validation_epoch_start(self, _trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Drops the predictions of the previous validation."""
        self.predictions = {}

    def on_validation_batch_end(
        self, _trainer: lightning.Trainer, module: lightning.LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        """Turns the raw outputs of a batch into predictions."""
        assert isinstance(module, TrainingModule)
        raw, scorer = as_arrays(outputs["raw"]), scorer_of(module.model.mask_scoring)
        for position, index in enumerate(batch[1].tolist()):
            picture = self.pictures[index]
            size = (picture.height, picture.width)
            detections = postprocess(raw, position, size, module.config.detect, scorer=scorer)
            prediction = Prediction(picture.file, picture.width, picture.height, *detections, module.config.classes)
            self.predictions[index] = prediction

    def on_validation_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Computes the metrics, and saves the weights if they are the best so far."""
        assert isinstance(module, TrainingModule)
        predictions = gather(self.predictions)
        self.predictions = {index: predictions[index] for index in range(len(self.pictures))}
        metrics = evaluate(self.pictures, module.config.classes, list(self.predictions.values()))
        self.last = metrics.to_dict()
        self.threshold, self._threshold_step = choose_threshold(metrics.mask), trainer.global_step
        self._log_metrics(module)
        score: float | None = self.last["mask"]["AP"]
        if (self.best is None or (score or 0.0) >= self.best) and is_finite(module):
            with tolerating_write_errors("the best weights", self.say):
                if trainer.is_global_zero:
                    save_weights(self.file, module.model, module.config, self.threshold)
                self.best = score

    def threshold_at(self, step: int) -> ScoreThreshold | None:
        """The score threshold of the weights after so many steps; None unless these were validated."""
        return self.threshold if step == self._threshold_step else None

    def _log_metrics(self, module: TrainingModule) -> None:
        """Hands AP, AP50 and AP75 to the loggers, NaN where undefined."""
        for kind in ("mask", "box"):
            for name in ("AP", "AP50", "AP75"):
                value = self.last[kind][name]
                module.log(f"val/{kind}_{name}", float("nan") if value is None else value)

    def state_dict(self) -> dict[str, Any]:
        """The best AP so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues with the best AP of the earlier part of the run."""
        self.best = state_dict["best"] if self.undefined is None else None


class RunningAverage(WeightAveraging):
    """Exponential moving average of the weights, which validation and the saved weights use.

    The decay rises with the steps, so that the average does not lag behind at the beginning.

    Args:
        decay: Decay per step, in the long run.
    """

    def __init__(self, decay: float) -> None:
        # The decay is (1 + n) / (10 + n) after n steps until it reaches its limit: early on, the average should soon
        # forget the random weights of the beginning.
        def average(means: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | int) -> None:
            steps = float(count)
            share = 1 - min(decay, (1 + steps) / (10 + steps))
            if torch.is_floating_point(means[0]):
                torch._foreach_lerp_(list(means), list(values), share)
            else:
                torch._foreach_copy_(list(means), list(values))

        super().__init__(multi_avg_fn=average)

    def averaged(self, module: TrainingModule) -> TrainingModule:
        """The module whose weights are the average; ``module`` itself before the first step."""
        if self._average_model is None:
            return module
        averaged = self._average_model.module
        assert isinstance(averaged, TrainingModule)
        return averaged


@contextmanager
def tolerating_write_errors(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Lets training continue if something cannot be written, for example on a full disk; next time there may be room.

    Args:
        what: What is written.
        say: Prints a line.

    Example:
        >>> with tolerating_write_errors("the weights", print):
        ...     raise OSError(28, "No space left on device")
        warning: the weights cannot be written now (No space left on device); training goes on
    """
    try:
        yield
    except (OSError, UserError, RuntimeError) as error:  # torch says "unexpected pos" if the disk is full
        say(f"warning: {what} cannot be written now ({getattr(error, 'strerror', None) or error}); training goes on")


def is_finite(module: TrainingModule) -> bool:
    """Whether every weight is a finite number, so that the weights are worth saving."""
    return all(bool(torch.isfinite(value).all()) for value in module.model.parameters())
