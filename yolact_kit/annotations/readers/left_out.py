"""The objects of a source that are not in the data set, each by its name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.source import PictureResult, RawPicture

_ONLY_FRAMES = frozenset({"track-outside"})
"""Codes of skipped things that are no objects."""
_WITHOUT_ERROR = frozenset({"mask-without-box", "duplicate"})
"""Codes of other problems for which an object is left out."""


@dataclass(frozen=True, slots=True)
class LeftOutObject:
    """An object of a source that is not in the data set.

    Attributes:
        file: The annotation file.
        picture: The picture as the file names it; empty if the file does not say.
        object: The object as problems name it, such as ``"shape 3 (nut)"``.
        reason: Code of the problem for which it is left out.
    """

    file: str
    picture: str
    object: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The object as it stands in ``conversion.json``."""
        return asdict(self)


def trace_objects(raw: RawPicture, result: PictureResult, problems: Problems) -> None:
    """Notes what became of the objects of a picture, in its result.

    Args:
        raw: The labels; its objects say why they are left out.
        result: What became of the picture.
        problems: Everything that was found in the picture and its labels.
    """
    result.file, result.picture = problems.file, raw.reference or raw.stem
    result.objects = tuple(item.name for item in raw.objects if not item.left_out)
    names = set().union(*(item.names for item in raw.objects))
    result.left_out = [(problem.object, problem.code) for problem in problems.found if _drops(problem, names)]
    result.left_out += [(item.name, item.left_out) for item in raw.objects if item.left_out]


def _drops(problem: Problem, names: set[str]) -> bool:
    """Whether a problem says that an object is left out that was not even read: ``names`` are those that were."""
    is_drop = problem.severity in ("E", "S") and problem.code not in _ONLY_FRAMES
    return bool(problem.object) and problem.object not in names and (is_drop or problem.code in _WITHOUT_ERROR)


def left_out_objects(results: Iterable[PictureResult], general: Iterable[Problem]) -> list[LeftOutObject]:
    """Lists the objects that are not in the data set.

    Args:
        results: What became of each picture.
        general: Problems of no picture, such as an annotation of a picture that is not listed.

    Returns:
        The objects; those of a picture that is left out have the reason of the picture.
    """
    objects = [LeftOutObject(item.file, "", item.object, item.code) for item in general if _drops(item, set())]
    for result in results:
        pairs = list(result.left_out)
        if result.labelled is None:
            reason = _reason(result.problems)
            pairs += [(name, reason) for name in result.objects]
        objects += [LeftOutObject(result.file, result.picture, name, reason) for name, reason in pairs]
    return objects


def _reason(problems: list[Problem]) -> str:
    """The code of the problem for which a picture is left out: the first error, else the first skip."""
    by_severity = sorted(problems, key=lambda problem: "ESFW".index(problem.severity))
    return by_severity[0].code if by_severity else ""
