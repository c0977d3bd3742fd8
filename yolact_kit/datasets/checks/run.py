"""Running every check on a data set folder, or on pictures and objects that a source gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.problem_kinds import KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks.folder import build_dataset, read_folder
from yolact_kit.datasets.checks.registry import run_checks
from yolact_kit.datasets.checks.subject import ScanProgress, Subject, scan_pictures
from yolact_kit.datasets.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in a data set.

    Attributes:
        dataset: What of it can be used.
        problems: Every problem, errors first; the rest in the order of the checks.
        statistics: What it holds.
    """

    dataset: Dataset
    problems: list[Problem]
    statistics: Statistics


def validate_folder(path: Path | str, model: ModelConfig, progress: ScanProgress | None = None) -> Validation:
    """Checks a data set folder; every problem is found in one pass.

    Args:
        path: The folder, or its ``dataset.yaml``.
        model: Gives the training size and the anchors that objects are judged by.
        progress: Wraps the pictures as they are decoded, to show how far it is; also given how many there are.

    Returns:
        The problems, and what the folder holds.

    Raises:
        UserError: It is no data set folder.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> validate_folder("data", Config().model).problems  # doctest: +SKIP
        []
    """
    folder, problems = read_folder(path)
    for document in folder.documents:
        problems += run_checks(document, ["document"])
    dataset = build_dataset(folder)
    scans = scan_pictures([picture.path for picture in dataset.pictures()], progress)
    subject = Subject(dataset, model, scans)
    problems += run_checks(subject, ["pictures", "dataset", "splits"])
    return Validation(dataset, errors_first(problems), subject.statistics)


def validate_source(dataset: Dataset, found: list[Problem], model: ModelConfig) -> Validation:
    """Checks what the reading of a source gave, besides what the reading itself found.

    Pictures are not decoded again, and nothing is looked for that the reading looks for.

    Args:
        dataset: What was read, in one split.
        found: The problems that were found while reading.
        model: Gives the training size and the anchors that objects are judged by.

    Returns:
        The problems, and what the source holds.
    """
    subject = Subject(dataset, model, {})
    more = [problem for problem in run_checks(subject, ["dataset"]) if problem.code not in KINDS]
    return Validation(dataset, errors_first([*found, *more]), subject.statistics)


def errors_first(problems: list[Problem]) -> list[Problem]:
    """Problems with the errors first, otherwise in their order."""
    return sorted(problems, key=lambda problem: problem.severity != "E")
