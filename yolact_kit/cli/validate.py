"""``yolact-kit validate``: every problem of a data set or of a folder of labels, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import console, is_verbose, print_json, say, set_level, show, track
from yolact_kit.cli.convert_options import ClassAttributeOption, FromOption
from yolact_kit.cli.options import Overwrite, Quiet, Verbose
from yolact_kit.cli.steps import plain_command
from yolact_kit.cores import usable_cores
from yolact_kit.errors import EXIT_DONE, EXIT_PROBLEMS, EXIT_USAGE, UserError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.annotations.options import ReadOptions
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.config.schema import ModelConfig
    from yolact_kit.datasets.checks import Validation
    from yolact_kit.datasets.mending import Mended
    from yolact_kit.datasets.statistics import Statistics

_LISTED = 5
"""At most this many problems of a kind are listed, unless more are requested."""

DatasetOrLabels = Annotated[
    Path,
    typer.Argument(metavar="DATASET|SOURCE", help="Folder that `convert` wrote, or a folder of pictures and labels."),
]
StrictChecks = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Count everything as an error: if anything is wrong, nothing is written and the exit code is 2.",
        rich_help_panel="Checks",
    ),
]
JudgedModel = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Check sizes and anchors for this model; auto chooses one to suit the machine.",
        rich_help_panel="Checks",
    ),
]
ResultAsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output.", rich_help_panel="Output")
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write a page with numbers, charts, and a picture of each problem.",
        rich_help_panel="Output",
    ),
]
MendedFolder = Annotated[
    Path | None,
    typer.Option(
        "--fix",
        metavar="OUT",
        help="Write a mended data set into this new folder; the original is not changed.",
        rich_help_panel="Output",
    ),
]


def validate(
    source: DatasetOrLabels,
    from_: FromOption = "auto",
    class_attribute: ClassAttributeOption = None,
    strict: StrictChecks = False,
    model: JudgedModel = "auto",
    as_json: ResultAsJson = False,
    report: ReportFile = None,
    fix: MendedFolder = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check a data set or a folder of labels for mistakes.

    Finds pictures that are missing or damaged, labels that cannot be right, classes that cannot be learnt, pictures
    that are in both training and validation, and more, each with what to do about it. Never changes what it checks.
    The exit code is 1 if an error was found, and 2 if anything at all was found under --strict.

    Example: yolact-kit validate data --report data.html

    Example: yolact-kit validate data --fix mended
    """
    set_level(quiet, verbose)
    _require(source, report, fix, overwrite)
    from yolact_kit.annotations.options import ReadOptions
    from yolact_kit.config.files import template
    from yolact_kit.planning import choose_model, this_machine

    judged_as = template(choose_model(model, this_machine())[0]).model
    is_dataset = (source / "dataset.yaml").is_file() or source.name == "dataset.yaml"
    options = ReadOptions(format=from_, class_attribute=class_attribute)
    validation = _validate_dataset(source, judged_as) if is_dataset else _validate_source(source, options, judged_as)
    if strict:
        validation = replace(validation, problems=[replace(problem, severity="E") for problem in validation.problems])
    refused = strict and bool(validation.problems)
    _print_statistics(validation)
    _print_problems(validation.problems, source)
    mended = None
    if not refused:
        if report is not None:
            _write_report(validation, report, source)
        if fix is not None:
            mended = _mend(source, fix, options, judged_as, overwrite)
    if as_json:
        print_json(_as_json(validation, source, is_dataset, mended))
    say(_summary(validation, strict))
    raise typer.Exit(_exit_code(validation, refused))


def _exit_code(validation: Validation, refused: bool) -> int:
    """How the command ends: with 2 under --strict if anything was found, else with 1 if there is an error."""
    if refused:
        return EXIT_USAGE
    return EXIT_PROBLEMS if validation.error_count else EXIT_DONE


def _require(source: Path, report: Path | None, fix: Path | None, overwrite: bool) -> None:
    """Finds what is wrong with the call before any work is done."""
    from yolact_kit.files import check_out

    if not source.exists():
        raise UserError(f"'{source}' does not exist.", "Check the spelling.")
    if source.is_dir() and not any(source.iterdir()):
        raise UserError(f"The folder '{source}' is empty.", "Give a folder that holds pictures and their labels.")
    if report is not None and (report.is_dir() or report.suffix.lower() not in (".html", ".htm")):
        raise UserError(f"The report cannot be written to '{report}'.", "Give a file name that ends in .html.")
    if report is not None and report.exists():
        from yolact_kit.reports.pages import is_own_page

        if not is_own_page(report):
            raise UserError(f"'{report}' is there, and is not a page of yolact-kit.", "Give another name.")
    if fix is not None:
        check_out(fix, overwrite, [source.parent if source.name == "dataset.yaml" else source])


def _validate_dataset(source: Path, model: ModelConfig) -> Validation:
    from yolact_kit.datasets.checks import validate_folder

    return validate_folder(source, model, lambda scans, total: track(scans, "Checking pictures", total))


def _validate_source(source: Path, options: ReadOptions, model: ModelConfig) -> Validation:
    from yolact_kit.annotations.problems import SourceError
    from yolact_kit.annotations.read import read_source
    from yolact_kit.datasets.checks import errors_first, validate_source

    try:
        options = replace(options, workers=min(8, usable_cores()), processes=True)
        read = read_source(source, options, lambda items, total: track(items, "Reading", total))
    except SourceError as error:
        _print_problems(errors_first(error.problems), None)
        raise
    note = f"{counted(len(read.labelled), 'picture')} with {read.format} labels"
    say(f"{note}, {len(read.without_labels)} without, {read.left_out} left out for errors.")
    return validate_source(read, source, model)


def _write_report(validation: Validation, file: Path, source: Path) -> None:
    from yolact_kit.reports.validation import write_validation_report

    write_validation_report(validation, file, str(source), lambda items, total: track(items, "Drawing problems", total))
    say(f"\nReport written to {file}")


def _mend(source: Path, out: Path, options: ReadOptions, model: ModelConfig, overwrite: bool) -> Mended:
    from yolact_kit.datasets.mending import mend

    def progress(items: Iterable[Any], count: int, description: str) -> Iterable[Any]:
        return track(items, description, count)

    mended = mend(source, out, model, options.format, overwrite, progress, options.class_attribute)
    say(f"\nMended data set written to {out}:")
    for what, count in mended.counts.items():
        say(f"  {count} {what}" if not what.startswith("left out") else f"  {what} ({count})")
    if not mended.counts:
        say("  there was nothing to mend")
    return mended


def _print_statistics(validation: Validation) -> None:
    from rich.table import Table

    statistics = validation.statistics
    table = Table(title="Objects by class")
    table.add_column("")
    splits = list(statistics.pictures)
    for split in splits:
        table.add_column(split or "all", justify="right")
    table.add_row("pictures", *(str(statistics.pictures[split]) for split in splits))
    table.add_row("without objects", *(str(statistics.backgrounds[split]) for split in splits), end_section=True)
    for label in validation.dataset.classes:
        table.add_row(_escaped(label), *(str(statistics.objects[split].get(label, 0)) for split in splits))
    show(table)
    say(_sizes(statistics))


def _sizes(statistics: Statistics) -> str:
    """How large the objects are in training, and how many fit an anchor, in words."""
    sizes = ", ".join(f"{name} px: {count}" for name, count in statistics.sizes.items() if count)
    recall = statistics.anchors.overall
    fit = "" if recall is None else f" {recall:.0%} of the objects fit an anchor."
    return f"Shorter sides at the training size of {statistics.input_size} px: {sizes or 'none'}.{fit}"


def _print_problems(problems: list[Problem], source: Path | None) -> None:
    """Prints problems by their kind; ``source`` is None if nothing of it can be used, not even by ``--fix``."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    for members in groups.values():
        _print_group(members, source)


def _print_group(problems: list[Problem], source: Path | None) -> None:
    """Prints problems of one kind: what it is, the first few, and what to do."""
    from yolact_kit.datasets.checks import SEVERITY_WORDS, problem_title

    first = problems[0]
    _print(f"\n{SEVERITY_WORDS[first.severity]}: {first.code} ({len(problems)}): {problem_title(first)}")
    listed = problems if is_verbose() else problems[:_LISTED]
    for problem in listed:
        _print(f"  {problem}")
    if len(listed) < len(problems):
        _print(f"  ... and {len(problems) - len(listed)} more; -v lists them all")
    for advice in _advice(first, source):
        _print(f"  -> {advice}")


def _advice(problem: Problem, source: Path | None) -> list[str]:
    """What to do about problems of a kind: by hand, and by ``--fix`` if that mends them."""
    from yolact_kit.datasets.mending import MENDABLE

    advice = [problem.advice] if problem.advice else []
    if source is not None and problem.code in MENDABLE:
        start = "Or leave" if advice else "Leave"
        advice.append(f"{start} it to `{plain_command(['validate', source, '--fix', 'OUT'])}`.")
    return advice


def _print(line: str) -> None:
    """Prints a line also under ``--quiet``, which leaves problems to be read."""
    console.print(line, markup=False, soft_wrap=True)


def _summary(validation: Validation, strict: bool) -> str:
    """The last line: what the data set holds, and how much is wrong with it."""
    if not validation.problems:
        return f"\nNothing wrong was found: {validation.summary()}."
    errors = validation.error_count
    note = "; under --strict everything is an error, and nothing is written" if strict else ""
    others = len(validation.problems) - errors
    return f"\n{validation.summary()}: {_count(errors, 'error')}, {_count(others, 'warning')}{note}."


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else f"no {word}s"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _as_json(validation: Validation, source: Path, is_dataset: bool, mended: Mended | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    errors = validation.error_count
    document: dict[str, Any] = {
        "path": str(source),
        "kind": "dataset" if is_dataset else "source",
        "counts": {
            "pictures": validation.statistics.picture_count,
            "objects": validation.statistics.object_count,
            "errors": errors,
            "warnings": len(validation.problems) - errors,
            "by_code": dict(Counter(problem.code for problem in validation.problems)),
        },
        "classes": validation.dataset.classes,
        "statistics": validation.statistics.to_dict(),
        "problems": [problem.to_dict() for problem in validation.problems],
    }
    return document if mended is None else {**document, "mended": mended.counts}
