"""The plan of a training run, made and printed before its first step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from yolact_kit.annotations.dataset import Dataset, count_crowds, count_objects, only_crowds
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.annotations.labels.numbered import describe_singles
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.config.schema import Config
from yolact_kit.datasets.checks import validate_folder
from yolact_kit.datasets.checks.subject import ScanProgress
from yolact_kit.durations import format_duration
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.device import choose_device
from yolact_kit.training.estimate import Estimate
from yolact_kit.training.loggers import require_loggers
from yolact_kit.training.precision import choose_precision
from yolact_kit.training.result import OVERFIT_AP
from yolact_kit.training.schedule import Budget
from yolact_kit.words import counted

OVERFIT_STEPS = 300
"""Steps of a self-test without a time limit."""

SMALLEST_BATCH = 6
"""In smaller batches, batch norm that was trained elsewhere stays frozen, since their statistics are too noisy."""

_LISTED_CLASSES = 20
"""At most this many classes are listed in a plan."""
_LISTED_ERRORS = 3
"""At most this many errors are listed if a data set is refused."""


@dataclass(slots=True)
class TrainingPlan:
    """The plan of a run, made before its first step.

    Attributes:
        config: The configuration; what was ``auto`` is still ``auto``.
        dataset: The data set.
        device: What trains.
        precision: Lightning's name of the arithmetic.
        budget: How long training goes on.
        notes: What was chosen and why, one line each.
        augmented: Whether training pictures are augmented.
        good_enough: Mask AP at which training ends early, None for none.
        problems: What `check_data` found in the data set; None if it did not run.
        threads: Threads to begin with on a CPU; None for all.
    """

    config: Config
    dataset: Dataset
    device: torch.device
    precision: str
    budget: Budget
    notes: list[str] = field(default_factory=list)
    augmented: bool = True
    good_enough: float | None = None
    problems: list[Problem] | None = None
    threads: int | None = None

    @property
    def pictures_a_step(self) -> int:
        """Pictures per step."""
        return self.config.train.batch_size * self.config.train.accumulate


def require_data(config: Config) -> None:
    """Checks that a configuration names a data set that is there.

    Args:
        config: The configuration.

    Raises:
        UserError: It does not.
    """
    if not config.dataset:
        raise UserError("The configuration names no data set.", "Name it: --set dataset=FOLDER.")
    if not Path(config.dataset).exists():
        raise UserError(
            f"The data set '{config.dataset}' does not exist.",
            "If it was moved, say where it is: --set dataset=FOLDER.",
        )


def plan_run(config: Config, seconds: float | None = None, device: str = "auto") -> TrainingPlan:
    """Plans a run.

    Args:
        config: The configuration.
        seconds: Wall-clock time in seconds, instead of the configuration's epochs.
        device: ``auto``, or a device's name.

    Returns:
        The plan.

    Raises:
        UserError: The data set cannot be read, has no training pictures or has other classes than the configuration,
            or the configuration asks for a device or a logger that is not available.
    """
    require_data(config)
    dataset = load_dataset(config.dataset)
    pictures = dataset.splits.get("train", [])
    if not pictures:
        raise UserError(f"The data set '{config.dataset}' has no training pictures.", "Convert it again.")
    if config.classes and config.classes != dataset.classes:
        raise UserError(
            f"The configuration's classes ({', '.join(config.classes)}) are not those of the data set "
            f"({', '.join(dataset.classes)}).",
            "Write the configuration again with `yolact-kit config`; to resume a run, give the data set it began with.",
        )
    require_loggers(config.train.loggers)
    config = config.model_copy(deep=True)
    config.classes = list(dataset.classes)
    config.depth_range = dataset.depth_range.pair if dataset.depth_range is not None else None
    notes = _fit_batch(config, len(pictures)) + _fit_start(config)
    _require_processes(config)
    chosen = choose_device(device)
    precision, reason = choose_precision(chosen)
    if config.train.precision != "auto":
        precision, reason = config.train.precision, "as configured"
    notes.append(f"precision {precision}: {reason}")
    plan = TrainingPlan(config, dataset, chosen, precision, Budget(seconds=seconds or 1.0), notes)
    if seconds is None:
        plan.budget = Budget(steps=math.ceil(config.train.epochs * len(pictures) / plan.pictures_a_step))
    return plan


def _fit_batch(config: Config, pictures: int) -> list[str]:
    """Fits the batch to the number of pictures, and the learning rate to the batch; returns the reasons."""
    train, notes = config.train, []
    if train.batch_size > pictures:
        train.batch_size = pictures
        notes.append(f"batch {pictures}: there are no more training pictures")
    step = train.batch_size * train.accumulate
    if train.reference_batch not in (0, step):
        before, train.learning_rate = train.learning_rate, train.learning_rate * step / train.reference_batch
        notes.append(
            f"learning rate {train.learning_rate:g}: {before:g} is meant for {train.reference_batch} pictures a step, "
            f"here are {step}"
        )
        train.reference_batch = step
    return notes


def _fit_start(config: Config) -> list[str]:
    """Trains all parts alike where training starts from random weights; returns the reason."""
    train = config.train
    if config.model.weights != "none":
        return []
    ignored = []
    if train.freeze:
        ignored.append(f"train.freeze ({', '.join(train.freeze)})")
        train.freeze = []
    if train.backbone_rate != 1:
        ignored.append(f"train.backbone_rate {train.backbone_rate:g}")
        train.backbone_rate = 1.0
    if not ignored:
        return []
    return [f"without effect, since training starts from none and everything is to be learnt: {', '.join(ignored)}"]


def freezes_norm(start: object, batch: int) -> bool:
    """Whether the backbone's batch norm keeps the statistics that it brings along.

    Args:
        start: What training starts from; ``none`` for random weights.
        batch: Pictures per batch.

    Returns:
        Whether it does.

    Example:
        >>> freezes_norm("imagenet", 4), freezes_norm("imagenet", 8), freezes_norm("none", 4)
        (True, False, False)
    """
    return start != "none" and batch < SMALLEST_BATCH


def _require_processes(config: Config) -> None:
    """Refuses more processes than there are pictures in a batch."""
    train = config.train
    count = train.devices * train.nodes
    if count > train.batch_size:
        raise UserError(
            f"A batch of {train.batch_size} cannot be divided among {count} processes.",
            "Set train.batch_size higher, or train.devices lower.",
        )


def check_data(config: Config, progress: ScanProgress | None = None) -> list[Problem]:
    """Runs every check of ``validate`` on a configuration's data set.

    Args:
        config: The configuration.
        progress: Wraps the pictures as they are decoded, see `validate_folder`.

    Returns:
        The warnings, for `TrainingPlan.problems`.

    Raises:
        UserError: There is no data set, or there are errors in it; the first ones are named.
    """
    require_data(config)
    source = config.dataset
    problems = validate_folder(source, config.model, progress).problems
    errors = [problem for problem in problems if problem.severity == "E"]
    if not errors:
        return problems
    lines = [f"The data set '{source}' has {counted(len(errors), 'error')}, so nothing was trained:"]
    for error in errors[:_LISTED_ERRORS]:
        lines.append("  " + ": ".join(part for part in (error.file, error.object, error.message) if part))
    if len(errors) > _LISTED_ERRORS:
        lines.append(f"  ... and {len(errors) - _LISTED_ERRORS} more")
    raise UserError(
        "\n".join(lines),
        f'All of them, and what to do: `yolact-kit validate "{source}"`.',
    )


def overfitting(plan: TrainingPlan, count: int, steps: int = OVERFIT_STEPS) -> TrainingPlan:
    """The plan of a self-test: a few pictures, learnt by heart and validated on themselves.

    A model that cannot learn ten pictures cannot learn more; labels, anchors or rates are wrong then.

    Args:
        plan: The plan of the whole training, which is left as it is.
        count: Pictures; those with objects come first, spread over the data set.
        steps: Number of steps, if the plan has no time limit.

    Returns:
        A plan without augmentation, running average or growing pictures, which ends once `OVERFIT_AP` is reached.

    Raises:
        UserError: No training picture has an object.
    """
    taught = []
    for picture in plan.dataset.splits["train"]:
        if any(not instance.crowd for instance in picture.instances):
            taught.append(picture)
    if not taught:
        crowds = count_crowds(plan.dataset.splits["train"])
        reason = "No training picture has an object."
        if crowds:
            reason = only_crowds(crowds, "the training pictures", "learnt")
        raise UserError(f"There is nothing to overfit. {reason}", "Label some objects.")
    count = min(count, len(taught))
    chosen = [taught[index * len(taught) // count] for index in range(count)]
    config = plan.config.model_copy(deep=True)
    changes = {"batch_size": min(config.train.batch_size, count), "start_size": 1.0, "patience": 0, "ema_decay": 0.0}
    config.train = config.train.model_copy(update=changes)
    budget = plan.budget if plan.budget.seconds is not None else Budget(steps=steps)
    dataset = replace(plan.dataset, splits={"train": chosen, "val": chosen})
    note = f"self-test: {count} pictures, trained and validated on themselves, without augmentation"
    return replace(
        plan,
        config=config,
        dataset=dataset,
        budget=budget,
        notes=[note, *plan.notes],
        augmented=False,
        good_enough=OVERFIT_AP,
    )


def _describe_length(plan: TrainingPlan) -> str:
    """How long training goes on, in words."""
    if plan.budget.seconds is not None:
        return f"{format_duration(plan.budget.seconds)} from the first step, validation included"
    steps = counted(plan.budget.steps or 0, "step")
    return f"{counted(plan.config.train.epochs, 'epoch')} = {steps}" if plan.augmented else steps


def _describe_rates(config: Config) -> list[str]:
    """At which rates the parts learn that bring weights along, and what does not learn at all, in words."""
    train, lines = config.train, []
    if config.model.weights != "none" and "backbone" not in train.freeze:
        slow, rest = train.learning_rate * train.backbone_rate, train.learning_rate
        other = "like the rest" if slow == rest else f"the rest {rest:g}"
        lines.append(f"rates     backbone {slow:g}, {other} (train.backbone_rate {train.backbone_rate:g})")
    if train.freeze:
        lines.append(f"frozen    {', '.join(train.freeze)}: weights and batch norm stay as they are (train.freeze)")
    norm = _describe_norm(config)
    if norm is not None and "backbone" not in train.freeze:
        lines.append(f"frozen    batch norm of the backbone{norm}")
    return lines


def _describe_norm(config: Config) -> str | None:
    """From when and why the backbone's batch norm is frozen; None where it never is."""
    train = config.train
    if freezes_norm(config.model.weights, train.batch_size):
        return f": a batch of {train.batch_size} is too small to train its statistics"
    if train.freeze_norm_from < 1:
        when = f"from {train.freeze_norm_from:.0%} of the training on" if train.freeze_norm_from else "from the start"
        return f", {when} (train.freeze_norm_from)"
    return None


def describe_plan(plan: TrainingPlan, run: Path, weights: str, estimate: Estimate | None = None) -> list[str]:
    """What is said before the first step.

    Args:
        plan: The plan.
        run: The run folder.
        weights: The weights that training starts from, in words.
        estimate: Time and memory, if they were estimated.

    Returns:
        Lines of text.
    """
    model, train, dataset = plan.config.model, plan.config.train, plan.dataset
    counts = ", ".join(f"{len(pictures)} {name}" for name, pictures in dataset.splits.items())
    objects = sum(not instance.crowd for picture in dataset.splits["train"] for instance in picture.instances)
    length = _describe_length(plan)
    batch = f"batch {train.batch_size}" + (f" x {train.accumulate} a step" if train.accumulate > 1 else "")
    processes = train.devices * train.nodes
    shared = f", shared by {processes} processes" if processes > 1 else ""
    more = ", ..." if len(dataset.classes) > _LISTED_CLASSES else ""
    lines = [
        f"data      {dataset.name}: {counts} pictures; {objects} objects to learn from",
        f"classes   {len(dataset.classes)}: {', '.join(dataset.classes[:_LISTED_CLASSES])}{more}",
        f"model     {model.name}: {model.backbone}, {model.input_size} px; {plan.device}",
        f"weights   {weights}",
        f"training  {length}; {batch}{shared}, {train.optimizer}, rate {train.learning_rate:g}, {plan.precision}",
        *_describe_rates(plan.config),
    ]
    if estimate is not None:
        pictures = (len(dataset.splits.get(name, [])) for name in ("train", "val"))
        lines += [f"estimate  {line}" for line in estimate.describe(plan.config, plan.budget, *pictures)]
    lines += [f"chosen    {note}" for note in plan.notes]
    singles = describe_singles(count_objects(dataset))
    if singles is not None:
        lines.append(f"warning   {singles} {PROBLEM_KINDS['classes-single'].advice}")
    return [*lines, f"run       {run}"]
