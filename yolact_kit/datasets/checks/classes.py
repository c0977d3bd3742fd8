"""Checks of classes: without objects, rare, spelt in two ways."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from yolact_kit.annotations.dataset import count_objects
from yolact_kit.annotations.labels.numbered import describe_singles, find_numbered
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.words import counted

_IMBALANCE = 20
"""A class is rare if the most frequent one has this many times as many objects."""


@check("class-unused")
def class_unused(subject: Subject) -> Iterator[Finding]:
    """A class has no object at all."""
    counts = subject.statistics.objects
    for label in subject.dataset.classes:
        if not any(split.get(label) for split in counts.values()):
            yield Finding(f"The class '{label}' has no object in any split.")


@check("class-without-training", "splits")
def class_not_in_train(subject: Subject) -> Iterator[Finding]:
    """A class has objects, but none to train on."""
    counts = subject.statistics.objects
    for label in subject.dataset.classes:
        if not counts.get("train", {}).get(label) and any(split.get(label) for split in counts.values()):
            yield Finding(f"The class '{label}' has no object in 'train'.")


@check("class-without-validation", "splits")
def class_not_in_val(subject: Subject) -> Iterator[Finding]:
    """A class has objects to train on, but none to validate with."""
    counts = subject.statistics.objects
    for label in subject.dataset.classes if subject.dataset.splits.get("val") else []:
        if counts.get("train", {}).get(label) and not counts["val"].get(label):
            yield Finding(f"The class '{label}' has no object in 'val'.")


@check("class-imbalance")
def class_imbalance(subject: Subject) -> Iterator[Finding]:
    """A class has far fewer objects than the most frequent one."""
    counts = subject.statistics.objects
    totals = {label: sum(split.get(label, 0) for split in counts.values()) for label in subject.dataset.classes}
    most = max(totals, key=lambda label: totals[label], default="")
    for label, total in totals.items():
        if total and totals[most] >= _IMBALANCE * total:
            yield Finding(f"The class '{label}' has {counted(total, 'object')}, '{most}' has {totals[most]}.")


@check("class-twice", "splits")
def class_twice(subject: Subject) -> Iterator[Finding]:
    """A class is listed twice."""
    for label in dict.fromkeys(subject.dataset.classes):
        if subject.dataset.classes.count(label) > 1:
            yield Finding(f"The class '{label}' is listed {subject.dataset.classes.count(label)} times.")


@check("labels-alike", "labels")
def labels_alike(subject: Subject) -> Iterator[Finding]:
    """Labels differ only by case, white space or Unicode form."""
    for group in _groups(subject.dataset.classes, plain_label):
        yield Finding(f"These labels look the same: {_quoted(group)}.")


@check("labels-numbered", "labels")
def labels_numbered(subject: Subject) -> Iterator[Finding]:
    """Labels differ only by a number."""
    pictures = []
    for picture in subject.dataset.pictures():
        pictures.append(Counter(instance.label for instance in picture.instances))
    for labels in find_numbered(pictures):
        if labels.counts_objects:
            yield Finding(f"The labels {labels} look like numbered objects of '{labels.base}'.")
        else:
            yield Finding(f"The labels {labels} differ by a number only, but may be classes: {labels.reason}.")


@check("classes-single", "labels")
def classes_single(subject: Subject) -> Iterator[Finding]:
    """Many classes have a single object."""
    sentence = describe_singles(count_objects(subject.dataset))
    if sentence is not None:
        yield Finding(sentence)


def plain_label(label: str) -> str:
    """A label without what people overlook: case, white space, underscores and hyphens, Unicode form.

    Example:
        >>> plain_label(" Hex_Nut") == plain_label("hex nut")
        True
    """
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", label).casefold())


def _groups(labels: list[str], key: Callable[[str], str]) -> list[list[str]]:
    """Groups of at least two different labels with the same key."""
    groups: dict[str, list[str]] = defaultdict(list)
    for label in dict.fromkeys(labels):
        groups[key(label)].append(label)
    return [group for form, group in groups.items() if form and len(group) > 1]


def _quoted(labels: list[str]) -> str:
    return ", ".join(f"'{label}'" for label in labels)
