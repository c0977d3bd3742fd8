"""Running every check on a data set folder, or on pictures and objects that a source gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.problem_kinds import KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.result import ReadResult
from yolact_kit.annotations.source import Labelled
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks.folder import build_dataset, read_folder
from yolact_kit.datasets.checks.registry import Level, run_checks
from yolact_kit.datasets.checks.subject import Scan, ScanProgress, Subject, scan_pictures
from yolact_kit.datasets.picture_hash import thumbnail_hash
from yolact_kit.datasets.splits import SPLITS
from yolact_kit.datasets.statistics import Statistics

_FOUND_READING = frozenset(KINDS) - {"leakage", "class-without-training"}
"""Problems that reading looks for by itself; the ones taken away are of splits, which only ``convert`` makes."""


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
    problems += run_checks(subject, ["pictures", "copies", "dataset", "splits"])
    return Validation(dataset, errors_first(problems), subject.statistics)


def validate_source(read: ReadResult, name: str, model: ModelConfig) -> Validation:
    """Checks what the reading of a source gave, besides what the reading itself found.

    Pictures are not decoded again, and nothing is looked for that the reading looks for.

    Args:
        read: What was read.
        name: Name of the source.
        model: Gives the training size and the anchors that objects are judged by.

    Returns:
        The problems, and what the source holds.
    """
    dataset = read.dataset(name)
    divided = len(read.splits) == len(read.labelled) > 0
    if divided:
        (pictures,) = dataset.splits.values()
        splits = {split: [picture for picture in pictures if read.splits[picture.file] == split] for split in SPLITS}
        dataset.splits = {split: members for split, members in splits.items() if members}
    subject = Subject(dataset, model, {item.picture.path: _scan(item) for item in read.labelled})
    levels: list[Level] = ["copies", "dataset", "splits"] if divided else ["copies", "dataset"]
    more = [problem for problem in run_checks(subject, levels) if problem.code not in _FOUND_READING]
    return Validation(dataset, errors_first([*read.problems, *more]), subject.statistics)


def _scan(item: Labelled) -> Scan:
    """A picture that was read, without decoding it once more."""
    hash = np.zeros(0, np.bool_) if item.thumbnail is None else thumbnail_hash(item.thumbnail)
    return Scan(None, (item.picture.width, item.picture.height), item.digest, hash)


def errors_first(problems: list[Problem]) -> list[Problem]:
    """Problems with the errors first, otherwise in their order."""
    return sorted(problems, key=lambda problem: problem.severity != "E")
