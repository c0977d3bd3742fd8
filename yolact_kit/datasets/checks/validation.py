"""Validating a data set folder, or the pictures and objects that were read from a source: every check is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.readers.labelme import embedded_picture
from yolact_kit.annotations.result import ReadResult
from yolact_kit.annotations.source import Labelled
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks.folder import build_dataset, read_folder
from yolact_kit.datasets.checks.registry import Level, run_checks
from yolact_kit.datasets.checks.subject import Scan, ScanProgress, Subject, scan_pictures
from yolact_kit.datasets.splits import SPLITS
from yolact_kit.datasets.statistics import Statistics
from yolact_kit.pixels.hashes import thumbnail_hash
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.words import counted

SEVERITY_WORDS: dict[str, str] = {
    "E": "error",
    "F": "mended by convert",
    "W": "warning",
    "S": "left out by convert",
}
"""How messages name a severity."""
_PRINTED = 5
"""At most this many problems are in the text of a validation."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of checking a data set.

    Attributes:
        dataset: The part of it that can be used.
        problems: Every problem, errors first; the rest in the order of the checks.
        statistics: What it holds.
        files: The picture that an annotation file is about, by the file's name in the problems.
        read: Decodes a picture of ``dataset``, upright: uint8 [H, W, 3], or raises a `PictureError`.

    Example:
        >>> print(validate_folder("data", model))  # doctest: +SKIP
        24 pictures, 61 objects, 3 classes: 1 error, 1 warning
        error: a.jpg: The picture is missing.
        warning: b.jpg, object 2 (bolt): It reaches 10 px over the edge of the picture.
    """

    dataset: Dataset
    problems: list[Problem]
    statistics: Statistics
    files: dict[str, Picture] = field(default_factory=dict)
    read: Callable[[Picture], NDArray[np.uint8]] = lambda picture: picture.read()

    def __str__(self) -> str:
        """What the data set holds, how many problems of each severity there are, and the first of them."""
        lines = [f"{self.summary()}: {_count_by_severity(self.problems)}"]
        for problem in self.problems[:_PRINTED]:
            lines.append(f"{SEVERITY_WORDS[problem.severity]}: {problem}")
        if len(self.problems) > _PRINTED:
            lines.append(f"... and {len(self.problems) - _PRINTED} more")
        return "\n".join(lines)

    def summary(self) -> str:
        """How many pictures, objects and classes there are, in words."""
        pictures = counted(self.statistics.picture_count, "picture")
        objects = counted(self.statistics.object_count, "object")
        return f"{pictures}, {objects}, {counted(len(self.dataset.classes), 'class', 'classes')}"

    @property
    def error_count(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.severity == "E" for problem in self.problems)


def validate_folder(path: Path | str, model: ModelConfig, progress: ScanProgress | None = None) -> Validation:
    """Checks a data set folder; every problem is found in one pass.

    Args:
        path: The folder, or its ``dataset.yaml``.
        model: Gives the training size and the anchors for judging objects.
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
    problems += run_checks(subject, ["pictures", "copies", "labels", "dataset", "splits"])
    return Validation(dataset, errors_first(problems), subject.statistics)


def validate_source(read: ReadResult, source: Path, model: ModelConfig) -> Validation:
    """Checks a source that was read, and adds to the problems that the reading itself found.

    Pictures are not decoded again, and checks that reading has already made are not repeated.

    Args:
        read: What was read.
        source: Where it was read from.
        model: Gives the training size and the anchors for judging objects.

    Returns:
        The problems, and what the source holds.
    """
    dataset = read.dataset(source.name)
    levels: list[Level] = ["copies", "dataset"]
    if _is_divided(read):
        dataset.splits = _own_splits(read)
        levels.append("splits")
    scans = {item.picture.path: _scan(item) for item in read.labelled}
    subject = Subject(dataset, model, scans)
    problems = read.problems + run_checks(subject, levels, in_dataset=False)
    by_path = {item.picture.path: item for item in read.labelled}
    return Validation(
        dataset,
        errors_first(problems),
        subject.statistics,
        _label_files(read.labelled, source if source.is_dir() else source.parent),
        lambda picture: _read_pixels(by_path[picture.path]),
    )


def _is_divided(read: ReadResult) -> bool:
    """Whether the source has splits, and every picture is in one of them."""
    return len(read.splits) == len(read.labelled) > 0


def _own_splits(read: ReadResult) -> dict[str, list[Picture]]:
    """The pictures of each of the source's splits, without splits that are empty."""
    splits: dict[str, list[Picture]] = {split: [] for split in SPLITS}
    for item in read.labelled:
        split = read.splits[item.picture.file]
        if split in splits:
            splits[split].append(item.picture)
    return {split: pictures for split, pictures in splits.items() if pictures}


def _label_files(labelled: list[Labelled], root: Path) -> dict[str, Picture]:
    """The picture of each annotation file with only one picture, by the file's name in problems."""
    counts = Counter(item.source for item in labelled)
    single = (item for item in labelled if counts[item.source] == 1 and item.source.is_relative_to(root))
    return {item.source.relative_to(root).as_posix(): item.picture for item in single}


def _read_pixels(item: Labelled) -> NDArray[np.uint8]:
    """A picture of a source, upright; some labelme files hold the picture themselves."""
    content = embedded_picture(item.picture.path) if item.embedded else None
    return read_picture(item.picture.path if content is None else content, item.orientation, depth=item.picture.depth)


def _scan(item: Labelled) -> Scan:
    """A picture that was read, without decoding it again."""
    hash = np.zeros(0, np.bool_) if item.thumbnail is None else thumbnail_hash(item.thumbnail)
    return Scan(None, (item.picture.width, item.picture.height), item.digest, hash, item.thumbnail)


def problem_title(problem: Problem) -> str:
    """The heading for problems of a kind."""
    title = PROBLEM_KINDS[problem.code].title
    return f"{title[:1].upper()}{title[1:]}."


def errors_first(problems: list[Problem]) -> list[Problem]:
    """Problems with the errors first, otherwise in their order."""
    return sorted(problems, key=lambda problem: problem.severity != "E")


def _count_by_severity(problems: list[Problem]) -> str:
    """How many problems of each severity there are, in words."""
    counts: Counter[str] = Counter(problem.severity for problem in problems)
    if not counts:
        return "nothing wrong was found"
    parts = []
    for severity, word in SEVERITY_WORDS.items():
        if counts[severity]:
            # "2 errors", but "2 mended by convert"
            parts.append(f"{counts[severity]} {word}" if severity in "FS" else counted(counts[severity], word))
    return ", ".join(parts)
