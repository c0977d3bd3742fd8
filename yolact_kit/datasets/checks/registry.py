"""The registry of checks: the code of the problems that each finds, what it looks at, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS, new_problem
from yolact_kit.annotations.problems import Problem

Level = Literal["document", "pictures", "copies", "labels", "dataset", "splits"]
"""What a check looks at. ``document``: one annotation file of a data set folder as it stands, a `folder.Document`; the
others look at a `subject.Subject`. ``pictures``: decoded pictures. ``copies``: pictures compared with each other.
``labels``: objects and class names, for mistakes that reading a source already finds. ``dataset``: other mistakes of
objects and classes. ``splits``: how a data set is split."""


class Finding(NamedTuple):
    """One thing that a check found.

    Attributes:
        message: What is wrong: one sentence.
        file: Its file; empty for the whole set.
        object: The object in the file; empty for the whole file.
    """

    message: str
    file: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check.

    Attributes:
        code: The code of its problems, a key of `PROBLEM_KINDS`, which has their severity, title and advice.
        level: What it looks at.
        run: The function that looks.
    """

    code: str
    level: Level
    run: Callable[[Any], Iterator[Finding]]


CHECKS: dict[str, Check] = {}
"""Every check by its code, in the order in which they run."""

S = TypeVar("S")
Function = Callable[[S], Iterator[Finding]]


def check(code: str, level: Level = "dataset") -> Callable[[Function[S]], Function[S]]:
    """Registers a function as a check.

    Args:
        code: Code of the problems that it finds, a key of `PROBLEM_KINDS`.
        level: What the function looks at.

    Returns:
        The decorator, which leaves the function as it is.

    Raises:
        ValueError: The catalogue of problems lacks the code, or there is a check for it already.
    """

    def register(function: Function[S]) -> Function[S]:
        if code not in PROBLEM_KINDS:
            raise ValueError(f"the catalogue of problems has no '{code}'")
        if code in CHECKS:
            raise ValueError(f"there are two checks for '{code}'")
        CHECKS[code] = Check(code, level, function)
        return function

    return register


def run_checks(subject: object, levels: Iterable[Level], in_dataset: bool = True) -> list[Problem]:
    """Runs the checks of some levels.

    Args:
        subject: What the checks of these levels look at.
        levels: The levels.
        in_dataset: Whether advice is for a data set folder; otherwise for a folder of labels.

    Returns:
        The problems, in the order of the registry.
    """
    levels = set(levels)
    problems: list[Problem] = []
    for check in CHECKS.values():
        if check.level in levels:
            problems += [new_problem(check.code, *finding, in_dataset=in_dataset) for finding in check.run(subject)]
    return problems
