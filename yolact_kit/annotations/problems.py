"""Problems in pictures and labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from yolact_kit.errors import UserError
from yolact_kit.shown_paths import without_folders

Severity = Literal["E", "F", "W", "S"]
"""``E`` an error, ``F`` mended, ``W`` a warning, ``S`` skipped and counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong in one file or object, or in the whole set.

    Attributes:
        severity: How grave it is.
        code: Which problem it is, such as ``picture-missing``; the same for every problem of its kind.
        file: The file it is in, as the user would name it; empty for the whole set.
        object: The object in the file, such as ``"object 3 (nut)"``; empty for the whole file.
        message: What is wrong: one sentence.
        advice: What to do about it.

    Example:
        >>> Problem(severity="E", code="picture-missing", file="a.jpg", message="The picture is missing.").object
        ''
    """

    severity: Severity
    code: str
    file: str = ""
    object: str = ""
    message: str
    advice: str = ""

    def __str__(self) -> str:
        """Where it is and what is wrong, on one line."""
        return ": ".join(part for part in (self.where, self.message) if part)

    @property
    def where(self) -> str:
        """The file and the object it is in, such as ``"a.jpg, object 3 (nut)"``; empty for the whole set."""
        return ", ".join(part for part in (self.file, self.object) if part)

    def to_dict(self) -> dict[str, str]:
        """The problem as it stands in ``conversion.json`` and under ``--json``."""
        return asdict(self)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is an error."""
    return any(problem.severity == "E" for problem in problems)


def without_folders_in(problems: Iterable[Problem], inputs: Iterable[Path]) -> list[Problem]:
    """Problems for a document that is passed on.

    Args:
        problems: The problems.
        inputs: The files and folders that were read.

    Returns:
        The problems; their texts name files from the input's folder on.
    """
    folders = [path if path.is_dir() else path.parent for path in inputs]
    problems = list(problems)
    texts = without_folders([[problem.message, problem.advice] for problem in problems], folders)
    shown: list[Problem] = []
    for problem, (message, advice) in zip(problems, texts, strict=True):
        shown.append(replace(problem, message=message, advice=advice))
    return shown


class SourceError(UserError):
    """A source from which nothing can be read.

    Args:
        message: What is wrong.
        advice: What to do about it.
        problems: Everything that was found in its files.
    """

    def __init__(self, message: str, advice: str, problems: list[Problem]) -> None:
        super().__init__(message, advice)
        self.problems = problems


class StrictError(UserError):
    """Something is wrong, and ``strict`` is set.

    Args:
        message: How much is wrong.
        problems: All of it.
    """

    def __init__(self, message: str, problems: list[Problem]) -> None:
        super().__init__(message, "Mend what is listed above, or convert without --strict.")
        self.problems = problems
