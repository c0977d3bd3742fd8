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
from yolact_kit.cli.guide_steps import gather_pictures, measured_split, words_of
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
    and predict, showing each command before it runs. Leave with Ctrl-C at any time; run it again on the same folder to
    continue.

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
    with _taken_up_again(project, asker):
        _ask_training(project, asker)
        for step in STEPS:
            if step not in project.done:
                _run(step, project, asker, levels)
    _show_results(project, asker)


def _language(lang: str | None) -> Language:
    if lang is None:
        return default_language()
    if lang not in ("en", "ko"):
        raise UserError(f"The guide does not speak '{lang}'.", "Choose --lang en or --lang ko.")
    return cast(Language, lang)


def _project(source: Path | None, out: Path | None, asker: Asker) -> Project:
    """The project to go on with, or a new one."""
    if source is None:
        folder = out or find_project()
        known = open_project(folder, None, asker.language) if folder is not None else None
        if known is not None:
            return _resumed(known, asker)
        if asker.yes:
            raise UserError(asker.text("no_source"), asker.text("no_source_advice"))
        source = Path(asker.prompt("ask_source")).expanduser()
    require_folder(source, asker)
    folder = out or _default_folder(source)
    known = open_project(folder, source, asker.language)
    if known is not None:
        return _resumed(known, asker)
    say(asker.text("welcome"))
    made = Project(folder, source.resolve())
    made.answers = examine(source, asker)
    made.save()
    return made


def _default_folder(source: Path) -> Path:
    """``SOURCE-project`` under the current folder; beside the source where the current folder lies in it."""
    real = source.resolve()
    here = Path.cwd().resolve()
    folder = Path(f"{real.name}-project")
    return real.parent / folder if here == real or real in here.parents else folder


def _resumed(project: Project, asker: Asker) -> Project:
    key = "complete" if len(project.done) == len(STEPS) else "resume"
    say(asker.text(key, folder=project.folder, done=len(project.done), total=len(STEPS)))
    return project


def _ask_training(project: Project, asker: Asker) -> None:
    """Asks how long to train, and finds out what to start from, unless that is known."""
    if "train" in project.done or {"time", "weights"} <= project.answers.keys():
        return
    from yolact_kit.config.files import template
    from yolact_kit.planning import choose_model, this_machine

    machine = this_machine()
    if "time" not in project.answers:
        project.answers["time"] = _ask_time(asker, "15m" if machine.gpu else "4m")
    backbone = template(choose_model("auto", machine)[0]).model.backbone
    at_hand = imagenet_weights_at_hand(backbone)
    project.answers["weights"] = "imagenet" if at_hand else "none"
    say(asker.text("imagenet" if at_hand else "scratch"))
    project.save()


def _ask_time(asker: Asker, default: str) -> str:
    while True:
        answer = asker.prompt("ask_time", default)
        try:
            parse_duration(answer)
        except UserError as error:
            warn(f"{error.message} {error.advice}")
        else:
            return answer


def _run(step: str, project: Project, asker: Asker, levels: list[str]) -> None:
    if step == "predict":
        split = measured_split(project)
        count = gather_pictures(project, split)
        say("\n" + asker.text("held_out", count=count, split=split, folder=project.folder / "pictures"))
    words = [*words_of(step, project), *levels]
    title = asker.text("step", number=STEPS.index(step) + 1, total=len(STEPS), title=asker.text(step))
    announce(title, words)
    if not asker.confirm("ask_step"):
        _leave(project, asker)
    code = run_command(words)
    if code and step == "train":  # it broke off and has said why: there may be no weights to measure
        _say_left(project, asker)
        raise typer.Exit(code)
    project.commands[step] = plain_command(words)
    project.save()
    if code == EXIT_PROBLEMS:
        warn(asker.text("errors_found"))
        if not asker.confirm("ask_go_on"):
            _leave(project, asker)


@contextmanager
def _taken_up_again(project: Project, asker: Asker) -> Iterator[None]:
    """Says how to go on where the guide is interrupted."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        _say_left(project, asker)
        raise
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:
            _say_left(project, asker)
        raise


def _leave(project: Project, asker: Asker) -> None:
    _say_left(project, asker)
    raise typer.Exit


def _say_left(project: Project, asker: Asker) -> None:
    words: list[str | Path] = ["guide", project.shown_source(), "--out", project.folder]
    say("\n" + asker.text("left", command=plain_command(words)))


def _show_results(project: Project, asker: Asker) -> None:
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
