"""Groups of shapes: shapes of one group and one label are one object."""

from __future__ import annotations

from collections.abc import Iterable

from yolact_kit.annotations.dataset import Instance


def describe_groups(instances: Iterable[Instance]) -> str | None:
    """Says that every shape is in one group, as some programs write it; the objects of a label were probably not one.

    Args:
        instances: The objects of all pictures.

    Returns:
        A sentence; None if there are several groups, or shapes without one, or hardly an object in several parts.

    Example:
        >>> parts = {"group_id": 0, "parts": [{}, {}]}
        >>> describe_groups([Instance("nut", extra=parts), Instance("nut", extra=parts)])
        'Every shape has the group id 0, so those of a label are one object in each picture.'
    """
    groups: set[str] = set()
    in_parts = 0
    for instance in instances:
        groups.add(str(instance.extra.get("group_id")))
        in_parts += len(instance.extra.get("parts", ())) > 1
    if len(groups) != 1 or in_parts < 2:
        return None
    return f"Every shape has the group id {groups.pop()}, so those of a label are one object in each picture."
