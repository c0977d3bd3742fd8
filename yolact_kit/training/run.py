"""A whole training run: from a configuration to a run folder with weights."""

from __future__ import annotations

import logging
import math
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger
from rich.console import Console

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import save_config
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text
from yolact_kit.inference.predictor import choose_device
from yolact_kit.models.transfer import transfer
from yolact_kit.models.yolact import YOLACT
from yolact_kit.training.callbacks import EndOfBudget, RunningAverage, Saving, Validation
from yolact_kit.training.data import DataModule
from yolact_kit.training.memory import keep_freed_memory
from yolact_kit.training.metrics_file import join_earlier, set_earlier_aside
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.precision import choose_precision
from yolact_kit.training.progress import TrainingProgress
from yolact_kit.training.schedule import Budget
from yolact_kit.training.start import Start, describe_transfer, find_start

VALIDATIONS = 6
"""Validations of a run whose configuration leaves their number open."""

SMALLEST_BATCH = 6
"""Batch norm that was trained elsewhere stays frozen below so many pictures a step: their statistics are too noisy."""


@dataclass(slots=True)
class Plan:
    """What a run is going to do, settled before its first step.

    Attributes:
        config: The configuration, with everything that was ``auto`` still so.
        dataset: The data set.
        device: What trains.
        precision: Lightning's name of the arithmetic.
        budget: How long training goes on.
        notes: What was chosen, and why, a line each.
    """

    config: Config
    dataset: Dataset
    device: torch.device
    precision: str
    budget: Budget
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TrainResult:
    """What a run has come to.

    Attributes:
        run: The run folder.
        steps: Steps that were taken, those of an earlier part included.
        best_ap: Best mask AP on the validation split, None where there is none.
        metrics: Metrics of the last validation, as in ``metrics.json``.
        interrupted: Whether it was ended before its time.
    """

    run: Path
    steps: int
    best_ap: float | None
    metrics: dict[str, Any]
    interrupted: bool


def plan_run(config: Config, seconds: float | None = None, device: str = "auto") -> Plan:
    """Settles what a run is going to do.

    Args:
        config: The configuration.
        seconds: Wall-clock time in seconds, instead of the configuration's epochs.
        device: ``auto``, or a device's name.

    Returns:
        The plan.

    Raises:
        UserError: The data set cannot be read, has no training pictures or has other classes than the configuration.
    """
    dataset = load_dataset(config.dataset)
    pictures = dataset.splits.get("train", [])
    if not pictures:
        raise UserError(f"The data set '{config.dataset}' has no training pictures.", "Convert it again.")
    if config.classes and config.classes != dataset.classes:
        raise UserError(
            f"The configuration's classes ({', '.join(config.classes)}) are not those of the data set "
            f"({', '.join(dataset.classes)}).",
            "Make the configuration anew with `yolact-kit config`.",
        )
    config = config.model_copy(deep=True)
    config.classes = list(dataset.classes)
    notes = []
    if config.train.batch_size > len(pictures):
        config.train.batch_size = len(pictures)
        notes.append(f"batch {len(pictures)}: there are no more training pictures")
    chosen = choose_device(device)
    precision, reason = choose_precision(chosen)
    if config.train.precision != "auto":
        precision, reason = config.train.precision, "as configured"
    notes.append(f"precision {precision}: {reason}")
    steps = math.ceil(config.train.epochs * len(pictures) / config.train.batch_size)
    budget = Budget(seconds=seconds) if seconds is not None else Budget(steps=steps)
    return Plan(config, dataset, chosen, precision, budget, notes)


def train(
    plan: Plan,
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
        What the run has come to; its weights are in ``out / "weights"``.

    Raises:
        UserError: The weights cannot be had.
    """
    keep_freed_memory()
    config = plan.config
    lightning.seed_everything(config.train.seed, workers=True, verbose=False)
    checkpoint = out / "checkpoints" / "last.ckpt"
    taken_up = resume and checkpoint.is_file()
    done = 0
    if taken_up:
        done = _take_up(plan, checkpoint)
        if plan.budget.progress(done) >= 1:
            say("This run is complete.")
            return TrainResult(out, done, None, {}, interrupted=False)
        set_earlier_aside(out, done)
    model = YOLACT(config.model, len(config.classes))
    start = weights or config.model.weights
    if not taken_up:
        _begin_with(model, config, start, say)
    module = TrainingModule(model.to(memory_format=torch.channels_last), config, plan.budget)
    module.frozen_batch_norm = start != "none" and config.train.batch_size < SMALLEST_BATCH
    if module.frozen_batch_norm:
        say(f"batch norm of the backbone is frozen: a batch of {config.train.batch_size} is too small to train it")
    data = DataModule(plan.dataset, config, plan.device, shown=done * config.train.batch_size)
    out.mkdir(parents=True, exist_ok=True)
    save_config(config, out / "config.yaml")
    _keep_dataset_description(Path(config.dataset), out / "dataset.yaml")
    callbacks, validation, end = _callbacks(plan, out, console or Console(quiet=True), say)
    with _quiet_lightning(), _stopping_at_interrupt(end):
        trainer = _trainer(plan, out, callbacks)
        try:
            trainer.fit(module, data, ckpt_path=checkpoint if taken_up else None, weights_only=True)
        finally:
            join_earlier(out)
    return TrainResult(
        run=out,
        steps=trainer.global_step,
        best_ap=validation.best if validation else None,
        metrics=validation.last if validation else {},
        interrupted=end.asked_to_stop,
    )


def _begin_with(model: YOLACT, config: Config, start: Start, say: Callable[[str], None]) -> None:
    found = find_start(start, config) if isinstance(start, str) else start
    if isinstance(found, str):
        model.backbone.load(found)
    else:
        say("weights of another model:\n" + describe_transfer(transfer(model, config.classes, found)))


def _keep_dataset_description(dataset: Path, file: Path) -> None:
    described = dataset / "dataset.yaml" if dataset.is_dir() else dataset
    atomic_write_text(file, described.read_text(encoding="utf-8"))


def _take_up(plan: Plan, checkpoint: Path) -> int:
    """Goes on with the budget of a checkpoint, or for the time that the plan names; returns the steps done."""
    try:
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
        done, state = int(stored["global_step"]), stored["callbacks"][EndOfBudget.__name__]
        plan.budget = Budget.take_up(state, plan.budget.seconds)
        return done
    except Exception as error:
        raise UserError(
            f"'{checkpoint}' cannot be read as a checkpoint: {type(error).__name__}.",
            "It may be truncated, or hold code, which yolact-kit never executes. Train afresh into another folder.",
        ) from error


def _callbacks(
    plan: Plan, out: Path, console: Console, say: Callable[[str], None]
) -> tuple[list[Callback], Validation | None, EndOfBudget]:
    train = plan.config.train
    pictures = plan.dataset.splits.get("val", [])
    validation = Validation(pictures, out / "weights" / "best.safetensors") if pictures else None
    average = RunningAverage(train.ema_decay) if train.ema_decay else None
    end = EndOfBudget(plan.budget)
    count = len(plan.dataset.splits["train"])
    progress = TrainingProgress(plan.budget, train.batch_size, count, validation, console, say)
    wanted = (end, validation, average, Saving(out, average), progress)
    return [callback for callback in wanted if callback is not None], validation, end


def _trainer(plan: Plan, out: Path, callbacks: list[Callback]) -> lightning.Trainer:
    return lightning.Trainer(
        accelerator={"cpu": "cpu", "cuda": "gpu", "mps": "mps"}[plan.device.type],
        devices=1,
        precision=plan.precision,  # type: ignore[arg-type]
        max_epochs=-1,
        gradient_clip_val=plan.config.train.clip_gradients or None,
        val_check_interval=_validation_interval(plan),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if plan.dataset.splits.get("val") else 0,
        logger=CSVLogger(out, name="", version="", flush_logs_every_n_steps=10),
        log_every_n_steps=1,
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )


def _validation_interval(plan: Plan) -> int | timedelta:
    """Steps, or time, between validations."""
    train = plan.config.train
    if train.validate_every != "auto":
        passes = train.validate_every * len(plan.dataset.splits["train"])
        return max(1, math.ceil(passes / train.batch_size))
    if plan.budget.seconds is not None:
        return timedelta(seconds=max(1.0, plan.budget.seconds / VALIDATIONS))
    assert plan.budget.steps is not None
    return max(1, math.ceil(plan.budget.steps / VALIDATIONS))


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keeps Lightning's own messages off the screen: what matters in them is said in the toolkit's words."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
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
