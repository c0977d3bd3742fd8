"""The command ``train``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import console, fail, say, set_level, track
from yolact_kit.cli.options import Device, Overwrite, Quiet, Verbose, WeightsModel, local_weights, weights_files
from yolact_kit.durations import parse_duration
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.config.schema import Config
    from yolact_kit.training.plan import Plan
    from yolact_kit.training.run import TrainResult

RUN_PANEL = "The run"

_RUN_VARIABLE = "YOLACT_KIT_RUN"
"""Tells the processes that train along where the run folder is."""

Configuration = Annotated[
    Path | None, typer.Argument(help="Configuration that `yolact-kit config` wrote.", show_default=False)
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="imagenet|none|WEIGHTS",
        help="What to start from: an ImageNet backbone, nothing, a file of backbone weights, or a whole model (a run "
        "folder, a .safetensors, a .pth of the original YOLACT, or published weights by name, such as "
        "coco:yolact_base).",
        rich_help_panel="Weights",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the configuration.", rich_help_panel="Model"),
]
Time = Annotated[
    str | None,
    typer.Option(help="Train for this long, such as 45m or 1h30m, instead of by epochs.", rich_help_panel=RUN_PANEL),
]
Out = Annotated[Path | None, typer.Option(help="Run folder; runs/train-N by default.", rich_help_panel=RUN_PANEL)]
Resume = Annotated[
    Path | None, typer.Option(metavar="RUN", help="Continue the run in this folder.", rich_help_panel=RUN_PANEL)
]


Overfit = Annotated[
    int | None,
    typer.Option(
        metavar="PICTURES",
        min=1,
        help="Self-test: overfit this many pictures, without augmentation; exit code 1 if that fails.",
        rich_help_panel=RUN_PANEL,
    ),
]


def train(
    config: Configuration = None,
    weights: Weights = None,
    model: WeightsModel = None,
    settings: Settings = None,
    time: Time = None,
    out: Out = None,
    resume: Resume = None,
    overfit: Overfit = None,
    device: Device = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model from a configuration.

    First says what it is going to do, and starts only if `yolact-kit validate` finds no error in the data set. Ctrl-C
    ends the training after the current step; the model is then validated and saved.

    Example: [bold]yolact-kit train config.yaml --time 45m --out runs/parts[/bold]

    Example: [bold]yolact-kit train config.yaml --weights coco:yolact_resnet50[/bold]

    Example: [bold]yolact-kit train config.yaml --overfit 10[/bold]
    """
    set_level(quiet, verbose)
    from yolact_kit.files import check_out
    from yolact_kit.training.launch import adopt_batch, is_follower

    seconds = parse_duration(time) if time is not None else None
    wanted, run = _wanted(config, weights, settings or [], out, resume, overfit)
    if is_follower():
        run = Path(os.environ.get(_RUN_VARIABLE, run))
        set_level(quiet=True, verbose=False)
    elif resume is None:
        _check_overwritten(run)
        check_out(run, overwrite, [Path(wanted.dataset), *weights_files(wanted.model.weights)])
    # From here on it takes seconds to import what is needed; a mistake in the call is told before.
    from yolact_kit.training.plan import overfitting, plan_run
    from yolact_kit.training.run import train as run_training
    from yolact_kit.training.start import find_start

    start = None if resume is not None else find_start(local_weights(wanted.model.weights), wanted, model)
    problems = None if is_follower() or resume is not None else _check_data(wanted)
    plan = plan_run(wanted, seconds, device)
    plan.problems = problems
    if overfit is not None:
        plan = overfitting(plan, overfit)
    if is_follower():
        adopt_batch(plan.config.train)
        run_training(plan, run, start, resume is not None)
        return
    os.environ[_RUN_VARIABLE] = str(run.absolute())
    if resume is None and run.exists():
        shutil.rmtree(run)
    log = _log_to(run)
    with _begun_or_gone(run):
        _say_plan(plan, run, resume, log)
        result = run_training(plan, run, start, resume is not None, console, log)
    _close(plan, result, overfit, log)


def _wanted(
    config: Path | None, weights: str | None, settings: list[str], out: Path | None, resume: Path | None,
    overfit: int | None,
) -> tuple[Config, Path]:  # fmt: skip
    """The configuration with what the options change in it, and the run folder."""
    from yolact_kit.config.files import load_config, override
    from yolact_kit.files import run_folder

    if resume is not None:
        config, out = resume / "config.yaml", resume
        if not config.is_file():
            raise UserError(f"'{resume}' is not a run folder: it has no config.yaml.", "Give the folder of a run.")
        if overfit is not None:
            raise UserError("A self-test cannot be resumed.", "Leave out --resume, or --overfit.")
    elif config is None:
        raise UserError("There is nothing to train.", "Give a config.yaml, or a run to continue: `--resume RUN`.")
    wanted = override(load_config(config), settings)
    if weights is not None:
        wanted.model.weights = str(Path(weights).absolute()) if Path(weights).exists() else weights
    return wanted, out or run_folder("train")


def _check_overwritten(run: Path) -> None:
    """Refuses to overwrite a folder that is not the folder of a run."""
    if not run.is_dir() or not any(run.iterdir()):
        return
    signs = (
        "train.log",
        "metrics.csv",
        "checkpoints/last.ckpt",
        "weights/best.safetensors",
        "weights/last.safetensors",
    )
    if not any((run / sign).is_file() for sign in signs):
        raise UserError(f"'{run}' is not empty, and is not a run folder.", "Give the name of a new folder.")


def _check_data(config: Config) -> list[Problem]:
    from yolact_kit.training.plan import check_data

    return check_data(config, lambda scans, total: track(scans, "Checking pictures", total))


@contextmanager
def _begun_or_gone(run: Path) -> Iterator[None]:
    """Removes a run folder in which training never started, so that the same command can be given again."""
    try:
        yield
    finally:
        if not (run / "config.yaml").is_file():
            shutil.rmtree(run, ignore_errors=True)


def _log_to(run: Path) -> Callable[[str], None]:
    """Prints a line, and keeps it with its time in ``train.log``."""

    def log(line: str) -> None:
        say(line)
        run.mkdir(parents=True, exist_ok=True)
        with suppress(OSError), (run / "train.log").open("a", encoding="utf-8") as file:  # as on a full disk
            file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}  {line}\n")

    return log


def _say_plan(plan: Plan, run: Path, resume: Path | None, log: Callable[[str], None]) -> None:
    from yolact_kit.training.batch_fit import fit_batch
    from yolact_kit.training.estimate import estimate
    from yolact_kit.training.launch import publish_batch
    from yolact_kit.training.plan import describe_plan

    taken = None if resume is not None else estimate(plan.config, plan.device, plan.precision)
    if taken is not None:
        fit_batch(plan, taken)
        publish_batch(plan.config.train)
    weights = "the checkpoint of the run" if resume is not None else plan.config.model.weights
    for line in describe_plan(plan, run, weights, taken):
        log(line) if resume is None else say(line)


def _close(plan: Plan, result: TrainResult, overfit: int | None, log: Callable[[str], None]) -> None:
    """Reports the result, and ends with the exit code that belongs to it."""
    from yolact_kit.reports.training_plots import plot_training

    plot_training(result.run)
    if result.stopped is not None:
        fail(result.stopped.message, result.stopped.advice)
    if result.trained:
        _say_diagnosis(plan, result, log)
        _say_result(result)
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if result.stopped is not None or (overfit is not None and not _passed(result)):
        raise typer.Exit(EXIT_PROBLEMS)


def _say_diagnosis(plan: Plan, result: TrainResult, log: Callable[[str], None]) -> None:
    """The whole diagnosis where the model has learnt next to nothing, else where it lies."""
    from yolact_kit.training.diagnosis import diagnose

    found = diagnose(plan, result)
    if found.near_zero or result.stopped is not None:
        for line in found.lines():
            log(line)
    else:
        count = len(found.causes)
        what = f"{counted(count, 'thing')} stand{'s' if count == 1 else ''} out" if count else "nothing stands out"
        say(f"diagnosis: {what}; see {result.run / 'diagnosis.txt'}")


def _passed(result: TrainResult) -> bool:
    """Says whether a self-test has succeeded."""
    from yolact_kit.training.plan import OVERFIT_AP

    reached = result.best_ap or 0.0
    passed = reached >= OVERFIT_AP
    verdict = "passed" if passed else "NOT passed: something is wrong with the labels, the model or the learning rate"
    say(f"Self-test {verdict}; mask AP {reached:.3f} on the pictures it was trained on, {OVERFIT_AP:g} is required.")
    return passed


def _say_result(result: TrainResult) -> None:
    ended = "Stopped as you asked" if result.interrupted else "Stopped" if result.stopped else "Done"
    best = "" if result.best_ap is None else f"; best mask AP on val {result.best_ap:.3f}"
    weights = result.run / "weights"
    kept = f"The weights are in {weights}." if weights.is_dir() else "No weights were saved."
    say(f"{ended} after {result.steps} steps{best}. {kept}")
