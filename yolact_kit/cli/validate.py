"""``yolact-kit validate``: every problem of a data set or of a folder of labels, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import console, is_verbose, print_json, say, set_level, show, track
from yolact_kit.cli.convert_options import ClassAttribute, From
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

_SHOWN = 5

Source = Annotated[
    Path,
    typer.Argument(metavar="DATASET|SOURCE", help="Folder that `convert` wrote, or a folder of pictures and labels."),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Count everything as an error: if anything is wrong, nothing is written and the exit code is 2.",
        rich_help_panel="Checks",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Check sizes and anchors for this model; auto chooses one to suit the machine.",
        rich_help_panel="Checks",
    ),
]
Json = Annotated[
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
Fix = Annotated[
    Path | None,
    typer.Option(
        "--fix",
        metavar="OUT",
        help="Write a mended data set into this new folder; the original is not changed.",
        rich_help_panel="Output",
    ),
]


def validate(
    source: Source,
    from_: From = "auto",
    class_attribute: ClassAttribute = None,
    strict: Strict = False,
    model: Model = "auto",
    as_json: Json = False,
    report: ReportFile = None,
    fix: Fix = None,
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
    found = _validate_dataset(source, judged_as) if is_dataset else _validate_source(source, options, judged_as)
    if strict:
        found = replace(found, problems=[replace(problem, severity="E") for problem in found.problems])
    refused = strict and bool(found.problems)
    _print_statistics(found)
    _print_problems(found.problems, source)
    if report is not None and not refused:
        _write_report(found, report, source)
    mended = _mend(source, fix, options, judged_as, overwrite) if fix is not None and not refused else None
    if as_json:
        print_json(_as_json(found, source, is_dataset, mended))
    say(_summary(found, strict))
    errors = any(problem.severity == "E" for problem in found.problems)
    raise typer.Exit(EXIT_USAGE if refused else EXIT_PROBLEMS if errors else EXIT_DONE)


def _require(source: Path, report: Path | None, fix: Path | None, overwrite: bool) -> None:
    """Finds what is wrong with the call before any work is done."""
    from yolact_kit.files import check_out

    if not source.exists():
        raise UserError(f"'{source}' does not exist.", "Check the spelling.")
    if source.is_dir() and not any(source.iterdir()):
        raise UserError(f"The folder '{source}' is empty.", "Give a folder that holds pictures and their labels.")
    if report is not None and (report.is_dir() or report.suffix.lower() not in (".html", ".htm")):
        raise UserError(f"The report cannot be written to '{report}'.", "Give a file name that ends in .html.")
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
        read = read_source(source, options, lambda done, total: track(done, "Reading", total))
    except SourceError as error:
        _print_problems(errors_first(error.problems), None)
        raise
    note = f"{counted(len(read.labelled), 'picture')} with {read.format} labels"
    say(f"{note}, {len(read.without_labels)} without, {read.left_out} left out for errors.")
    return validate_source(read, source, model)


def _write_report(found: Validation, file: Path, source: Path) -> None:
    from yolact_kit.reports.validation import write_validation_report

    write_validation_report(found, file, str(source), lambda drawn, total: track(drawn, "Drawing problems", total))
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


def _print_problems(problems: list[Problem], source: Path | None) -> None:
    """Prints problems by their kind; ``source`` is None where nothing of it can be used, not even by ``--fix``."""
    from yolact_kit.datasets.checks import SEVERITY_WORDS, problem_title
    from yolact_kit.datasets.mending import MENDABLE

    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    for (severity, code), members in groups.items():
        _print(f"\n{SEVERITY_WORDS[severity]}: {code} ({len(members)}): {problem_title(members[0])}")
        shown = members if is_verbose() else members[:_SHOWN]
        for problem in shown:
            where = ", ".join(part for part in (problem.file, problem.object) if part)
            _print(f"  {where + ': ' if where else ''}{problem.message}")
        if len(shown) < len(members):
            _print(f"  ... and {len(members) - len(shown)} more; -v lists them all")
        if members[0].advice:
            _print(f"  -> {members[0].advice}")
        if source is not None and code in MENDABLE:
            start = "Or leave" if members[0].advice else "Leave"
            _print(f"  -> {start} it to `{plain_command(['validate', source, '--fix', 'OUT'])}`.")


def _print(line: str) -> None:
    """Prints a line also under ``--quiet``, which leaves problems to be read."""
    console.print(line, markup=False, soft_wrap=True)


def _summary(found: Validation, strict: bool) -> str:
    errors = sum(problem.severity == "E" for problem in found.problems)
    pictures = sum(found.statistics.pictures.values())
    objects = sum(sum(counts.values()) for counts in found.statistics.objects.values())
    classes = counted(len(found.dataset.classes), "class", "classes")
    whole = f"{counted(pictures, 'picture')}, {counted(objects, 'object')}, {classes}"
    if not found.problems:
        return f"\nNothing wrong was found: {whole}."
    note = "; under --strict everything is an error, and nothing is written" if strict else ""
    return f"\n{whole}: {_count(errors, 'error')}, {_count(len(found.problems) - errors, 'warning')}{note}."


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else f"no {word}s"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _as_json(found: Validation, source: Path, is_dataset: bool, mended: Mended | None) -> dict[str, Any]:
    errors = sum(problem.severity == "E" for problem in found.problems)
    printed: dict[str, Any] = {
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
    return printed if mended is None else {**printed, "mended": mended.counts}
