"""Checks of what a model can learn from: anchors that fit, objects that are large enough and not too many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject

_ENOUGH = 5
"""With fewer objects than this, a share means nothing."""
_LEAST_RECALL = 0.7
_SMALL = 8.0
"""Side in pixels of a cell of the finest pyramid level."""
_MOST = 100
"""Objects of a picture that are learned and detected, by the defaults of `loss.max_masks` and `detect.top_k`."""


@check("objects-overlap")
def objects_overlap(subject: Subject) -> Iterator[Finding]:
    """More than a twentieth of the objects overlap another strongly."""
    share = subject.statistics.crowding.overlapping
    if share > 0.05:
        yield Finding(f"The boxes of {share:.0%} of the objects overlap another object's by an IoU of 0.5 or more.")


@check("anchors-miss")
def anchors_miss(subject: Subject) -> Iterator[Finding]:
    """Anchors fit few of a class's objects, which then learn slowly."""
    objects = subject.statistics.objects
    for label, recall in subject.statistics.anchors.by_class.items():
        count = sum(counts.get(label, 0) for counts in objects.values())
        if recall is not None and recall < _LEAST_RECALL and count >= _ENOUGH:
            yield Finding(f"{1 - recall:.0%} of the {count} objects of '{label}' fit no anchor (IoU below 0.5).")


@check("anchors-miss-size")
def anchors_miss_size(subject: Subject) -> Iterator[Finding]:
    """Anchors fit few of the objects of a size, which then learn slowly."""
    statistics = subject.statistics
    for size, recall in statistics.anchors.by_size.items():
        count = statistics.sizes[size]
        if recall is not None and recall < _LEAST_RECALL and count >= _ENOUGH and size != "below 4":
            yield Finding(f"{1 - recall:.0%} of the {count} objects of {size} px fit no anchor (IoU below 0.5).")


@check("objects-small")
def objects_small(subject: Subject) -> Iterator[Finding]:
    """Most objects of a class are smaller than a cell of the finest pyramid level, 8 px, at the training size."""
    size = subject.model.input_size
    sides: dict[str, list[float]] = defaultdict(list)
    for picture, instance, _ in subject.objects():
        _, _, width, height = instance.box()
        sides[instance.label].append(min(width * size / picture.width, height * size / picture.height))
    for label, lengths in sides.items():
        median = float(np.median(lengths))
        if len(lengths) >= _ENOUGH and median < _SMALL:
            yield Finding(f"Half of the {len(lengths)} objects of '{label}' have a side below {median:.1f} px.")


@check("picture-crowded")
def picture_crowded(subject: Subject) -> Iterator[Finding]:
    """A picture has more objects than training and detection use by default."""
    for picture in subject.dataset.pictures():
        count = sum(not instance.crowd for instance in picture.instances)
        if count > _MOST:
            yield Finding(f"It has {count} objects.", picture.file)


@check("objects-are-crowds")
def objects_are_crowds(subject: Subject) -> Iterator[Finding]:
    """All objects of a class are crowds, which training ignores."""
    crowds: dict[str, list[bool]] = {}
    for _, instance, _ in subject.objects():
        crowds.setdefault(instance.label, []).append(instance.crowd)
    for label, flags in crowds.items():
        if all(flags):
            yield Finding(f"All {len(flags)} objects of '{label}' are marked as crowds (`iscrowd`).")
