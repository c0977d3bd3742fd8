"""Labels that are probably meant to be one, or to be others."""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping

from yolact_kit.annotations.labels.numbered import describe_singles
from yolact_kit.annotations.objects import plain_label
from yolact_kit.annotations.problem_kinds import Problems


def check_map(label_map: Mapping[str, str | None], labels: set[str], problems: Problems) -> None:
    """Reports labels that the map renames but no object has: one may be misspelt.

    Args:
        label_map: New label by old label.
        labels: The labels of all objects, and those that files list.
        problems: Where problems are added.
    """
    plain = {plain_label(label) for label in labels}
    by_casefold = {label.casefold(): label for label in plain}
    for old in dict.fromkeys(map(plain_label, label_map)):
        if old not in plain:
            matches = difflib.get_close_matches(old.casefold(), by_casefold, n=1)
            hint = f"; the nearest label is '{by_casefold[matches[0]]}'" if matches else ""
            problems.add("map-unused", f"No object has the label '{old}'{hint}.")


def check_labels(labels: Counter[str], problems: Problems) -> None:
    """Looks for labels that are probably meant to be one class.

    Args:
        labels: How many objects have each label.
        problems: Where problems are added.

    Example:
        >>> problems = Problems()
        >>> check_labels(Counter({"Cup": 1, "cup": 9}), problems)
        >>> problems.found[0].code
        'labels-alike'
    """
    # Labels are grouped by a form in which those that people confuse are equal: without case, width and double spaces.
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        alike[" ".join(unicodedata.normalize("NFKC", label).casefold().split())].append(label)
    for names in alike.values():
        if len(names) > 1:
            _report_alike(names, labels, problems)
    singles = describe_singles(labels)
    if singles is not None:
        problems.add("classes-single", singles)


def _report_alike(names: list[str], labels: Counter[str], problems: Problems) -> None:
    """Reports labels that hardly differ and suggests which to keep: one in plain form, or the most frequent."""
    listed = ", ".join(f"'{name}' ({labels[name]})" for name in names)
    best = max(names, key=lambda name: (name == plain_label(name), labels[name]))
    label_map = json.dumps({name: best for name in names if name != best}, ensure_ascii=False)
    merging = f"--map with a file of {label_map} merges them"
    problems.add("labels-alike", f"The labels {listed} differ only by case, space or Unicode form; {merging}.")
