"""``yolact-kit validate``: every problem of a data set or of a folder of labels, in one pass."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import console, is_verbose, print_json, say, set_level, show, track
from yolact_kit.cli.options import Quiet, Verbose
from yolact_kit.errors import EXIT_DONE, EXIT_PROBLEMS, UserError

if TYPE_CHECKING:
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.config.schema import ModelConfig
    from yolact_kit.datasets.checks import Validation
    from yolact_kit.datasets.statistics import Statistics

_SHOWN = 5
_WORDS = {"E": "error", "F": "mended by convert", "W": "warning", "S": "left out by convert"}


def validate(
    source: Annotated[
        Path,
        typer.Argument(metavar="DATASET|SOURCE", help="Folder that `convert` wrote, or one of pictures and labels."),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Count every warning as an error.", rich_help_panel="Checks")
    ] = False,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Judge sizes and anchors as this model trains; auto by the machine.",
            rich_help_panel="Checks",
        ),
    ] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.", rich_help_panel="Output")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check a data set or a folder of labels for mistakes.

    Finds pictures that are missing or damaged, labels that cannot be right, classes that cannot be learnt, pictures
    that are in training and validation at once, and more; each with what to do about it. Nothing is changed. Ends with
    exit code 1 where an error was found.

    Example: yolact-kit validate data --strict
    """
    set_level(quiet, verbose)
    _require(source)
    from yolact_kit.config.files import template
    from yolact_kit.planning import choose_model, this_machine

    judged_as = template(choose_model(model, this_machine())[0]).model
    is_dataset = (source / "dataset.yaml").is_file() or source.name == "dataset.yaml"
    found = _validate_dataset(source, judged_as) if is_dataset else _validate_source(source, judged_as)
    failed = any(problem.severity == "E" or strict for problem in found.problems)
    if as_json:
        print_json(_as_json(found, source, is_dataset, strict))
    _print_statistics(found)
    _print_problems(found.problems, is_dataset)
    say(_summary(found, strict))
    raise typer.Exit(EXIT_PROBLEMS if failed else EXIT_DONE)


def _require(source: Path) -> None:
    if not source.exists():
        raise UserError(f"'{source}' does not exist.", "Check the spelling.")
    if source.is_dir() and not any(source.iterdir()):
        raise UserError(f"The folder '{source}' is empty.", "Give a folder that holds pictures and their labels.")


def _validate_dataset(source: Path, model: ModelConfig) -> Validation:
    from yolact_kit.datasets.checks import validate_folder

    return validate_folder(source, model, lambda scans, total: track(scans, "Checking pictures", total))


def _validate_source(source: Path, model: ModelConfig) -> Validation:
    from yolact_kit.annotations.read import read_source
    from yolact_kit.annotations.result import SourceError
    from yolact_kit.datasets.checks import errors_first, validate_source

    try:
        read = read_source(source, progress=lambda outcomes, total: track(outcomes, "Reading", total))
    except SourceError as error:
        _print_problems(errors_first(error.problems), is_dataset=False)
        raise
    note = f"{len(read.labelled)} pictures with {read.format} labels"
    say(f"{note}, {len(read.without_labels)} without, {read.left_out} left out for errors.")
    return validate_source(read, source.name, model)


def _print_statistics(found: Validation) -> None:
    from rich.table import Table

    statistics = found.statistics
    table = Table(title="Objects by class")
    table.add_column("")
    splits = list(statistics.pictures)
    for split in splits:
        table.add_column(split or "all", justify="right")
    table.add_row("pictures", *(str(statistics.pictures[split]) for split in splits))
    table.add_row("without objects", *(str(statistics.backgrounds[split]) for split in splits), end_section=True)
    for label in found.dataset.classes:
        table.add_row(_escaped(label), *(str(statistics.objects[split].get(label, 0)) for split in splits))
    show(table)
    say(_sizes(statistics))


def _sizes(statistics: Statistics) -> str:
    sizes = ", ".join(f"{name} px: {count}" for name, count in statistics.sizes.items() if count)
    recall = statistics.anchors.overall
    fit = "" if recall is None else f" {recall:.0%} of the objects fit an anchor."
    return f"Shorter sides at the training size of {statistics.input_size} px: {sizes or 'none'}.{fit}"


def _print_problems(problems: list[Problem], is_dataset: bool) -> None:
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    for (severity, code), members in groups.items():
        _print(f"\n{_WORDS[severity]}: {code} ({len(members)}): {_title(code, is_dataset)}")
        shown = members if is_verbose() else members[:_SHOWN]
        for problem in shown:
            where = ", ".join(part for part in (problem.file, problem.object) if part)
            _print(f"  {where + ': ' if where else ''}{problem.message}")
        if len(shown) < len(members):
            _print(f"  ... and {len(members) - len(shown)} more; -v lists them all")
        if members[0].advice:
            _print(f"  -> {members[0].advice}")


def _print(line: str) -> None:
    """Prints a line also under ``--quiet``, which leaves problems to be read."""
    console.print(line, markup=False, soft_wrap=True)


def _title(code: str, is_dataset: bool) -> str:
    from yolact_kit.annotations.problem_kinds import KINDS
    from yolact_kit.datasets.checks import CHECKS

    if code in CHECKS and (is_dataset or code not in KINDS):
        return CHECKS[code].purpose
    title = KINDS[code].title if code in KINDS else "a file cannot be read"
    return f"{title[:1].upper()}{title[1:]}."


def _summary(found: Validation, strict: bool) -> str:
    errors = sum(problem.severity == "E" for problem in found.problems)
    others = len(found.problems) - errors
    pictures = sum(found.statistics.pictures.values())
    objects = sum(sum(counts.values()) for counts in found.statistics.objects.values())
    counted = f"{pictures} pictures, {objects} objects, {len(found.dataset.classes)} classes"
    if not found.problems:
        return f"\nNothing wrong was found: {counted}."
    note = ", which --strict counts as errors" if strict and others else ""
    return f"\n{counted}: {_count(errors, 'error')}, {_count(others, 'warning')}{note}."


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _as_json(found: Validation, source: Path, is_dataset: bool, strict: bool) -> dict[str, Any]:
    errors = sum(problem.severity == "E" or strict for problem in found.problems)
    return {
        "path": str(source),
        "kind": "dataset" if is_dataset else "source",
        "counts": {
            "pictures": sum(found.statistics.pictures.values()),
            "objects": sum(sum(counts.values()) for counts in found.statistics.objects.values()),
            "errors": errors,
            "warnings": len(found.problems) - errors,
            "by_code": dict(Counter(problem.code for problem in found.problems)),
        },
        "classes": found.dataset.classes,
        "statistics": found.statistics.to_dict(),
        "problems": [problem.to_dict() for problem in found.problems],
    }
