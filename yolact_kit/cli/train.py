"""The command ``train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import DISPLAY, fail, say, set_level
from yolact_kit.cli.options import Device, Overwrite, Quiet, Verbose, WeightsModel
from yolact_kit.durations import parse_duration
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.config.schema import Config
    from yolact_kit.training.result import TrainResult

RUN_PANEL = "The run"

Configuration = Annotated[
    Path | None, typer.Argument(help="Configuration that `yolact-kit config` wrote.", show_default=False)
]
StartWeights = Annotated[
    str | None,
    typer.Option(
        metavar="starter|imagenet|none|WEIGHTS",
        help="What to start from: the starter weights in the package, an ImageNet backbone, nothing, a file of "
        "backbone weights, or a whole model (a run folder, a .safetensors, a .pth of the original YOLACT, or published "
        "weights by name, such as coco:yolact_base).",
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
RunFolder = Annotated[Path | None, typer.Option(help="Run folder; runs/train-N by default.", rich_help_panel=RUN_PANEL)]
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
    weights: StartWeights = None,
    model: WeightsModel = None,
    settings: Settings = None,
    time: Time = None,
    out: RunFolder = None,
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
    from yolact_kit.files import run_folder, weights_files
    from yolact_kit.training.launch import is_follower
    from yolact_kit.training.run_folder import check_run_folder

    seconds = parse_duration(time) if time is not None else None
    if resume is not None:
        _check_resume(resume, out, overfit)
    configuration = _configuration(config, weights, settings or [], resume)
    run = resume or out or run_folder("train")
    if is_follower():
        set_level(quiet=True, verbose=False)
    elif resume is None:
        check_run_folder(run, overwrite, [configuration.dataset, *weights_files(configuration.model.weights)])
    # From here on it takes seconds to import what is needed; a mistake in the call is reported before.
    from yolact_kit.training.session import resume_run, train_run

    if resume is not None:
        result = resume_run(run, configuration, time=seconds, device=device, display=DISPLAY)
    else:
        result = train_run(
            configuration, run, time=seconds, model=model, device=device, overfit=overfit, overwrite=overwrite,
            display=DISPLAY,
        )  # fmt: skip
    if not is_follower():
        _close(result, overfit)


def _check_resume(resume: Path, out: Path | None, overfit: int | None) -> None:
    """Refuses what a run that is resumed cannot do."""
    if out is not None and out.resolve() != resume.resolve():
        raise UserError("A run that is resumed goes on in its own folder.", "Leave out --out, or --resume.")
    if overfit is not None:
        raise UserError("A self-test cannot be resumed.", "Leave out --resume, or --overfit.")


def _configuration(config: Path | None, weights: str | None, settings: list[str], resume: Path | None) -> Config:
    """The configuration that the arguments name, with the changes of ``--set`` and ``--weights``."""
    from yolact_kit.config.files import load_config, override
    from yolact_kit.files import absolute_weights
    from yolact_kit.training.run_folder import config_to_resume

    if resume is not None:
        configuration = config_to_resume(resume, settings, config)
        if config is not None:
            say(f"A run goes on with its own configuration: what else '{config}' says does not count.")
    elif config is None:
        raise UserError("There is nothing to train.", "Give a config.yaml, or a run to continue: `--resume RUN`.")
    else:
        configuration = override(load_config(config), settings)
    if weights is not None:
        configuration.model.weights = absolute_weights(weights)
    return configuration


def _close(result: TrainResult, overfit: int | None) -> None:
    """Reports the result, and ends with the exit code that belongs to it."""
    from yolact_kit.reports.training_plots import plot_training

    plot_training(result.run)
    if result.stopped is not None:
        fail(result.stopped.message, result.stopped.advice)
    if result.trained:
        _say_diagnosis(result)
        say(str(result))
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if overfit is not None:
        _say_self_test(result)
    if result.stopped is not None or (overfit is not None and not result.passes_self_test):
        raise typer.Exit(EXIT_PROBLEMS)


def _say_diagnosis(result: TrainResult) -> None:
    """The whole diagnosis if the model has learnt almost nothing, otherwise where to find it."""
    from yolact_kit.training.run_folder import RunLog

    diagnosis = result.diagnosis
    if diagnosis is None:
        return
    if diagnosis.near_zero or result.stopped is not None:
        log = RunLog(result.run, say)
        for line in diagnosis.lines():
            log(line)
        return
    count = len(diagnosis.causes)
    summary = "nothing stands out"
    if count:
        summary = f"{counted(count, 'thing')} stand{'s' if count == 1 else ''} out"
    say(f"diagnosis: {summary}; see {result.run / 'diagnosis.txt'}")


def _say_self_test(result: TrainResult) -> None:
    """Whether a self-test has passed, and with which AP."""
    from yolact_kit.training.result import OVERFIT_AP

    verdict = "NOT passed: something is wrong with the labels, the model or the learning rate"
    if result.passes_self_test:
        verdict = "passed"
    ap = result.best_ap or 0.0
    say(f"Self-test {verdict}; mask AP {ap:.3f} on the pictures it was trained on, {OVERFIT_AP:g} is required.")
