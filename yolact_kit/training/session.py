"""The whole way from a configuration or a data set to a trained and diagnosed run; the command ``train`` in Python."""

from __future__ import annotations

from pathlib import Path

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import Config
from yolact_kit.display import SILENT, Display
from yolact_kit.durations import parse_duration
from yolact_kit.files import absolute_weights, run_folder, weights_files
from yolact_kit.models.download import local_weights
from yolact_kit.planning.plan import plan as plan_config
from yolact_kit.training.batch_fit import fit_batch
from yolact_kit.training.diagnosis import diagnose
from yolact_kit.training.estimate import Estimate, ObjectCounts, estimate
from yolact_kit.training.launch import adopt_batch, is_follower, publish_batch, publish_run, run_of_leader
from yolact_kit.training.plan import TrainingPlan, check_data, describe_plan, overfitting, plan_run
from yolact_kit.training.result import TrainResult
from yolact_kit.training.run_folder import (
    RunLog,
    begin_run_folder,
    check_run_folder,
    config_to_resume,
    removing_unstarted,
)
from yolact_kit.training.start import describe_start, find_start
from yolact_kit.training.trainer import train


def train_run(
    source: Config | Dataset,
    out: Path | str | None = None,
    *,
    time: str | float | None = None,
    weights: Path | str | None = None,
    model: str | None = None,
    device: str = "auto",
    overfit: int | None = None,
    overwrite: bool = False,
    display: Display = SILENT,
) -> TrainResult:
    """Trains a model from a configuration, or from a data set alone, for which one is planned.

    Checks the data set first, says what it is going to do, trains, and looks for what stands out in the run.

    Args:
        source: The configuration, which stays as it is; or a data set that was read from its folder.
        out: The run folder; ``runs/train-N`` by default.
        time: How long to train: seconds, or words such as ``"45m"``; as many epochs as configured by default.
        weights: What to start from instead of the configuration's weights: ``starter``, ``imagenet``, ``none``, a
            file, a run folder, or a name such as ``coco:yolact_base``.
        model: Which model a checkpoint of the original's is of, where its name does not say.
        device: ``auto``, or a device's name.
        overfit: Self-test: learn this many pictures by heart, see `TrainResult.passes_self_test`.
        overwrite: Whether an earlier run in ``out`` may be replaced.
        display: Where lines and progress go.

    Returns:
        The result; the weights are in the folder ``weights`` of the run.

    Raises:
        UserError: The data set has errors, or the weights, the device or the run folder cannot be used.

    Example:
        >>> train_run(load_dataset("data"), time="45m").best_ap  # doctest: +SKIP
        0.41
    """
    config = _configuration(source, weights)
    run = Path(out) if out is not None else run_folder("train")
    seconds = parse_duration(time) if isinstance(time, str) else time
    if is_follower():
        run = run_of_leader(run)
    else:
        check_run_folder(run, overwrite, [config.dataset, *weights_files(config.model.weights)])
    start = find_start(local_weights(config.model.weights, display.track), config, model)
    # The leader alone checks the data, and says what is wrong with it.
    problems = (
        None
        if is_follower()
        else check_data(config, lambda scans, total: display.track(scans, "Checking pictures", total))
    )
    plan = plan_run(config, seconds, device)
    plan.problems = problems
    if overfit is not None:
        plan = overfitting(plan, overfit)
    if is_follower():
        adopt_batch(plan.config.train)
        return train(plan, run, start)
    publish_run(run)
    begin_run_folder(run)
    log = RunLog(run, display.say)
    with removing_unstarted(run):
        measured = estimate(plan.config, plan.device, plan.precision, ObjectCounts.of(plan.dataset))
        _choose_threads(plan, measured)
        fit_batch(plan, measured)
        publish_batch(plan.config.train)
        for line in describe_plan(plan, run, describe_start(plan.config.model.weights), measured):
            log(line)
        result = train(plan, run, start, console=display.console, say=log)
    return _diagnosed(plan, result)


def resume_run(
    run: Path | str,
    config: Config | None = None,
    *,
    time: str | float | None = None,
    device: str = "auto",
    display: Display = SILENT,
) -> TrainResult:
    """Continues a run from its last checkpoint.

    Args:
        run: The run folder.
        config: The configuration to go on with; the run's own by default.
        time: How long to go on, in seconds or words, instead of what was planned at first.
        device: ``auto``, or a device's name.
        display: Where lines and progress go.

    Returns:
        The result; `TrainResult.trained` is False if the run was complete before.

    Raises:
        UserError: The folder is not a run's, or its checkpoint, its data set or the device cannot be used.
    """
    run = Path(run)
    config = config or config_to_resume(run)
    seconds = parse_duration(time) if isinstance(time, str) else time
    plan = plan_run(config, seconds, device)
    if is_follower():
        adopt_batch(plan.config.train)
        return train(plan, run_of_leader(run), resume=True)
    publish_run(run)
    with removing_unstarted(run):
        if plan.device.type == "cpu":
            _choose_threads(plan, estimate(plan.config, plan.device, plan.precision))
        for line in describe_plan(plan, run, "the checkpoint of the run"):
            display.say(line)
        result = train(plan, run, resume=True, console=display.console, say=RunLog(run, display.say))
    return _diagnosed(plan, result)


def _configuration(source: Config | Dataset, weights: Path | str | None) -> Config:
    """A configuration of the run's own: a copy, or one that is planned for a data set."""
    if isinstance(source, Dataset):
        source.folder()  # training reads it from there
        source = plan_config(source).config
    config = source.model_copy(deep=True)
    if weights is not None:
        config.model.weights = absolute_weights(weights)
    return config


def _choose_threads(plan: TrainingPlan, measured: Estimate) -> None:
    """Begins with the number of threads that was the fastest in the trial."""
    trial = measured.threads
    if trial is not None and trial.threads != trial.most:
        plan.threads = trial.threads
        plan.notes.append(trial.describe())


def _diagnosed(plan: TrainingPlan, result: TrainResult) -> TrainResult:
    """The result with what stands out in the run, where anything was trained."""
    if result.trained:
        result.diagnosis = diagnose(plan, result)
    return result
