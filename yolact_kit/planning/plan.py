"""Planning a configuration: model, batch, epochs and anchors, each with the reason for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from yolact_kit.annotations.dataset import Dataset, Picture, count_crowds, count_objects, only_crowds
from yolact_kit.annotations.labels.numbered import describe_singles
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.config.files import override, save_config, template
from yolact_kit.config.schema import Config
from yolact_kit.datasets.orientation import orientation
from yolact_kit.datasets.statistics import ObjectTable, object_table
from yolact_kit.errors import UserError
from yolact_kit.models.starter import STARTER, STARTERS
from yolact_kit.planning.anchors import choose_anchors, scaled
from yolact_kit.planning.input_size import choose_size
from yolact_kit.planning.machine import Machine, this_machine
from yolact_kit.words import counted

CPU_MODEL = "yolact_nano"
GPU_MODEL = "yolact_resnet50"

_STEPS = {"cpu": 4_000, "gpu": 10_000}
"""Steps of a full batch that such a machine needs to learn a small data set; only the order of magnitude counts."""
_EPOCHS = (30, 400)
"""The fewest and the most epochs."""
_GPU_MEMORY_PER_PICTURE = 1.0
"""GiB that a picture of 550 px takes in training a ResNet-50; a rule of thumb."""


_SUMMARY = ("model.name", "model.input_size", "model.anchors", "train.batch_size", "train.epochs")
"""The keys that a plan names when it is printed."""


@dataclass(frozen=True, slots=True)
class ConfigPlan:
    """A planned configuration; printed, it says what was chosen and why.

    Attributes:
        config: The configuration, complete.
        reasons: Why a key has its value, by dotted key.
        warnings: What is wrong with the data set that no choice can mend, in sentences.
    """

    config: Config
    reasons: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The most important choices, one line each."""
        values = self.config.model_dump()
        lines = [f"Planned for {self.reasons['dataset']} of {counted(len(self.config.classes), 'class', 'classes')}:"]
        for key in _SUMMARY:
            if key in self.reasons:
                lines.append(f"  {key}: {_value_text(values, key)}{self.reasons[key]}")
        return "\n".join([*lines, *(f"  warning: {warning}" for warning in self.warnings)])

    def save(self, file: Path | str) -> None:
        """Writes the configuration with a comment on each key and the reasons for what was chosen.

        Args:
            file: The file to write; it names the data set by a relative path if possible.
        """
        file = Path(file)
        config = self.config.model_copy()
        if config.dataset:
            config.dataset = relative_dataset(Path(config.dataset), file)
        save_config(config, file, self.reasons)


def plan(
    dataset: Dataset,
    model: str = "auto",
    size: int | None = None,
    machine: Machine | None = None,
    backbone: str | None = None,
) -> ConfigPlan:
    """Plans a configuration from a data set and a machine.

    Args:
        dataset: The data set.
        model: Name of a template, or ``auto`` for the one that suits the machine.
        size: Training size in pixels; the template's by default.
        machine: The machine to train on; this one by default.
        backbone: Name of a backbone, instead of the template's.

    Returns:
        The configuration with the reasons for what was chosen.

    Raises:
        UserError: There is no such model or backbone, or nothing to train on.

    Example:
        >>> from yolact_kit import load_dataset
        >>> plan(load_dataset("data")).config.model.name  # doctest: +SKIP
        'yolact_nano'
    """
    train = dataset.splits.get("train", [])
    _require_objects(dataset)
    machine = machine or this_machine()
    name, why = choose_model(model, machine)
    config = template(name)
    draft = ConfigPlan(config, {"model.name": why})
    config.dataset = str(dataset.root.absolute()) if dataset.root is not None else ""
    config.classes = list(dataset.classes)
    config.depth_range = dataset.depth_range.pair if dataset.depth_range is not None else None
    if backbone is not None:
        _use_backbone(draft, backbone)
    draft.reasons["dataset"] = ", ".join(f"{len(pictures)} {split}" for split, pictures in dataset.splits.items())
    draft.reasons["dataset"] += " pictures"
    if size is not None:
        _resize(draft, size)
    objects = object_table(dataset, "train")
    if size is None and name == CPU_MODEL:
        _plan_size(draft, objects)
    _plan_anchors(draft, objects)
    _plan_augmentation(draft, train)
    _plan_batch(draft, len(train), machine)
    _plan_epochs(draft, len(train), machine)
    if not dataset.splits.get("val"):
        draft.reasons["train.validate_every"] = "there are no 'val' pictures to choose the best weights by"
    singles = describe_singles(count_objects(dataset))
    if singles is not None:
        draft.warnings.append(f"{singles} {PROBLEM_KINDS['classes-single'].advice}")
    return draft


def choose_model(name: str, machine: Machine) -> tuple[str, str]:
    """The template for a machine.

    Args:
        name: Name of a template, or ``auto``.
        machine: The machine.

    Returns:
        The template's name, and why it was chosen.

    Example:
        >>> choose_model("auto", Machine(cores=2))[0]
        'yolact_nano'
    """
    if name != "auto":
        return name, "as asked for"
    if machine.gpu:
        return GPU_MODEL, f"there is a GPU: {machine.gpu}, {machine.gpu_memory:.0f} GiB"
    return CPU_MODEL, f"there is no GPU here; this one learns on {machine.cores} processor cores in minutes"


def _advice_on_objects(dataset: Dataset) -> str:
    """What to do about training pictures without objects."""
    if any(picture.instances for picture in dataset.pictures()):
        return "They are all in the other splits: convert again with another --seed."
    return "Label some, and convert again."


def _require_objects(dataset: Dataset) -> None:
    """Refuses a data set without training pictures, or without objects in them."""
    train = dataset.splits.get("train", [])
    where = f"'{dataset.root}'" if dataset.root is not None else "The data set"
    if not train:
        raise UserError(f"{where} has no pictures to train on.", "Convert again with smaller shares for val and test.")
    if any(not instance.crowd for picture in train for instance in picture.instances):
        return
    crowds = count_crowds(train)
    if not crowds:
        raise UserError(f"The training pictures of {where} have no objects.", _advice_on_objects(dataset))
    whole = f"'{dataset.root}'" if dataset.root is not None else "the data set"
    owner = f"the training pictures of {whole}"
    # Users know the number of objects in all splits, since `convert` counts them.
    if not any(not instance.crowd for picture in dataset.pictures() for instance in picture.instances):
        owner, crowds = whole, count_crowds(dataset.pictures())
    raise UserError(
        only_crowds(crowds, owner, "learnt"),
        "Label single objects without `iscrowd`, and convert again without options that make crowds "
        "(`--ignore-as-crowd`, `--difficult crowd`).",
    )


def _use_backbone(draft: ConfigPlan, backbone: str) -> None:
    """Sets another backbone, and weights to start from that there are for it."""
    config = draft.config
    changes = [f"model.backbone={backbone}"]
    if config.model.weights == STARTER and backbone not in STARTERS:
        changes.append("model.weights=imagenet")
        draft.reasons["model.weights"] = f"there are no starter weights for {backbone}"
    config.model = override(config, changes).model
    draft.reasons["model.backbone"] = "as asked for"


def _resize(draft: ConfigPlan, size: int) -> None:
    """Sets the training size, and scales the anchors with it."""
    before = draft.config.model.input_size
    draft.config.model = override(draft.config, [f"model.input_size={size}"]).model
    draft.config.model.anchors = scaled(draft.config.model.anchors, size / before)
    draft.reasons["model.input_size"] = "as asked for; the anchors' scales are those of the preset in proportion"


def _plan_size(draft: ConfigPlan, objects: ObjectTable) -> None:
    """Chooses the size of the pictures by that of the objects; the anchors keep theirs in pixels."""
    choice = choose_size(objects, draft.config.model.input_size)
    draft.config.model.input_size = choice.size
    draft.reasons["model.input_size"] = choice.reason


def _plan_anchors(draft: ConfigPlan, objects: ObjectTable) -> None:
    """Chooses the anchors that fit the training objects."""
    config = draft.config
    chosen = choose_anchors(objects, config.model.anchors, config.model.input_size, config.loss.positive_iou)
    config.model.anchors = chosen.anchors
    draft.reasons["model.anchors"] = chosen.reason


def _plan_augmentation(draft: ConfigPlan, pictures: list[Picture]) -> None:
    """Turns and flips the pictures where the objects themselves lie every way."""
    augment, objects = draft.config.augment, orientation(pictures)
    if objects.any_way:
        augment.rotate, augment.flip_vertical = 180.0, 0.5
        draft.reasons["augment.rotate"] = (
            f"the {objects.counted} long objects point in all directions (agreement {objects.agreement:.2f} of 1), so "
            "pictures may be turned by any angle"
        )
        draft.reasons["augment.flip_vertical"] = "for the same reason"
    else:
        draft.reasons["augment.rotate"] = (
            "the objects do not seem to point in all directions; if yours do, set 180 here"
        )


def _plan_batch(draft: ConfigPlan, pictures: int, machine: Machine) -> None:
    """Fits the batch to the GPU's memory and to the number of pictures, and the learning rate to the batch."""
    train = draft.config.train
    batch, reason = train.batch_size, f"the preset's {train.batch_size}"
    if machine.gpu:
        # Memory grows with the area of the pictures, so with the square of their side.
        area = (draft.config.model.input_size / 550) ** 2
        capacity = max(1, int(machine.gpu_memory / (_GPU_MEMORY_PER_PICTURE * area)))
        if capacity < batch:
            batch = capacity
            reason = f"{capacity}, since the GPU has {machine.gpu_memory:.0f} GiB"
    if pictures < batch:
        batch = pictures
        reason = f"as many as there are training pictures: {pictures}"
    if batch != train.batch_size and train.optimizer == "sgd":
        rate = train.learning_rate * batch / train.batch_size
        draft.reasons["train.learning_rate"] = f"the preset's {train.learning_rate:g} in proportion to the batch"
        train.learning_rate = rate
    train.batch_size = batch
    draft.reasons["train.batch_size"] = reason


def _plan_epochs(draft: ConfigPlan, pictures: int, machine: Machine) -> None:
    """Sets as many epochs as make the steps that such a machine needs, within limits."""
    train = draft.config.train
    steps = _STEPS["gpu" if machine.gpu else "cpu"]
    least, most = _EPOCHS
    epoch_steps = -(-pictures // train.batch_size)
    train.epochs = min(most, max(least, round(steps / epoch_steps)))
    draft.reasons["train.epochs"] = (
        f"{pictures} pictures make {epoch_steps} steps an epoch, {train.epochs * epoch_steps:,} in all; "
        "`train --time` trains by the clock instead"
    )


def _value_text(values: dict[str, object], key: str) -> str:
    """The value of a dotted key, followed by a dash; empty for a whole section."""
    value: object = values
    for part in key.split("."):
        value = value[part] if isinstance(value, dict) else value
    return "" if isinstance(value, dict) else f"{value} - "


def relative_dataset(dataset: Path, config_file: Path) -> str:
    """How a configuration file names its data set: by a relative path if possible, with forward slashes.

    Args:
        dataset: The data set folder.
        config_file: The configuration file.

    Returns:
        The path; absolute if the two are on different drives of Windows.

    Example:
        >>> relative_dataset(Path("/home/me/data"), Path("/home/me/config.yaml"))
        'data'
    """
    try:
        return Path(os.path.relpath(dataset.absolute(), config_file.absolute().parent)).as_posix()
    except ValueError:
        return dataset.absolute().as_posix()
