"""``yolact-kit guide``: the whole way on the user's own folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from yolact_kit.cli.console import say, set_level, warn
from yolact_kit.cli.guide_project import STEPS, Project, find_project, open_project
from yolact_kit.cli.guide_source import Asker, examine, imagenet_weights_at_hand, require_folder
from yolact_kit.cli.guide_steps import gather_pictures, measured_split, step_command
from yolact_kit.cli.guide_texts import Language, default_language
from yolact_kit.cli.options import Quiet, Verbose
from yolact_kit.cli.steps import announce, plain_command, run_command
from yolact_kit.durations import parse_duration
from yolact_kit.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, UserError

_LISTED = 8


def guide(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="SOURCE", help="Folder with your pictures and labels.", show_default=False),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take the defaults.", rich_help_panel="Questions")
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="en|ko",
            help="Language of the guide; your system's by default.",
            rich_help_panel="Questions",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Project folder; SOURCE-project here by default.", rich_help_panel="Project"
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time",
            metavar="TIME",
            help="How long to train: 90s, 4m, 1h30m. On a CPU 4m by default.",
            rich_help_panel="Project",
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Go the whole way on your own pictures, step by step.

    Finds out what your labels are, asks what it cannot find out, and runs convert, validate, config, train, evaluate
    and predict, showing each command before it runs. Stop it with Ctrl-C at any time; run it again on the same folder
    to continue.

    Example: yolact-kit guide my_photos
    """
    set_level(quiet, verbose)
    asker = Asker(_language(lang), yes)
    if time is not None:
        parse_duration(time)
    project = _project(source, out, asker)
    if time is not None:
        project.answers["time"] = time
    levels = [*(["--quiet"] if quiet else []), *(["--verbose"] if verbose else [])]
    with _resume_hint_on_interrupt(project, asker):
        _ask_training(project, asker)
        for step in STEPS:
            if step not in project.completed:
                _run(step, project, asker, levels)
    _show_results(project, asker)


def _language(lang: str | None) -> Language:
    if lang is None:
        return default_language()
    if lang not in ("en", "ko"):
        raise UserError(f"The guide has no language '{lang}'.", "Choose --lang en or --lang ko.")
    return cast(Language, lang)


def _project(source: Path | None, out: Path | None, asker: Asker) -> Project:
    """The project to continue, or a new one."""
    if source is None:
        folder = out or find_project()
        project = open_project(folder, None, asker.language) if folder is not None else None
        if project is not None:
            return _resume(project, asker)
        if asker.yes:
            raise UserError(asker.text("no_source"), asker.text("no_source_advice"))
        source = Path(asker.prompt("ask_source")).expanduser()
    require_folder(source, asker)
    folder = out or _default_folder(source)
    project = open_project(folder, source, asker.language)
    if project is not None:
        return _resume(project, asker)
    say(asker.text("welcome"))
    project = Project(folder, source.resolve())
    project.answers = examine(source, asker)
    project.save()
    return project


def _default_folder(source: Path) -> Path:
    """``SOURCE-project`` in the current folder, or beside the source if the current folder is inside the source."""
    source = source.resolve()
    current = Path.cwd().resolve()
    name = f"{source.name}-project"
    if current.is_relative_to(source):
        return source.parent / name
    return Path(name)


def _resume(project: Project, asker: Asker) -> Project:
    """Says how far a project has come, and returns it."""
    key = "complete" if len(project.completed) == len(STEPS) else "resume"
    say(asker.text(key, folder=project.folder, done=len(project.completed), total=len(STEPS)))
    return project


def _ask_training(project: Project, asker: Asker) -> None:
    """Asks how long to train, and finds out what to start from, unless that is known."""
    if "train" in project.completed or {"time", "weights"} <= project.answers.keys():
        return
    from yolact_kit.config.files import template
    from yolact_kit.planning import choose_model, this_machine

    machine = this_machine()
    if "time" not in project.answers:
        project.answers["time"] = _ask_time(asker, "15m" if machine.gpu else "4m")
    preset = template(choose_model("auto", machine)[0]).model
    weights = preset.weights
    if weights == "imagenet" and not imagenet_weights_at_hand(preset.backbone):
        weights = "none"
    project.answers["weights"] = weights
    say(asker.text("scratch" if weights == "none" else weights))
    project.save()


def _ask_time(asker: Asker, default: str) -> str:
    """Asks until the answer is a length of time."""
    while True:
        answer = asker.prompt("ask_time", default)
        try:
            parse_duration(answer)
        except UserError as error:
            warn(f"{error.message} {error.advice}")
        else:
            return answer


def _run(step: str, project: Project, asker: Asker, levels: list[str]) -> None:
    """Shows a step's command, runs it once the user agrees, and remembers that it is done."""
    if step == "predict":
        split = measured_split(project)
        count = gather_pictures(project, split)
        say("\n" + asker.text("held_out", count=count, split=split, folder=project.folder / "pictures"))
    words = [*step_command(step, project), *levels]
    title = asker.text("step", number=STEPS.index(step) + 1, total=len(STEPS), title=asker.text(step))
    announce(title, words)
    if not asker.confirm("ask_step"):
        _stop(project, asker)
    code = run_command(words)
    if code and step == "train":  # it stopped early and has said why; there may be no weights to measure
        _say_how_to_resume(project, asker)
        raise typer.Exit(code)
    project.commands[step] = plain_command(words)
    project.save()
    if code == EXIT_PROBLEMS:
        warn(asker.text("errors_found"))
        if not asker.confirm("ask_go_on"):
            _stop(project, asker)


@contextmanager
def _resume_hint_on_interrupt(project: Project, asker: Asker) -> Iterator[None]:
    """Says how to continue when the guide is interrupted."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        _say_how_to_resume(project, asker)
        raise
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:
            _say_how_to_resume(project, asker)
        raise


def _stop(project: Project, asker: Asker) -> None:
    _say_how_to_resume(project, asker)
    raise typer.Exit


def _say_how_to_resume(project: Project, asker: Asker) -> None:
    words: list[str | Path] = ["guide", project.short_source(), "--out", project.folder]
    say("\n" + asker.text("left", command=plain_command(words)))


def _show_results(project: Project, asker: Asker) -> None:
    """Draws labels and predictions side by side, and prints the metrics and what to look at."""
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.reports.side_by_side import read_predictions, save_side_by_side

    folder, split = project.folder, measured_split(project)
    mask: dict[str, Any] = json.loads((folder / "evaluation" / "metrics.json").read_text(encoding="utf-8"))["mask"]
    predictions = read_predictions(folder / "predictions" / "predictions.json")
    pictures = load_dataset(folder / "data").splits[split]
    paths = save_side_by_side(pictures, predictions, folder / "side_by_side")
    values = {key: "-" if mask[key] is None else f"{mask[key]:.2f}" for key in ("AP", "AP50")}
    say("\n" + asker.text("done", split=split, ap50=values["AP50"], ap=values["AP"], folder=folder))
    say(asker.text("look"))
    for path in paths[:_LISTED]:
        say(f"  {path}")
    if len(paths) > _LISTED:
        say("  " + asker.text("more_pictures", count=len(paths) - _LISTED, folder=folder / "side_by_side"))
    say(asker.text("next") + "\n  $ " + plain_command(["predict", folder / "run", "PICTURES"]))
