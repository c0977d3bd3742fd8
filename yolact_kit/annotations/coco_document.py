"""Labelled pictures as a COCO document, for data set folders and for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.shapes.rings import ring_areas
from yolact_kit.shapes.rle import Rle, rle_area

Segmentation = Rle | list[list[float]]
"""The shape of an object: a mask as RLE, or the outlines of its parts, x y x y... in pixels."""


def to_coco(
    pictures: Sequence[Picture],
    classes: Sequence[str],
    first_image: int = 1,
    first_annotation: int = 1,
    as_masks: bool = False,
) -> dict[str, Any]:
    """Labelled pictures as a COCO document.

    Args:
        pictures: The pictures.
        classes: Class names; category ids are 1..N in this order.
        first_image: Id of the first picture.
        first_annotation: Id of the first annotation.
        as_masks: Whether every object is a mask as RLE, its area counted in pixels, as evaluation compares objects;
            otherwise outlines stay outlines, and the area is what they enclose.

    Returns:
        The document: ``images``, ``annotations`` and ``categories``. Coordinates are as exact as they came.

    Example:
        >>> to_coco([], ["nut"])["categories"]
        [{'id': 1, 'name': 'nut', 'supercategory': ''}]
    """
    ids = {name: number for number, name in enumerate(classes, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, picture in enumerate(pictures, start=first_image):
        image = {"id": image_id, "file_name": picture.file, "width": picture.width, "height": picture.height}
        images.append({**image, "labelme": picture.extra} if picture.extra else image)
        shapes = _as_masks(picture) if as_masks else _as_drawn(picture)
        for instance, (segmentation, area) in zip(picture.instances, shapes, strict=True):
            annotation = {
                "id": first_annotation + len(annotations),
                "image_id": image_id,
                "category_id": ids[instance.label],
                "segmentation": segmentation,
                "area": area,
                "bbox": list(instance.box()),
                "iscrowd": int(instance.crowd),
            }
            annotations.append({**annotation, "labelme": instance.extra} if instance.extra else annotation)
    categories = [{"id": number, "name": name, "supercategory": ""} for name, number in ids.items()]
    return {"info": {"description": ""}, "images": images, "annotations": annotations, "categories": categories}


def _as_masks(picture: Picture) -> list[tuple[Segmentation, float]]:
    """The mask of each object, and its area in pixels."""
    masks = [instance.encode(picture.height, picture.width) for instance in picture.instances]
    return [(rle, float(rle_area(rle))) for rle in masks]


def _as_drawn(picture: Picture) -> list[tuple[Segmentation, float]]:
    """Each object as it was labelled, and its area in square pixels.

    That is what its outline encloses. Parts may overlap and masks have no outline: there the pixels of the mask count.
    """
    single = [instance for instance in picture.instances if instance.rle is None and len(instance.polygons) == 1]
    # The areas of all single outlines are computed at once, which is much faster than one by one.
    enclosed = iter(ring_areas([instance.polygons[0] for instance in single]))
    shapes: list[tuple[Segmentation, float]] = []
    for instance in picture.instances:
        if instance.rle is None and len(instance.polygons) == 1:
            area = next(enclosed)
        else:
            area = float(rle_area(instance.encode(picture.height, picture.width)))
        shapes.append((_segmentation(instance), area))
    return shapes


def _segmentation(instance: Instance) -> Segmentation:
    """An object in COCO's form: run lengths, or a list x y x y... for each ring."""
    if instance.rle is not None:
        return instance.rle
    return [ring.reshape(-1).tolist() for ring in instance.polygons]
