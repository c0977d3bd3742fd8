"""Checks of objects: outside of the picture, without area, tiny, twice, crossing themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from shapely import Polygon
from shapely.validation import explain_validity

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.shapes.rings import crosses_itself, ring_area

_TOLERANCE = 1.0
"""Pixels that a polygon may leave the picture by: labelling programs round."""
TINY = 4.0
"""Side in pixels at the training size below which objects are too small to learn."""


@check("outside", "E", "Correct the label: no pixel of the object is in the picture.")
def object_outside(subject: Subject) -> Iterator[Finding]:
    """An object lies wholly outside of its picture."""
    for picture, instance, name in subject.objects():
        if _is_outside(picture, instance):
            yield Finding("It lies wholly outside of the picture.", picture.file, name)


@check("partly-outside", "W", "`yolact-kit convert` clips such objects at the picture's edge.")
def object_partly_outside(subject: Subject) -> Iterator[Finding]:
    """An object reaches over the edge of its picture."""
    for picture, instance, name in subject.objects():
        x, y, width, height = instance.box()
        over = max(-x, -y, x + width - picture.width, y + height - picture.height)
        if over > _TOLERANCE and not _is_outside(picture, instance):
            yield Finding(f"It reaches {over:.0f} px over the edge of the picture.", picture.file, name)


@check("coordinates-normalised", "E", "They are probably shares of the picture's size: convert from the original.")
def object_normalised(subject: Subject) -> Iterator[Finding]:
    """All coordinates of an object are between 0 and 1."""
    for picture, instance, name in subject.objects():
        if _is_normalised(picture, instance):
            yield Finding("All its coordinates are between 0 and 1.", picture.file, name)


@check("area-zero", "E", "Delete the object, or draw it again.")
def object_without_area(subject: Subject) -> Iterator[Finding]:
    """An object has no area."""
    for picture, instance, name in subject.objects():
        _, _, width, height = instance.box()
        if instance.rle is None and sum(ring_area(ring) for ring in instance.polygons) < 1e-6:
            yield Finding("It has no area: its points lie on one line or in one spot.", picture.file, name)
        elif instance.rle is not None and (width == 0 or height == 0):
            yield Finding("Its mask is empty.", picture.file, name)


@check(
    "tiny", "W",
    "Such objects are too small to learn and are left out of training. Train at a larger `model.input_size`, "
    "or cut the pictures into parts.",
)  # fmt: skip
def object_tiny(subject: Subject) -> Iterator[Finding]:
    """An object has a side below 4 pixels once its picture has the training size."""
    size = subject.model.input_size
    for picture, instance, name in subject.objects():
        _, _, width, height = instance.box()
        side = min(width * size / picture.width, height * size / picture.height)
        if 0 < side < TINY and not _is_normalised(picture, instance):
            yield Finding(f"Its shorter side is {side:.1f} px at the training size of {size}.", picture.file, name)


@check("duplicate", "W", "Delete one of the two.")
def object_twice(subject: Subject) -> Iterator[Finding]:
    """The same shape with the same label is there twice in a picture."""
    for picture in subject.dataset.pictures():
        for name, other, same_label in _same_shapes(picture):
            if same_label:
                yield Finding(f"It is the same as {other}.", picture.file, name)


@check("two-labels", "W", "Keep the right one: an object that is two classes at once teaches neither.")
def object_two_labels(subject: Subject) -> Iterator[Finding]:
    """The same shape is there twice in a picture with different labels."""
    for picture in subject.dataset.pictures():
        for name, other, same_label in _same_shapes(picture):
            if not same_label:
                yield Finding(f"It has the same shape as {other}.", picture.file, name)


@check("self-intersecting", "W", "Its mask may have unwanted holes. Draw its outline again.")
def object_crossing(subject: Subject) -> Iterator[Finding]:
    """The outline of an object crosses itself."""
    for picture, instance, name in subject.objects():
        for ring in instance.polygons:
            if ring_area(ring) > 0 and crosses_itself(ring):
                where = explain_validity(Polygon(ring)).partition("[")[2].rstrip("]")
                yield Finding(f"Its outline crosses itself near x, y = {_rounded(where)}.", picture.file, name)
                break


def _is_outside(picture: Picture, instance: Instance) -> bool:
    x, y, width, height = instance.box()
    return x + width <= 0 or y + height <= 0 or x >= picture.width or y >= picture.height


def _is_normalised(picture: Picture, instance: Instance) -> bool:
    if instance.rle is not None or min(picture.width, picture.height) < 8:
        return False
    points = np.concatenate(instance.polygons)
    return bool(points.min() >= 0 and points.max() <= 1)


def _same_shapes(picture: Picture) -> Iterator[tuple[str, str, bool]]:
    seen: dict[object, tuple[str, str]] = {}
    for number, instance in enumerate(picture.instances, start=1):
        name, key = f"object {number} ({instance.label})", shape_key(instance)
        if key in seen:
            other, label = seen[key]
            yield name, other, label == instance.label
        else:
            seen[key] = (name, instance.label)


def shape_key(instance: Instance) -> object:
    """What two objects of the same shape have in common, to a hundredth of a pixel."""
    if instance.rle is not None:
        return instance.rle["counts"]
    return tuple(np.round(ring, 2).tobytes() for ring in instance.polygons)


def _rounded(place: str) -> str:
    return ", ".join(f"{float(number):.0f}" for number in place.split()[:2])
