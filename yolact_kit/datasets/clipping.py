"""Clipping objects to their picture."""

from __future__ import annotations

from yolact_kit.annotations.dataset import Instance
from yolact_kit.shapes.rings import Ring, clip, is_inside, outer_rings


def is_outside(instance: Instance, width: int, height: int) -> bool:
    """Whether an object is completely outside its picture.

    Args:
        instance: The object.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
    """
    x, y, box_width, box_height = instance.box()
    return x + box_width <= 0 or y + box_height <= 0 or x >= width or y >= height


def clipped(instance: Instance, width: int, height: int) -> Instance | None:
    """The part of an object that lies in its picture.

    pycocotools needs memory in proportion to how far a polygon reaches beyond the picture, so it must only be given
    polygons that were clipped.

    Args:
        instance: The object.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        The object itself if all of it is in the picture; None if no part is.

    Example:
        >>> import numpy as np
        >>> corner = Instance("nut", [np.array([[-5.0, 0.0], [5.0, 0.0], [5.0, 8.0], [-5.0, 8.0]])])
        >>> clipped(corner, 20, 20).box()
        (0.0, 0.0, 5.0, 8.0)
    """
    if instance.rle is not None or all(is_inside(ring, width, height) for ring in instance.polygons):
        return instance
    rings: list[Ring] = []
    for ring in instance.polygons:
        if len(ring) > 2:
            rings += outer_rings(clip(ring, width, height))
    return Instance(instance.label, rings, crowd=instance.crowd, extra=instance.extra) if rings else None
