"""The registry of checks: what each is called, how severe it is, what to do about it, and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

from yolact_kit.annotations.problems import Problem, Severity

Level = Literal["document", "pictures", "copies", "dataset", "splits"]
"""What a check looks at. ``document``: one annotation file of a data set folder as it stands, a `folder.Document`; the
others look at a `subject.Subject`. ``pictures``: pictures as they decode. ``copies``: pictures beside each other.
``dataset``: objects and classes. ``splits``: how a data set is split. Of a source that was just read, only ``dataset``
and ``copies`` are looked at, and ``splits`` where it has splits: the reading itself finds the rest."""


class Finding(NamedTuple):
    """One thing that a check found.

    Attributes:
        message: What is wrong: one sentence.
        file: The file it is in; empty for the whole set.
        object: The object in the file; empty for the whole file.
    """

    message: str
    file: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check.

    Attributes:
        id: Its name, which is the code of its problems.
        severity: The severity of its problems.
        advice: What to do about them.
        level: What it looks at.
        run: The function that looks.
    """

    id: str
    severity: Severity
    advice: str
    level: Level
    run: Callable[[Any], Iterator[Finding]]

    @property
    def purpose(self) -> str:
        """What the check finds: the first line of its function's docstring."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


CHECKS: dict[str, Check] = {}
"""Every check by its id, in the order that they run."""

S = TypeVar("S")
Function = Callable[[S], Iterator[Finding]]


def check(id: str, severity: Severity, advice: str, level: Level = "dataset") -> Callable[[Function[S]], Function[S]]:
    """Registers a function as a check.

    Args:
        id: Name of the check, and code of the problems that it finds.
        severity: Their severity.
        advice: What to do about them: a sentence or two.
        level: What the function looks at.

    Returns:
        The decorator, which leaves the function as it is.

    Raises:
        ValueError: There is a check of that name.
    """

    def register(function: Function[S]) -> Function[S]:
        if id in CHECKS:
            raise ValueError(f"there are two checks '{id}'")
        CHECKS[id] = Check(id, severity, advice, level, function)
        return function

    return register


def run_checks(subject: object, levels: Iterable[Level]) -> list[Problem]:
    """Runs the checks of some levels.

    Args:
        subject: What the checks of these levels look at.
        levels: The levels.

    Returns:
        The problems, in the order of the registry.
    """
    wanted = set(levels)
    return [
        Problem(
            severity=found.severity,
            code=found.id,
            file=finding.file,
            object=finding.object,
            message=finding.message,
            advice=found.advice,
        )
        for found in CHECKS.values()
        if found.level in wanted
        for finding in found.run(subject)
    ]
