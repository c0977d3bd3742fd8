"""The command ``train``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import console, say, set_level
from yolact_kit.cli.options import Device, Overwrite, Quiet, Verbose, WeightsModel, at_hand
from yolact_kit.durations import format_duration, parse_duration
from yolact_kit.errors import EXIT_INTERRUPTED, UserError

if TYPE_CHECKING:
    from yolact_kit.training.run import Plan, TrainResult

RUN_PANEL = "The run"


Configuration = Annotated[
    Path | None, typer.Argument(help="Configuration that `yolact-kit config` wrote.", show_default=False)
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="imagenet|none|WEIGHTS",
        help="What to start from: ImageNet's backbone, nothing, a backbone's file, or a whole model (a run folder, a "
        ".safetensors, a .pth of the original YOLACT, or published weights by name, such as coco:yolact_base).",
        rich_help_panel="Weights",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the configuration.", rich_help_panel="Model"),
]
Time = Annotated[
    str | None,
    typer.Option(help="Train for so long, such as 45m or 1h30m, instead of epochs.", rich_help_panel=RUN_PANEL),
]
Out = Annotated[Path | None, typer.Option(help="Run folder; runs/train-N by default.", rich_help_panel=RUN_PANEL)]
Resume = Annotated[
    Path | None, typer.Option(metavar="RUN", help="Go on with that run folder.", rich_help_panel=RUN_PANEL)
]


def train(
    config: Configuration = None,
    weights: Weights = None,
    model: WeightsModel = None,
    settings: Settings = None,
    time: Time = None,
    out: Out = None,
    resume: Resume = None,
    device: Device = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model as a configuration says.

    Ctrl-C ends the training after the step at hand; what was trained is validated and saved.

    Example: [bold]yolact-kit train config.yaml --time 45m --out runs/parts[/bold]

    Example: [bold]yolact-kit train config.yaml --weights coco:yolact_resnet50[/bold]
    """
    set_level(quiet, verbose)
    from yolact_kit.config.files import load_config, override
    from yolact_kit.files import check_out, run_folder

    seconds = parse_duration(time) if time is not None else None
    if resume is not None:
        config, out = resume / "config.yaml", resume
        if not config.is_file():
            raise UserError(f"'{resume}' is no run folder: it has no config.yaml.", "Give the folder of a run.")
    elif config is None:
        raise UserError("There is nothing to train.", "Give a config.yaml, or a run to go on with: `--resume RUN`.")
    run = out or run_folder("train")
    wanted = override(load_config(config), settings or [])
    if weights is not None:
        wanted.model.weights = str(Path(weights).absolute()) if Path(weights).exists() else weights
    if resume is None:
        check_out(run, overwrite)
    # From here on it takes seconds to import what is needed; a mistake in the call is told before.
    from yolact_kit.reports.training_plots import plot_training
    from yolact_kit.training.run import plan_run
    from yolact_kit.training.run import train as run_training
    from yolact_kit.training.start import find_start

    plan = plan_run(wanted, seconds, device)
    start = None if resume is not None else find_start(at_hand(wanted.model.weights), wanted, model)
    if resume is None and run.exists():
        shutil.rmtree(run)
    _say_plan(plan, run)
    result = run_training(plan, run, start, resume is not None, console, _log_to(run))
    plot_training(run)
    _say_result(result)
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)


def _log_to(run: Path) -> Callable[[str], None]:
    """Prints a line, and keeps it with its time in ``train.log``."""

    def log(line: str) -> None:
        say(line)
        run.mkdir(parents=True, exist_ok=True)
        with (run / "train.log").open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}  {line}\n")

    return log


def _say_plan(plan: Plan, run: Path) -> None:
    model, training = plan.config.model, plan.config.train
    counts = ", ".join(f"{len(pictures)} {name}" for name, pictures in plan.dataset.splits.items())
    say(f"data      {plan.dataset.name}: {counts} pictures; classes: {', '.join(plan.dataset.classes)}")
    say(f"model     {model.name}: {model.backbone}, {model.input_size} px; {plan.device}")
    for note in plan.notes:
        say(f"          {note}")
    if plan.budget.seconds is not None:
        length = f"{format_duration(plan.budget.seconds)} from the first step, validation included"
    else:
        length = f"{training.epochs} epochs = {plan.budget.steps} steps"
    say(f"training  {length}; batch {training.batch_size}, {training.optimizer}, rate {training.learning_rate:g}")
    say(f"run       {run}")


def _say_result(result: TrainResult) -> None:
    ended = "Stopped as you asked" if result.interrupted else "Done"
    best = "" if result.best_ap is None else f"; best mask AP on val {result.best_ap:.3f}"
    say(f"{ended} after {result.steps} steps{best}. The weights are in {result.run / 'weights'}.")
