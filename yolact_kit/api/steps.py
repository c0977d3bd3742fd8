"""The steps from a data set to a model: validate, plan, train."""

from __future__ import annotations

from pathlib import Path

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.read import read_source
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.api.data import DatasetLike, folder_of, loaded
from yolact_kit.api.model import YOLACT
from yolact_kit.config.files import load_config, template
from yolact_kit.config.schema import Config
from yolact_kit.datasets.checks.validation import Validation, validate_folder, validate_source
from yolact_kit.display import SILENT, Display
from yolact_kit.errors import UserError
from yolact_kit.planning.machine import this_machine
from yolact_kit.planning.plan import ConfigPlan, choose_model
from yolact_kit.planning.plan import plan as plan_config
from yolact_kit.training.result import TrainResult
from yolact_kit.training.session import resume_run, train_run

_VERBOSE = Display(say=print)


def validate(data: DatasetLike, model: str = "auto", format: SourceFormat = "auto") -> Validation:
    """Checks a data set, or a folder of pictures and labels, for mistakes.

    Args:
        data: The data set, or a folder of pictures and labels.
        model: Sizes and anchors are judged as this model trains; ``auto`` chooses it by the machine.
        format: The format of labels that are not a data set yet.

    Returns:
        Every problem, errors first; when printed, it shows the numbers and the first problems.

    Raises:
        UserError: There is nothing to check.
    """
    path = folder_of(data)
    judged_as = template(choose_model(model, this_machine())[0]).model
    if path.name == "dataset.yaml" or (path / "dataset.yaml").is_file():
        return validate_folder(path, judged_as)
    return validate_source(read_source(path, ReadOptions(format=format)), path, judged_as)


def plan(data: DatasetLike, model: str = "auto", size: int | None = None) -> ConfigPlan:
    """Plans a configuration: model, batch, epochs and anchors that suit the data and this machine.

    Args:
        data: The data set.
        model: Name of a model, or ``auto`` for the one that suits the machine.
        size: Training size in pixels; the model's by default.

    Returns:
        ``config`` and the reasons for it; when printed, it shows what was chosen. ``save("config.yaml")`` writes it
        with comments.

    Raises:
        UserError: There is no such model, or nothing to train on.
    """
    return plan_config(loaded(data), model, size)


def train(
    data: DatasetLike | Config,
    config: Config | ConfigPlan | Path | str | None = None,
    *,
    time: str | float | None = None,
    out: Path | str | None = None,
    weights: Path | str | None = None,
    device: str = "auto",
    overwrite: bool = False,
    quiet: bool = False,
) -> YOLACT:
    """Trains a model on a data set.

    Args:
        data: The data set; or a configuration alone, which names one.
        config: The configuration or its file; planned for the data set by default.
        time: How long to train, seconds or words such as ``"45m"``; the configuration's epochs by default.
        out: The run folder; ``runs/train-N`` by default.
        weights: What to start from instead of the configuration's weights: ``starter``, ``imagenet``, ``none``, a
            run folder, a file, or a name such as ``coco:yolact_base``.
        device: ``auto``, or a device's name.
        overwrite: Whether an earlier run in ``out`` may be replaced.
        quiet: Whether nothing is printed.

    Returns:
        The model with its best weights; ``training`` says how it went.

    Raises:
        UserError: The data set has errors, or the weights, the device or the run folder cannot be used.

    Example:
        >>> model = train("data", time="30m", out="runs/first")  # doctest: +SKIP
        >>> model.evaluate("data", split="test")  # doctest: +SKIP
    """
    if isinstance(data, Config) and config is not None:
        raise UserError("There are two configurations.", "Give a data set with `config=`, or a configuration alone.")
    source = data if isinstance(data, Config) else training_source(data, config)
    result = train_run(
        source,
        out,
        time=time,
        weights=weights,
        device=device,
        overwrite=overwrite,
        display=SILENT if quiet else _VERBOSE,
    )
    return _trained(result, device)


def resume(run: Path | str, *, time: str | float | None = None, device: str = "auto", quiet: bool = False) -> YOLACT:
    """Continues a training that was interrupted.

    Args:
        run: The run folder.
        time: How long to continue, instead of the time planned at first.
        device: ``auto``, or a device's name.
        quiet: Whether nothing is printed.

    Returns:
        As `train`.

    Raises:
        UserError: The folder is not a run folder, or the run cannot be continued.
    """
    return _trained(resume_run(run, time=time, device=device, display=SILENT if quiet else _VERBOSE), device)


def training_source(data: DatasetLike, config: Config | ConfigPlan | Path | str | None) -> Config | Dataset:
    """What a training starts from.

    Args:
        data: The data set.
        config: The configuration, its file or its plan; None to plan one.

    Returns:
        A configuration of its own that names this data set, or the data set alone.

    Raises:
        UserError: The data set is not on disk, or the configuration cannot be read.
    """
    if config is None:
        return loaded(data)
    if isinstance(config, ConfigPlan):
        config = config.config
    chosen = config.model_copy(deep=True) if isinstance(config, Config) else load_config(config)
    chosen.dataset = str(folder_of(data).absolute())
    return chosen


def _trained(result: TrainResult, device: str) -> YOLACT:
    """The model of a run."""
    if result.stopped is not None:
        raise result.stopped
    model = YOLACT(result.run, device=device)
    model.training = result
    return model
