"""Why a model learnt little: what stands out in data, anchors and losses, the likeliest cause first."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from yolact_kit.annotations.problems import Problem
from yolact_kit.datasets.statistics import anchor_recall, class_balance, object_table, pyramid_levels
from yolact_kit.datasets.torch_dataset import Draw, TrainingPictures
from yolact_kit.files import atomic_write_text
from yolact_kit.models.anchors import make_anchors
from yolact_kit.training.matching import match
from yolact_kit.training.plan import TrainingPlan
from yolact_kit.training.result import TrainResult
from yolact_kit.training.targets import collate

NEAR_ZERO = 0.05
"""With a lower mask AP, something is probably wrong and not just difficult."""

_SAMPLED = 64
_FEW_STEPS = 300
_FEW_PASSES = 10


@dataclass(frozen=True, slots=True)
class Teaching:
    """What can be learned from the augmented training pictures.

    Attributes:
        pictures: Pictures that were looked at.
        objects: Objects that anchors were matched with.
        ignored: Objects too small or cut off, which teach nothing.
        positives: Share of the anchors that are positive.
        anchors: Positive anchors of an object on average.
    """

    pictures: int
    objects: int
    ignored: int
    positives: float
    anchors: float


@dataclass(frozen=True, slots=True)
class Cause:
    """A possible reason for a poor model.

    Attributes:
        weight: How likely it is the reason for an AP near 0: 0..1.
        what: What stands out.
        advice: What to do about it.
    """

    weight: float
    what: str
    advice: str


@dataclass(slots=True)
class Evidence:
    """All that is known of a run.

    Attributes:
        plan: What it planned to do.
        result: Its result.
        losses: Mean of each component in the first and in the last tenth of the steps.
        recall: Share of the training objects that an anchor fits; None if there are no objects.
        teaching: What training pictures teach.
    """

    plan: TrainingPlan
    result: TrainResult
    losses: dict[str, tuple[float, float]]
    recall: float | None
    teaching: Teaching


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What stands out in a run.

    Attributes:
        figures: Lines of numbers: anchor recall, labels, losses, positives.
        causes: What would explain a poor model, the likeliest first.
        near_zero: Whether mask AP was measured and is near 0.
        undefined: Why mask AP is undefined; None where it is not.
    """

    figures: list[str]
    causes: list[Cause] = field(default_factory=list)
    near_zero: bool = False
    undefined: str | None = None

    def lines(self) -> list[str]:
        """The diagnosis in words."""
        head = "Mask AP is near 0. The likely cause first:" if self.near_zero else "What stands out:"
        causes = [
            line
            for number, cause in enumerate(self.causes, start=1)
            for line in (f"{number}. {cause.what}", f"   -> {cause.advice}")
        ]
        nothing = [] if causes else ["Nothing that would explain a poor model."]
        unmeasured = [] if self.undefined is None else [f"{self.undefined}."]
        return [*unmeasured, head, *nothing, *causes, *self.figures]


def diagnose(plan: TrainingPlan, result: TrainResult) -> Diagnosis:
    """Looks for what a run suffered from, and writes it to ``diagnosis.txt`` in the run folder.

    Args:
        plan: What was planned; its ``problems`` are the label check, see `check_data`.
        result: Its result.

    Returns:
        The diagnosis.
    """
    config, dataset = plan.config, plan.dataset
    table = object_table(dataset, "train")
    recall = anchor_recall(table, dataset.classes, config.model, config.loss.positive_iou).overall
    evidence = Evidence(plan, result, read_losses(result.run), recall, what_is_taught(plan))
    causes = [cause for look in _LOOKS for cause in look(evidence)]
    diagnosis = Diagnosis(
        _figures(evidence),
        sorted(causes, key=lambda cause: -cause.weight),
        _is_near_zero(result),
        result.undefined,
    )
    atomic_write_text(result.run / "diagnosis.txt", "\n".join(diagnosis.lines()) + "\n")
    return diagnosis


def read_losses(run: Path) -> dict[str, tuple[float, float]]:
    """Mean of each component of the loss in the first and in the last tenth of the steps of ``metrics.csv``."""
    file = run / "metrics.csv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("loss/total")]
    tenth = max(1, len(rows) // 10)
    names = [name for name in (rows[0] if rows else {}) if name.startswith("loss/")]
    values = {name: [float(row[name]) for row in rows if row.get(name)] for name in names}
    return {
        name.removeprefix("loss/"): (float(np.mean(column[:tenth])), float(np.mean(column[-tenth:])))
        for name, column in values.items()
        if column
    }


def what_is_taught(plan: TrainingPlan) -> Teaching:
    """Matches the anchors with up to 64 training pictures as training shows them."""
    config = plan.config
    pictures = TrainingPictures(plan.dataset.splits["train"], config, plan.augmented)
    count = min(_SAMPLED, len(pictures))
    batch = collate([pictures[Draw(number * len(pictures) // count, number)] for number in range(count)])
    size = config.model.input_size
    anchors = make_anchors(pyramid_levels(size, len(config.model.anchors.scales)), config.model.anchors, size)
    positives = [int((match(target, anchors, config.loss).classes > 0).sum()) for target in batch.targets]
    ignored = sum(int(target.ignored.sum()) for target in batch.targets)
    objects = sum(len(target.ignored) for target in batch.targets) - ignored
    return Teaching(count, objects, ignored, sum(positives) / (count * len(anchors)), sum(positives) / max(objects, 1))


def _figures(evidence: Evidence) -> list[str]:
    taught = evidence.teaching
    recall = "no objects" if evidence.recall is None else f"{evidence.recall:.0%} of the training objects fit an anchor"
    losses = ", ".join(f"{name} {first:.3g} -> {last:.3g}" for name, (first, last) in evidence.losses.items())
    return [
        f"anchor recall  {recall} (IoU {evidence.plan.config.loss.positive_iou:g} or more)",
        f"labels         {_checked(evidence.plan.problems)}",
        f"losses         {losses or 'none were logged'} (mean of the first and of the last tenth of the steps)",
        f"positives      {taught.positives:.2%} of the anchors, {taught.anchors:.1f} per object; "
        f"{taught.ignored} of {taught.objects + taught.ignored} objects ignored ({taught.pictures} pictures as shown)",
    ]


def _checked(problems: list[Problem] | None) -> str:
    if problems is None:
        return "were not checked"
    counts = Counter(problem.severity for problem in problems)
    return f"{counts['E']} errors, {counts['W']} warnings{': ' if problems else ''}{_codes(problems)}"


def _codes(problems: list[Problem]) -> str:
    counted = Counter(problem.code for problem in problems)
    return ", ".join(f"{code} ({count})" if count > 1 else code for code, count in counted.most_common())


def _bad_batches(evidence: Evidence) -> Iterator[Cause]:
    if evidence.result.bad_batches:
        share = evidence.result.bad_batches / max(evidence.result.steps, 1)
        yield Cause(
            min(1.0, 0.5 + share),
            f"{evidence.result.bad_batches} batches were skipped because their loss was not finite",
            "train.log names the pictures. Where they differ, set train.learning_rate to a tenth.",
        )


def _labels(evidence: Evidence) -> Iterator[Cause]:
    problems = [problem for problem in evidence.plan.problems or [] if problem.severity in ("E", "W")]
    objects = len(object_table(evidence.plan.dataset, "train").labels)
    if problems:
        yield Cause(
            min(0.7, 0.1 + len(problems) / max(objects, 1)),
            f"`validate` has {len(problems)} complaints about the data set: {_codes(problems)}",
            f'`yolact-kit validate "{evidence.plan.config.dataset}"` lists them with advice.',
        )


def _few_steps(evidence: Evidence) -> Iterator[Cause]:
    steps = evidence.result.steps
    passes = steps * evidence.plan.pictures_a_step / len(evidence.plan.dataset.splits["train"])
    if steps < _FEW_STEPS or passes < _FEW_PASSES:
        yield Cause(
            0.9 if steps < _FEW_STEPS / 3 else 0.6,
            f"it was trained for {steps} steps, {passes:.1f} passes over the pictures, which is not much",
            "Train longer: train.epochs or --time.",
        )


def _ignored(evidence: Evidence) -> Iterator[Cause]:
    taught = evidence.teaching
    share = taught.ignored / max(taught.objects + taught.ignored, 1)
    if share > 0.2:
        yield Cause(
            share,
            f"{share:.0%} of the objects are too small to learn from at {evidence.plan.config.model.input_size} px, or "
            "cut off by augmentation",
            "Set model.input_size higher, or cut the pictures into tiles; look with `yolact-kit preview --augmented`.",
        )


def _anchors(evidence: Evidence) -> Iterator[Cause]:
    if evidence.recall is not None and evidence.recall < 0.7:
        yield Cause(
            0.9 * (1 - evidence.recall),
            f"only {evidence.recall:.0%} of the training objects fit an anchor",
            "Write the configuration again with `yolact-kit config`, which fits the anchors, or set model.input_size "
            "higher.",
        )


def _losses(evidence: Evidence) -> Iterator[Cause]:
    names = {"box": "boxes", "mask": "masks", "classification": "classes"}
    flat = [
        what
        for name, what in names.items()
        if name in evidence.losses and evidence.losses[name][1] > 0.9 * evidence.losses[name][0] > 0
    ]
    if flat:
        yield Cause(
            0.25 + 0.2 * len(flat),
            f"the loss of {', '.join(flat)} has not fallen",
            "Try train.learning_rate ten times lower, then three times higher; `--overfit 10` tells in minutes whether "
            "the model can learn these labels at all.",
        )


def _silent(evidence: Evidence) -> Iterator[Cause]:
    if evidence.result.detections == 0 and evidence.result.undefined is None:
        least = evidence.plan.config.detect.candidate_score
        yield Cause(
            0.55, f"the model finds nothing: no box has a score of {least:g} or more", "Train longer, or with pictures "
            "that hold more objects."
        )  # fmt: skip


def _masks(evidence: Evidence) -> Iterator[Cause]:
    metrics = evidence.result.metrics
    mask, box = (metrics.get(kind, {}).get("AP50") or 0.0 for kind in ("mask", "box"))
    if box > 0.2 and mask < box / 3:
        yield Cause(
            0.8,
            f"boxes are found (AP50 {box:.2f}), masks are not (AP50 {mask:.2f})",
            "Labels may be boxes rather than outlines, or objects too thin for masks at this model.input_size.",
        )


def _classes(evidence: Evidence) -> Iterator[Cause]:
    counts = class_balance(evidence.plan.dataset)
    val = counts.get("val", {})
    foreign = [label for label, count in val.items() if count and not counts["train"].get(label)]
    if foreign:
        yield Cause(
            min(1.0, sum(val[label] for label in foreign) / max(sum(val.values()), 1)),
            f"val has objects of classes that train has none of: {', '.join(foreign)}",
            "Convert again with `--split stratified`.",
        )


def _misplaced(evidence: Evidence) -> Iterator[Cause]:
    """The checks cannot see that labels belong to other pictures, so a long run that learns nothing points to that."""
    if _is_near_zero(evidence.result) and not any(_few_steps(evidence)):
        yield Cause(
            0.3,
            "the labels may not match the objects, as when they belong to other pictures; no check can see that",
            f'Look at them: `yolact-kit preview "{evidence.plan.config.dataset}"`.',
        )


def _is_near_zero(result: TrainResult) -> bool:
    return result.best_ap is not None and result.best_ap < NEAR_ZERO


_LOOKS: tuple[Callable[[Evidence], Iterator[Cause]], ...] = (
    _bad_batches, _labels, _few_steps, _ignored, _anchors, _losses, _silent, _masks, _classes, _misplaced,
)  # fmt: skip
