"""A whole training run: from a configuration to a run folder with weights."""

from __future__ import annotations

import logging
import math
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from rich.console import Console

from yolact_kit.config.files import save_config
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text
from yolact_kit.memory import keep_freed_memory
from yolact_kit.models.freezing import freeze
from yolact_kit.models.stored_weights import find_weights, read_settings
from yolact_kit.models.transfer import transfer
from yolact_kit.models.weights import holds_model
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.bad_batches import BadBatches, TrainingStoppedError
from yolact_kit.training.callbacks import NEVER, EndOfBudget, RunningAverage, ThreadsOfSteps, ValidationCallback
from yolact_kit.training.checkpoints import Saving, find_checkpoint
from yolact_kit.training.convolutions import speed_up_gradients, weights_learn_slowly
from yolact_kit.training.data import DataModule
from yolact_kit.training.launch import is_follower
from yolact_kit.training.loggers import make_loggers
from yolact_kit.training.metrics_file import join_earlier, set_earlier_aside
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.plan import TrainingPlan, freezes_norm
from yolact_kit.training.progress import TrainingProgress
from yolact_kit.training.progress_pictures import ProgressPictures
from yolact_kit.training.result import TrainResult
from yolact_kit.training.schedule import VALIDATIONS, Budget
from yolact_kit.training.start import Start, describe_transfer, find_start, require_trained_freeze

_FOREVER = 1 << 30


def train(
    plan: TrainingPlan,
    out: Path,
    weights: Start | None = None,
    resume: bool = False,
    console: Console | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> TrainResult:
    """Trains a model.

    Args:
        plan: What to do, from `plan_run`.
        out: The run folder; made where it is missing.
        weights: What to start from instead of the configuration's weights, see `find_start`.
        resume: Whether to go on from the folder's checkpoint, where there is one.
        console: Where a live line is drawn, if it is a terminal.
        say: Prints a plain line.

    Returns:
        The result; the weights are in ``out / "weights"``.

    Raises:
        UserError: The weights to start from cannot be read or downloaded.
    """
    keep_freed_memory()
    config = plan.config
    lightning.seed_everything(config.train.seed, workers=True, verbose=False)
    checkpoint = find_checkpoint(out, say) if resume else None
    steps = 0
    if checkpoint is not None:
        steps, complete = _resume(plan, checkpoint[1])
        if complete:
            say("This run is complete.")
            return TrainResult(out, steps, trained=False)
        if not is_follower():
            set_earlier_aside(out, steps)
    bad_batches = BadBatches(config.train.max_bad_batches, say)
    module = _make_module(plan, weights or config.model.weights, checkpoint is None, bad_batches, say)
    data = DataModule(plan.dataset, config, plan.device, steps * plan.pictures_a_step, plan.augmented)
    out.mkdir(parents=True, exist_ok=True)
    save_config(config, out / "config.yaml")
    _copy_dataset_description(Path(config.dataset), out / "dataset.yaml")
    callbacks, validation, end = _callbacks(plan, out, console or Console(quiet=True), say)
    with _quiet_lightning(), _stopping_at_interrupt(end):
        trainer = _trainer(plan, out, callbacks)
        stopped = _fit(trainer, module, data, checkpoint[0] if checkpoint is not None else None, out)
    if any(stopper.wait_count >= stopper.patience for stopper in trainer.early_stopping_callbacks):
        say(f"ended early: no better mask AP in {config.train.patience} validations (train.patience)")
    result = TrainResult(out, trainer.global_step, interrupted=end.asked_to_stop, stopped=stopped)
    result.bad_batches = bad_batches.count
    if validation is not None:
        _add_metrics(result, validation)
        with suppress(UserError):  # as on a full disk, where no weights could be written
            result.threshold = read_settings(find_weights(out)).threshold
    return result


def _fit(
    trainer: lightning.Trainer, module: TrainingModule, data: DataModule, checkpoint: Path | None, out: Path
) -> TrainingStoppedError | None:
    """Trains, and joins the parts of ``metrics.csv``; returns why training could not go on, None if it could."""
    try:
        trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
    except TrainingStoppedError as error:
        return error
    finally:
        if trainer.is_global_zero:
            join_earlier(out)
    return None


def _add_metrics(result: TrainResult, validation: ValidationCallback) -> None:
    """Adds what the last validation measured to a result."""
    result.best_ap, result.metrics, result.undefined = validation.best, validation.last, validation.undefined
    if validation.predictions:
        result.detections = sum(len(prediction) for prediction in validation.predictions.values())


def _make_module(
    plan: TrainingPlan, start: Start, fresh: bool, bad_batches: BadBatches, say: Callable[[str], None]
) -> TrainingModule:
    """The model in its Lightning module; only a fresh one is given the weights that training starts from."""
    config = plan.config
    model = YolactNetwork(config.model, len(config.classes))
    if fresh:
        _begin_with(model, config, start, say)
    freeze(model, config.train.freeze)
    if weights_learn_slowly(plan.device, plan.precision):
        speed_up_gradients(model)
    module = TrainingModule(model.to(memory_format=torch.channels_last), config, plan.budget, bad_batches)
    module.frozen_batch_norm = freezes_norm(start, config.train.batch_size)
    return module


def _begin_with(model: YolactNetwork, config: Config, start: Start, say: Callable[[str], None]) -> None:
    """Loads the weights of a backbone, or those of another model as far as they fit."""
    if isinstance(start, str) and start not in ("none", "imagenet") and holds_model(start):
        # A name that nobody has read yet.
        start = find_start(start, config)
    if isinstance(start, str):
        model.backbone.load(start, model.mean.flatten().tolist(), model.std.flatten().tolist())
    else:
        parts = transfer(model, config.classes, start)
        say("weights of another model:\n" + describe_transfer(parts))
        require_trained_freeze(config, parts)


def _copy_dataset_description(dataset: Path, file: Path) -> None:
    """Copies the data set's ``dataset.yaml`` into the run folder."""
    described = dataset / "dataset.yaml" if dataset.is_dir() else dataset
    atomic_write_text(file, described.read_text(encoding="utf-8"))


def _resume(plan: TrainingPlan, stored: dict[str, Any]) -> tuple[int, bool]:
    """Goes on with the budget of a checkpoint, or for the time that the plan names.

    Returns:
        The steps of the earlier part, and whether there is nothing more to do.
    """
    steps, callbacks = int(stored["global_step"]), stored["callbacks"]
    plan.budget = Budget.resumed(callbacks[EndOfBudget.__name__], plan.budget.seconds)
    waited = [state["wait_count"] for name, state in callbacks.items() if name.startswith(EarlyStopping.__name__)]
    early = plan.config.train.patience > 0 and any(count >= plan.config.train.patience for count in waited)
    return steps, early or plan.budget.progress(steps) >= 1


def _callbacks(
    plan: TrainingPlan, out: Path, console: Console, say: Callable[[str], None]
) -> tuple[list[Callback], ValidationCallback | None, EndOfBudget]:
    train = plan.config.train
    pictures = plan.dataset.splits.get("val", [])
    validation = ValidationCallback(pictures, out / "weights" / "best.safetensors", say) if pictures else None
    average = RunningAverage(train.ema_decay) if train.ema_decay else None
    end = EndOfBudget(plan.budget, _validates_by_clock(plan))
    count = len(plan.dataset.splits["train"])
    progress = TrainingProgress(plan.budget, plan.pictures_a_step, count, validation, console, say)
    # Callbacks run in this order: the validation needs the averaged weights, which `average` takes away at its end.
    callbacks: list[Callback | None] = [end, validation, average]
    if plan.device.type == "cpu" and train.devices * train.nodes == 1:
        callbacks.append(ThreadsOfSteps(train.threads, plan.threads, say))
    # Without an AP no validation is better than another, and patience would end every training.
    if validation is not None and validation.undefined is None:
        callbacks.append(_early_stopping(plan))
    callbacks += [Saving(out, plan.budget, average, say, validation), progress]
    if validation is not None and train.progress_pictures:
        callbacks.append(ProgressPictures(validation, out / "progress", train.progress_pictures, say))
    return [callback for callback in callbacks if callback is not None], validation, end


def _early_stopping(plan: TrainingPlan) -> EarlyStopping | None:
    """Ends a training whose mask AP no longer rises, or is good enough; None where neither is asked for."""
    if not plan.config.train.patience and plan.good_enough is None:
        return None
    return EarlyStopping(
        "val/mask_AP",
        mode="max",
        patience=plan.config.train.patience or _FOREVER,
        stopping_threshold=plan.good_enough,
        check_finite=False,
        check_on_train_epoch_end=False,
    )


def _trainer(plan: TrainingPlan, out: Path, callbacks: list[Callback]) -> lightning.Trainer:
    train = plan.config.train
    return lightning.Trainer(
        accelerator={"cpu": "cpu", "cuda": "gpu", "mps": "mps"}[plan.device.type],
        devices=train.devices,
        num_nodes=train.nodes,
        strategy="ddp" if train.devices * train.nodes > 1 else "auto",
        precision=plan.precision,  # type: ignore[arg-type]
        benchmark=plan.device.type == "cuda",  # pictures have few sizes: looking for the fastest convolutions pays
        max_epochs=-1,
        gradient_clip_val=train.clip_gradients or None,
        accumulate_grad_batches=train.accumulate,
        val_check_interval=_validation_interval(plan),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if plan.dataset.splits.get("val") else 0,
        logger=make_loggers(train.loggers, out, plan.dataset.name, plan.config.model_dump(mode="json")),
        log_every_n_steps=1,
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )


def _validates_by_clock(plan: TrainingPlan) -> bool:
    """Whether the clock says when to validate."""
    return plan.config.train.validate_every == "auto" and plan.budget.seconds is not None


def _validation_interval(plan: TrainingPlan) -> int:
    """Batches between validations."""
    train = plan.config.train
    if train.validate_every != "auto":
        passes = train.validate_every * len(plan.dataset.splits["train"])
        return train.accumulate * max(1, math.ceil(passes / plan.pictures_a_step))
    if _validates_by_clock(plan):
        return NEVER
    assert plan.budget.steps is not None
    return train.accumulate * max(1, math.ceil(plan.budget.steps / VALIDATIONS))


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keeps the libraries' own messages off the screen: what matters in them is said in the toolkit's words."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "mlflow.store.db")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _stopping_at_interrupt(end: EndOfBudget) -> Iterator[None]:
    """Lets the first Ctrl-C end training after the step at hand, validated and saved; the second ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if end.asked_to_stop:
            raise KeyboardInterrupt
        end.asked_to_stop = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except SystemExit as error:  # Lightning's answer to an interrupt
        raise KeyboardInterrupt from error
    finally:
        signal.signal(signal.SIGINT, before)
