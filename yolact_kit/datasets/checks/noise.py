"""Checks for likely labelling mistakes: objects drawn twice, rectangles instead of outlines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.datasets.checks.objects import shape_key
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.datasets.clipping import clipped
from yolact_kit.ops.boxes import box_iou, meeting_groups
from yolact_kit.shapes.rings import ring_area
from yolact_kit.shapes.rle import rle_area

_SAME = 0.85
"""Masks of one object that two people draw overlap by more than this, masks of two objects hardly ever do."""
_FULL = 0.97
"""A mask is nearly a rectangle if it fills at least this share of its box."""
_SAMPLE = 200
"""How many objects are checked to find the usual shape of a class."""
_SIDE = 12
"""Smaller masks are rectangles because they have few pixels."""


@check("objects-are-boxes")
def objects_are_boxes(subject: Subject) -> Iterator[Finding]:
    """Nearly all masks of a class are upright rectangles."""
    by_class: dict[str, list[bool]] = {}
    for _, instance, _ in subject.objects():
        by_class.setdefault(instance.label, []).append(_fills_box(instance, 0.99))
    for label, rectangles in by_class.items():
        if len(rectangles) >= 5 and sum(rectangles) >= 0.9 * len(rectangles):
            yield Finding(f"{sum(rectangles)} of the {len(rectangles)} masks of '{label}' are rectangles.")


@check("mask-is-box")
def mask_is_box(subject: Subject) -> Iterator[Finding]:
    """A mask is nearly an upright rectangle, although hardly any other mask of its class is one."""
    by_class: dict[str, list[tuple[Picture, str, Instance]]] = defaultdict(list)
    for picture, instance, name in subject.objects():
        if not instance.crowd and min(instance.box()[2:]) >= _SIDE:
            by_class[instance.label].append((picture, name, instance))
    for members in by_class.values():
        boxes = [(picture, name) for picture, name, instance in members if _fills_box(instance, _FULL)]
        if 0 < len(boxes) <= 0.1 * len(members) and not _is_rectangular([instance for _, _, instance in members]):
            for picture, name in boxes:
                yield Finding("Its mask is nearly a rectangle.", picture.file, name)


@check("labels-disagree")
def labels_disagree(subject: Subject) -> Iterator[Finding]:
    """Two objects of different classes have nearly the same mask."""
    for picture in subject.dataset.pictures():
        for name, other, overlap, same_label in _near_masks(picture):
            if not same_label:
                yield Finding(f"Its mask is nearly that of {other} (IoU {overlap:.2f}).", picture.file, name)


@check("duplicate-near")
def object_nearly_twice(subject: Subject) -> Iterator[Finding]:
    """Two objects of one class have nearly the same mask."""
    for picture in subject.dataset.pictures():
        for name, other, overlap, same_label in _near_masks(picture):
            if same_label:
                yield Finding(f"Its mask is nearly that of {other} (IoU {overlap:.2f}).", picture.file, name)


def _fills_box(instance: Instance, share: float) -> bool:
    """Whether an object fills at least this share of its box; shares well above 1 come from parts that overlap."""
    _, _, width, height = instance.box()
    return width * height > 0 and share <= _area(instance) / (width * height) < 1.01


def _is_rectangular(instances: list[Instance]) -> bool:
    """Whether objects are rectangles at any angle, such as books: half of them fill a rotated rectangle."""
    shares = []
    for instance in instances[:_SAMPLE]:
        if instance.rle is None:
            _, (wide, tall), _ = cv2.minAreaRect(np.concatenate(instance.polygons).astype(np.float32))
            shares.append(_area(instance) / max(wide * tall, 1.0))
    return bool(shares) and float(np.median(shares)) > 0.9


def _area(instance: Instance) -> float:
    """Area in square pixels."""
    return rle_area(instance.rle) if instance.rle is not None else sum(map(ring_area, instance.polygons))


def _near_masks(picture: Picture) -> Iterator[tuple[str, str, float, bool]]:
    """Pairs of objects whose masks are nearly, but not quite, the same: names, IoU, and whether their labels agree."""
    import torch

    whole = [(number, instance) for number, instance in enumerate(picture.instances, start=1) if not instance.crowd]
    if len(whole) < 2:
        return
    # Masks are compared only where the boxes overlap nearly as much, which is quick to find out.
    boxes = torch.tensor([instance.box() for _, instance in whole], dtype=torch.float64)
    boxes[:, 2:] += boxes[:, :2]
    candidates = []
    for rows, near in meeting_groups(boxes, boxes):
        row, column = (box_iou(boxes[rows], boxes[near]) >= 0.8 * _SAME).nonzero(as_tuple=True)
        pairs = torch.stack([rows[row], near[column]], dim=1)
        candidates += pairs[pairs[:, 0] < pairs[:, 1]].tolist()
    for first, second in sorted(candidates):
        (other_number, other), (number, instance) = whole[first], whole[second]
        if shape_key(instance) == shape_key(other):
            continue
        overlap = _mask_iou(instance, other, picture)
        if overlap >= _SAME:
            names = f"object {number} ({instance.label})", f"object {other_number} ({other.label})"
            yield *names, overlap, instance.label == other.label


def _mask_iou(first: Instance, second: Instance, picture: Picture) -> float:
    """IoU of the masks of two objects, as far as they lie in the picture."""
    parts = [clipped(instance, picture.width, picture.height) for instance in (first, second)]
    rles = [part.encode(picture.height, picture.width) for part in parts if part is not None]
    if len(rles) < 2:
        return 0.0
    coded = [{"size": rle["size"], "counts": rle["counts"].encode("ascii")} for rle in rles]
    return float(coco_mask.iou(coded[:1], coded[1:], [0])[0, 0])
