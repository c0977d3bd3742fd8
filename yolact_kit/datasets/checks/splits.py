"""Checks of splits: missing, empty, without objects."""

from __future__ import annotations

from collections.abc import Iterator

from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject


@check("train-empty", "splits")
def train_empty(subject: Subject) -> Iterator[Finding]:
    """There is no picture to train on, or no object in those pictures."""
    train = subject.dataset.splits.get("train", [])
    if not train:
        yield Finding("The split 'train' has no pictures.")
    elif not any(not instance.crowd for picture in train for instance in picture.instances):
        yield Finding("The pictures of the split 'train' have no objects.")


@check("val-empty", "splits")
def val_empty(subject: Subject) -> Iterator[Finding]:
    """There is no picture to validate with, or no object in those pictures."""
    val = subject.dataset.splits.get("val", [])
    if not val:
        yield Finding("The split 'val' has no pictures.")
    elif not any(not instance.crowd for picture in val for instance in picture.instances):
        yield Finding("The pictures of the split 'val' have no objects.")
