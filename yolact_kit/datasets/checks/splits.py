"""Checks of splits: missing, empty, without objects."""

from __future__ import annotations

from collections.abc import Iterator

from yolact_kit.annotations.dataset import count_crowds, only_crowds
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject


@check("train-empty", "splits")
def train_empty(subject: Subject) -> Iterator[Finding]:
    """There is no picture to train on, or no object in those pictures."""
    train = subject.dataset.splits.get("train", [])
    if not train:
        yield Finding("The split 'train' has no pictures.")
    elif not any(not instance.crowd for picture in train for instance in picture.instances):
        crowds = count_crowds(train)
        reason = only_crowds(crowds, "the split 'train'", "learnt")
        yield Finding(reason if crowds else "The pictures of the split 'train' have no objects.")


@check("val-empty", "splits")
def val_empty(subject: Subject) -> Iterator[Finding]:
    """There is no picture to validate with, or no object in those pictures."""
    val = subject.dataset.splits.get("val", [])
    if not val:
        yield Finding("The split 'val' has no pictures.")
    elif not any(not instance.crowd for picture in val for instance in picture.instances):
        crowds = count_crowds(val)
        reason = only_crowds(crowds, "the split 'val'", "measured")
        yield Finding(reason if crowds else "The pictures of the split 'val' have no objects.")
