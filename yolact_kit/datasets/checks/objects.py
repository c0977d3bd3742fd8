"""Checks of objects: outside of the picture, without area, tiny, twice, crossing themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from shapely import Polygon
from shapely.validation import explain_validity

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject

_TOLERANCE = 1.0
"""Pixels that a polygon may leave the picture by: labelling programs round."""
_TINY = 4.0


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
        if instance.rle is None and sum(abs(_ring_area(ring)) for ring in instance.polygons) < 1e-6:
            yield Finding("It has no area: its points lie on one line or in one place.", picture.file, name)
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
        if 0 < side < _TINY and not _is_normalised(picture, instance):
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
            polygon = Polygon(ring)
            if polygon.area > 0 and not polygon.is_valid:
                where = explain_validity(polygon).partition("[")[2].rstrip("]")
                yield Finding(f"Its outline crosses itself near x, y = {_rounded(where)}.", picture.file, name)
                break


@check("objects-are-boxes", "W", "YOLACT learns to draw what the labels show: boxes. Draw outlines for real masks.")
def objects_are_boxes(subject: Subject) -> Iterator[Finding]:
    """Nearly all masks of a class are upright rectangles."""
    by_class: dict[str, list[bool]] = {}
    for _, instance, _ in subject.objects():
        by_class.setdefault(instance.label, []).append(_is_rectangle(instance))
    for label, rectangles in by_class.items():
        if len(rectangles) >= 5 and sum(rectangles) >= 0.9 * len(rectangles):
            yield Finding(f"{sum(rectangles)} of the {len(rectangles)} masks of '{label}' are rectangles.")


@check("objects-overlap", "W", "Non-maximum suppression would lose one of two: raise `detect.nms_iou` above 0.5.")
def objects_overlap(subject: Subject) -> Iterator[Finding]:
    """More than a twentieth of the objects overlap another strongly."""
    share = subject.statistics.crowding.overlapping
    if share > 0.05:
        yield Finding(f"The boxes of {share:.0%} of the objects overlap another object's by an IoU of 0.5 or more.")


@check("anchors-miss", "W", "Train at a larger `model.input_size`, or add scales and ratios to `model.anchors`.")
def anchors_miss(subject: Subject) -> Iterator[Finding]:
    """Anchors fit few of a class's objects, which then learn slowly."""
    objects = subject.statistics.objects
    for label, recall in subject.statistics.anchors.by_class.items():
        count = sum(counts.get(label, 0) for counts in objects.values())
        if recall is not None and recall < 0.7 and count >= 5:
            yield Finding(f"{1 - recall:.0%} of the {count} objects of '{label}' fit no anchor (IoU below 0.5).")


@check("objects-are-crowds", "W", "Training ignores crowds. Set `iscrowd` of single objects to 0 and convert again.")
def objects_are_crowds(subject: Subject) -> Iterator[Finding]:
    """All objects of a class are crowds, which training ignores."""
    crowds: dict[str, list[bool]] = {}
    for _, instance, _ in subject.objects():
        crowds.setdefault(instance.label, []).append(instance.crowd)
    for label, flags in crowds.items():
        if all(flags):
            yield Finding(f"All {len(flags)} objects of '{label}' are marked as crowds (`iscrowd`).")


def _is_outside(picture: Picture, instance: Instance) -> bool:
    x, y, width, height = instance.box()
    return x + width <= 0 or y + height <= 0 or x >= picture.width or y >= picture.height


def _is_normalised(picture: Picture, instance: Instance) -> bool:
    if instance.rle is not None or min(picture.width, picture.height) < 8:
        return False
    points = np.concatenate(instance.polygons)
    return bool(points.min() >= 0 and points.max() <= 1)


def _ring_area(ring: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _is_rectangle(instance: Instance) -> bool:
    if len(instance.polygons) != 1 or len(instance.polygons[0]) not in (4, 5):
        return False
    _, _, width, height = instance.box()
    return width * height > 0 and abs(abs(_ring_area(instance.polygons[0])) / (width * height) - 1) < 0.01


def _same_shapes(picture: Picture) -> Iterator[tuple[str, str, bool]]:
    seen: dict[object, tuple[str, str]] = {}
    for number, instance in enumerate(picture.instances, start=1):
        name = f"object {number} ({instance.label})"
        key: object = tuple(np.round(ring, 2).tobytes() for ring in instance.polygons)
        if instance.rle is not None:
            key = instance.rle["counts"]
        if key in seen:
            other, label = seen[key]
            yield name, other, label == instance.label
        else:
            seen[key] = (name, instance.label)


def _rounded(place: str) -> str:
    return ", ".join(f"{float(number):.0f}" for number in place.split()[:2])
