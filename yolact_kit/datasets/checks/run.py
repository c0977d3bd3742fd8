"""Running every check on a data set folder, or on pictures and objects that a source gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.problem_kinds import KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.readers.labelme import embedded_picture
from yolact_kit.annotations.result import ReadResult
from yolact_kit.annotations.source import Labelled
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks.folder import build_dataset, read_folder
from yolact_kit.datasets.checks.registry import CHECKS, Level, run_checks
from yolact_kit.datasets.checks.subject import Scan, ScanProgress, Subject, scan_pictures
from yolact_kit.datasets.splits import SPLITS
from yolact_kit.datasets.statistics import Statistics
from yolact_kit.pixels.hashes import thumbnail_hash
from yolact_kit.pixels.pictures import read_picture

SEVERITY_WORDS = {"E": "error", "F": "mended by convert", "W": "warning", "S": "left out by convert"}
"""How messages name a severity."""
_FOUND_READING = frozenset(KINDS) - {"leakage", "class-without-training"}
"""Problems that reading looks for by itself; the ones taken away are of splits, which only ``convert`` makes."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in a data set.

    Attributes:
        dataset: What of it can be used.
        problems: Every problem, errors first; the rest in the order of the checks.
        statistics: What it holds.
        files: The picture that an annotation file is about, by the file's name in the problems.
        read: Decodes a picture of ``dataset``, upright: uint8 [H, W, 3], or raises a `PictureError`.
    """

    dataset: Dataset
    problems: list[Problem]
    statistics: Statistics
    files: dict[str, Picture] = field(default_factory=dict)
    read: Callable[[Picture], NDArray[np.uint8]] = lambda picture: picture.read()


def validate_folder(path: Path | str, model: ModelConfig, progress: ScanProgress | None = None) -> Validation:
    """Checks a data set folder; every problem is found in one pass.

    Args:
        path: The folder, or its ``dataset.yaml``.
        model: Gives the training size and the anchors that objects are judged by.
        progress: Wraps the pictures as they are decoded, to show progress; called with them and their number.

    Returns:
        The problems, and what the folder holds.

    Raises:
        UserError: It is not a data set folder.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> validate_folder("data", Config().model).problems  # doctest: +SKIP
        []
    """
    folder, problems = read_folder(path)
    for document in folder.documents:
        problems += run_checks(document, ["document"])
    dataset = build_dataset(folder)
    scans = scan_pictures(dataset.pictures(), progress)
    subject = Subject(dataset, model, scans)
    problems += run_checks(subject, ["pictures", "copies", "dataset", "splits"])
    return Validation(dataset, errors_first(problems), subject.statistics)


def validate_source(read: ReadResult, source: Path, model: ModelConfig) -> Validation:
    """Checks a source that was read, and adds to the problems that the reading itself found.

    Pictures are not decoded again, and what the reading has looked for is not looked for again.

    Args:
        read: What was read.
        source: Where it was read from.
        model: Gives the training size and the anchors that objects are judged by.

    Returns:
        The problems, and what the source holds.
    """
    dataset = read.dataset(source.name)
    divided = len(read.splits) == len(read.labelled) > 0
    if divided:
        (pictures,) = dataset.splits.values()
        splits = {split: [picture for picture in pictures if read.splits[picture.file] == split] for split in SPLITS}
        dataset.splits = {split: members for split, members in splits.items() if members}
    subject = Subject(dataset, model, {item.picture.path: _scan(item) for item in read.labelled})
    levels: list[Level] = ["copies", "dataset", "splits"] if divided else ["copies", "dataset"]
    more = [problem for problem in run_checks(subject, levels) if problem.code not in _FOUND_READING]
    items = {item.picture.path: item for item in read.labelled}
    return Validation(
        dataset,
        errors_first([*read.problems, *more]),
        subject.statistics,
        _label_files(read.labelled, source if source.is_dir() else source.parent),
        lambda picture: _read_pixels(items[picture.path]),
    )


def _label_files(labelled: list[Labelled], root: Path) -> dict[str, Picture]:
    """The picture of each annotation file that is of one picture only, by the name that problems give the file."""
    counts = Counter(item.source for item in labelled)
    single = (item for item in labelled if counts[item.source] == 1 and item.source.is_relative_to(root))
    return {item.source.relative_to(root).as_posix(): item.picture for item in single}


def _read_pixels(item: Labelled) -> NDArray[np.uint8]:
    content = embedded_picture(item.picture.path) if item.embedded else None
    return read_picture(item.picture.path if content is None else content, item.orientation)


def _scan(item: Labelled) -> Scan:
    """A picture that was read, without decoding it once more."""
    hash = np.zeros(0, np.bool_) if item.thumbnail is None else thumbnail_hash(item.thumbnail)
    return Scan(None, (item.picture.width, item.picture.height), item.digest, hash)


def problem_title(problem: Problem) -> str:
    """What kind of problem it is, as a sentence: what a check looks for, or what the reading found."""
    if problem.code in CHECKS and CHECKS[problem.code].advice == problem.advice:
        return CHECKS[problem.code].purpose
    title = KINDS[problem.code].title if problem.code in KINDS else "a file cannot be read"
    return f"{title[:1].upper()}{title[1:]}."


def errors_first(problems: list[Problem]) -> list[Problem]:
    """Problems with the errors first, otherwise in their order."""
    return sorted(problems, key=lambda problem: problem.severity != "E")
