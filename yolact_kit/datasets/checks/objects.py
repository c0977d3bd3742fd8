"""Checks of objects: outside the picture, without area, tiny, labelled twice, crossing themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from shapely import Polygon
from shapely.validation import explain_validity

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.annotations.labels.groups import describe_groups
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.datasets.clipping import is_outside
from yolact_kit.shapes.rings import crosses_itself, ring_area

_TOLERANCE = 1.0
"""A polygon may leave the picture by this many pixels: labelling programs round."""
TINY = 4.0
"""Side in pixels at the training size below which objects are too small to learn."""


@check("group-everywhere", "labels")
def group_everywhere(subject: Subject) -> Iterator[Finding]:
    """Every shape of every picture is in one group."""
    sentence = describe_groups(instance for _, instance, _ in subject.objects())
    if sentence is not None:
        yield Finding(sentence)


@check("outside", "labels")
def object_outside(subject: Subject) -> Iterator[Finding]:
    """An object lies wholly outside of its picture."""
    for picture, instance, name in subject.objects():
        if is_outside(instance, picture.width, picture.height):
            yield Finding("It lies wholly outside of the picture.", picture.file, name)


@check("partly-outside")
def object_partly_outside(subject: Subject) -> Iterator[Finding]:
    """An object reaches over the edge of its picture."""
    for picture, instance, name in subject.objects():
        x, y, width, height = instance.box()
        over = max(-x, -y, x + width - picture.width, y + height - picture.height)
        if over > _TOLERANCE and not is_outside(instance, picture.width, picture.height):
            yield Finding(f"It reaches {over:.0f} px over the edge of the picture.", picture.file, name)


@check("coordinates-normalised", "labels")
def object_normalised(subject: Subject) -> Iterator[Finding]:
    """All coordinates of an object are between 0 and 1."""
    for picture, instance, name in subject.objects():
        if _is_normalised(picture, instance):
            yield Finding("All its coordinates are between 0 and 1.", picture.file, name)


@check("area-zero", "labels")
def object_without_area(subject: Subject) -> Iterator[Finding]:
    """An object has no area."""
    for picture, instance, name in subject.objects():
        _, _, width, height = instance.box()
        if instance.rle is None and sum(ring_area(ring) for ring in instance.polygons) < 1e-6:
            yield Finding("It has no area: its points lie on one line or in one spot.", picture.file, name)
        elif instance.rle is not None and (width == 0 or height == 0):
            yield Finding("Its mask is empty.", picture.file, name)


@check("tiny")
def object_tiny(subject: Subject) -> Iterator[Finding]:
    """An object has a side below 4 pixels once its picture has the training size."""
    size = subject.model.input_size
    for picture, instance, name in subject.objects():
        _, _, width, height = instance.box()
        side = min(width * size / picture.width, height * size / picture.height)
        if 0 < side < TINY and not _is_normalised(picture, instance):
            yield Finding(f"Its shorter side is {side:.1f} px at the training size of {size}.", picture.file, name)


@check("duplicate", "labels")
def object_twice(subject: Subject) -> Iterator[Finding]:
    """The same shape with the same label is there twice in a picture."""
    for picture in subject.dataset.pictures():
        for name, other, same_label in _same_shapes(picture):
            if same_label:
                yield Finding(f"It is the same as {other}.", picture.file, name)


@check("two-labels")
def object_two_labels(subject: Subject) -> Iterator[Finding]:
    """The same shape is there twice in a picture with different labels."""
    for picture in subject.dataset.pictures():
        for name, other, same_label in _same_shapes(picture):
            if not same_label:
                yield Finding(f"It has the same shape as {other}.", picture.file, name)


@check("self-intersecting", "labels")
def object_crossing(subject: Subject) -> Iterator[Finding]:
    """The outline of an object crosses itself."""
    for picture, instance, name in subject.objects():
        for ring in instance.polygons:
            if ring_area(ring) > 0 and crosses_itself(ring):
                point = explain_validity(Polygon(ring)).partition("[")[2].rstrip("]")
                yield Finding(f"Its outline crosses itself near x, y = {_rounded(point)}.", picture.file, name)
                break


def _is_normalised(picture: Picture, instance: Instance) -> bool:
    """Whether the points of an object are shares of its picture's size; in a tiny picture that is not clear."""
    if instance.rle is not None or min(picture.width, picture.height) < 8:
        return False
    points = np.concatenate(instance.polygons)
    return bool(points.min() >= 0 and points.max() <= 1)


def _same_shapes(picture: Picture) -> Iterator[tuple[str, str, bool]]:
    """Objects with the same shape as an earlier one: names of both, and whether their labels agree."""
    first_of_shape: dict[object, tuple[str, str]] = {}
    for number, instance in enumerate(picture.instances, start=1):
        name, key = f"object {number} ({instance.label})", shape_key(instance)
        if key in first_of_shape:
            other, label = first_of_shape[key]
            yield name, other, label == instance.label
        else:
            first_of_shape[key] = (name, instance.label)


def shape_key(instance: Instance) -> object:
    """What two objects of the same shape have in common, to a hundredth of a pixel."""
    if instance.rle is not None:
        return instance.rle["counts"]
    return tuple(np.round(ring, 2).tobytes() for ring in instance.polygons)


def _rounded(point: str) -> str:
    """The point in shapely's message, in whole pixels."""
    return ", ".join(f"{float(number):.0f}" for number in point.split()[:2])
