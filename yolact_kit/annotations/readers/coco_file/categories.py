"""The categories of a COCO file, and how those of several files go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yolact_kit.annotations.entries import entry_id, is_category_name
from yolact_kit.annotations.problem_kinds import Problems


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of a file.

    Attributes:
        names: Name by id.
        groups: Those names that only stand for a group of other categories, like the first one that Roboflow writes: no
            object has them.
    """

    names: Mapping[str, str]
    groups: frozenset[str] = frozenset()

    @property
    def classes(self) -> list[str]:
        """The names in the order of the file, each once."""
        return list(dict.fromkeys(self.names.values()))

    def name_of(self, annotation: Mapping[str, Any]) -> tuple[str | None, bool]:
        """The category of an annotation, and whether the annotation names it instead of giving its id.

        Args:
            annotation: The annotation.

        Returns:
            The name, None if it is not listed; and whether it stands there as a name.
        """
        value = next((annotation[key] for key in _KEYS if annotation.get(key) is not None), None)
        key = entry_id(value)
        if key in self.names:
            return self.names[key], False
        return (key, True) if key in self.names.values() else (None, False)


_KEYS = ("category_id", "category", "category_name")
"""Where annotations say what their category is."""


def read_categories(entries: Sequence[Any], annotations: Sequence[Any], problems: Problems) -> Categories:
    """Reads the categories of a file.

    Args:
        entries: Its list of categories.
        annotations: Its list of annotations, which tells the categories that objects have.
        problems: Where problems are added: errors where an entry is broken, or an id or a name contradicts itself.

    Returns:
        The categories.
    """
    names: dict[str, str] = {}
    ids: dict[str, list[str]] = {}
    used = {entry_id(item.get("category_id")) for item in annotations if isinstance(item, dict)}
    for number, category in enumerate(entries, start=1):
        subject = f"category {number}"
        is_entry = isinstance(category, dict) and category.get("id") is not None
        if not is_entry or not is_category_name(category.get("name")):
            problems.add("file-malformed", f"Category {number} has no id or no name.", subject)
            continue
        key, name = entry_id(category["id"]), str(category["name"])
        if key not in names:
            names[key] = name
            ids.setdefault(name, []).append(key)
        elif names[key] == name:
            problems.add("category-repeated", f"The category '{name}' is listed twice with the id {key}.", subject)
        else:
            message = f"The category id {key} stands for '{names[key]}' and for '{name}'."
            problems.add("category-contradicts", message, subject)
    for name, keys in ids.items():
        _check_ids(name, keys, used, problems)
    return Categories(names, _groups(entries, names, used))


def _check_ids(name: str, keys: list[str], used: set[str], problems: Problems) -> None:
    """Reports a name with several ids: an error if objects have more than one of them, since they may differ."""
    with_objects = [key for key in keys if key in used]
    if len(with_objects) > 1:
        listed = " and ".join(with_objects)
        problems.add("category-contradicts", f"The category '{name}' has the ids {listed}, each with objects.")
    elif len(keys) > 1:
        problems.add("name-of-class-repeated", f"{len(keys)} categories are named '{name}'.")


def _groups(entries: Sequence[Any], names: dict[str, str], used: set[str]) -> frozenset[str]:
    """The categories that are the supercategory of another one and that no object has."""
    categories = [item for item in entries if isinstance(item, dict)]
    parents = {str(item.get("supercategory")) for item in categories if item.get("supercategory") != item.get("name")}
    labels = {names.get(key) for key in used}
    return frozenset(name for name in names.values() if name in parents and name not in labels)


def note_differences(files: Sequence[tuple[str, Categories]], problems: Problems) -> None:
    """Reports that files list different classes, or the same ones under different ids: they go together by name.

    Args:
        files: The categories of each file, with its name.
        problems: Where the problem is added.
    """
    listed = [(file, categories) for file, categories in files if categories.names]
    messages = [message for message in (_lacking(listed), _other_id(listed)) if message]
    if messages:
        problems.add("class-lists-differ", f"{' '.join(messages)} The classes are put together by name.")


def _lacking(files: Sequence[tuple[str, Categories]]) -> str:
    """A class that one file lists and another one does not, as a sentence; empty if all list the same."""
    owners: dict[str, str] = {}
    for file, categories in files:
        for name in categories.classes:
            owners.setdefault(name, file)
    lists = [(file, set(categories.classes)) for file, categories in files]
    short = [(file, missing) for file, names in lists if (missing := [name for name in owners if name not in names])]
    if not short:
        return ""
    file, missing = short[0]
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    others = f"; {len(short)} of {len(files)} files lack classes" if len(short) > 1 else ""
    return f"'{file}' does not list '{missing[0]}'{more}, which '{owners[missing[0]]}' lists{others}."


def _other_id(files: Sequence[tuple[str, Categories]]) -> str:
    """An id that stands for different classes in two files, as a sentence; empty if there is none."""
    owners: dict[str, tuple[str, str]] = {}
    for file, categories in files:
        for key, name in categories.names.items():
            other, owner = owners.setdefault(key, (name, file))
            if other != name:
                return f"The id {key} is '{other}' in '{owner}' and '{name}' in '{file}'."
    return ""
