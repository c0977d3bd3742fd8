"""Printing problems by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from yolact_kit.cli.console import fail, say, warn

if TYPE_CHECKING:
    from yolact_kit.annotations.problems import Problem

_EXAMPLES = 5
"""Problems of one kind that are printed; the rest are counted."""


def show_problems(problems: Iterable[Problem]) -> None:
    """Prints problems by kind, the most serious first, with some examples of each.

    Args:
        problems: The problems.
    """
    from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS

    names = {"E": "error", "F": "mended", "W": "warning", "S": "skipped"}
    grouped: dict[tuple[int, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        grouped["EWFS".index(problem.severity), problem.code].append(problem)
    for (_, code), group in sorted(grouped.items()):
        text = _describe_group(PROBLEM_KINDS[code].title, group)
        severity = group[0].severity
        if severity == "E":
            fail(text)
        elif severity == "W":
            warn(text)
        else:
            say(f"{names[severity]}: {text}")


def _describe_group(title: str, problems: list[Problem]) -> str:
    """Problems of one kind as text: how many there are, the first few, and the advice."""
    lines = [f"{len(problems)} {title}"]
    for problem in problems[:_EXAMPLES]:
        parts = (problem.file, problem.object, problem.message)
        lines.append("  " + ": ".join(part for part in parts if part))
    if len(problems) > _EXAMPLES:
        lines.append(f"  ... and {len(problems) - _EXAMPLES} more")
    if problems[0].advice:
        lines.append(f"  {problems[0].advice}")
    return "\n".join(lines)
