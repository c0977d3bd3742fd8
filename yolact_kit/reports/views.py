"""Small views of labelled pictures, whole or in part, with their objects drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Instance
from yolact_kit.datasets.clipping import clipped
from yolact_kit.inference.drawing import Style, draw_instances
from yolact_kit.shapes.crops import MaskCrop, decode_crop, encode_crop, resize_crop

PicturePart = tuple[int, int, int, int]
"""x1 y1 x2 y2 of a part of a picture, in pixels."""

_CONTEXT = 4.0
"""A part is this many times as large as its object."""
_LEAST_PART = 0.2
"""A part is at least this share of the picture's shorter side, and at least this many pixels:"""
_LEAST_PIXELS = 48


def part_around(box: tuple[float, float, float, float], width: int, height: int) -> PicturePart:
    """The part of a picture that shows an object and its surroundings.

    Args:
        box: The object's box: x, y, width, height in pixels.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        The part: the whole picture if the object is not much smaller.

    Example:
        >>> part_around((100, 100, 10, 10), 1000, 500)
        (55, 55, 155, 155)
    """
    x, y, wide, tall = box
    side = max(_CONTEXT * max(wide, tall), _LEAST_PART * min(width, height), _LEAST_PIXELS)
    if side >= 0.7 * min(width, height):
        return 0, 0, width, height
    # A square around the object's centre, moved into the picture where it would reach beyond the edge.
    left = min(max(x + wide / 2 - side / 2, 0), width - side)
    top = min(max(y + tall / 2 - side / 2, 0), height - side)
    return round(left), round(top), round(left + side), round(top + side)


def view(
    pixels: NDArray[np.uint8], instances: list[Instance], part: PicturePart, longest: int
) -> tuple[NDArray[np.uint8], list[Instance]]:
    """A part of a picture at another size, with the objects in it.

    Args:
        pixels: uint8 [H, W, 3], the picture.
        instances: Its objects.
        part: The part to show.
        longest: Longer side of the result in pixels.

    Returns:
        uint8 [H', W', 3], and the visible objects in its coordinates.
    """
    x1, y1, x2, y2 = part
    cutout = pixels[y1:y2, x1:x2]
    scale = longest / max(cutout.shape[:2])
    size = max(1, round(cutout.shape[1] * scale)), max(1, round(cutout.shape[0] * scale))
    small = cv2.resize(cutout, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    moved = (_moved(instance, pixels.shape[:2], part, size) for instance in instances)
    return np.asarray(small, np.uint8), [instance for instance in moved if instance is not None]


def _moved(instance: Instance, shape: tuple[int, ...], part: PicturePart, size: tuple[int, int]) -> Instance | None:
    """An object in the coordinates of a part that was resized to ``size``; None where nothing of it is there."""
    x1, y1, x2, y2 = part
    width, height = size
    if instance.rle is not None:
        if tuple(instance.rle["size"]) != shape:
            return None
        x, y, pixels = decode_crop(instance.rle)
        small = resize_crop(MaskCrop(x - x1, y - y1, pixels), width / (x2 - x1), height / (y2 - y1), size)
        rle = encode_crop(small, height, width)
        return Instance(instance.label, rle=rle, crowd=instance.crowd) if small.pixels.any() else None
    scale = np.array([width / (x2 - x1), height / (y2 - y1)])
    rings = [(ring - (x1, y1)) * scale for ring in instance.polygons]
    return clipped(Instance(instance.label, rings, crowd=instance.crowd), width, height)


def draw_view(
    pixels: NDArray[np.uint8],
    instances: list[Instance],
    classes: list[str],
    longest: int,
    focus: Instance | None = None,
    part: PicturePart | None = None,
) -> NDArray[np.uint8]:
    """Draws a part of a picture with its objects.

    Args:
        pixels: uint8 [H, W, 3], the picture; not changed.
        instances: Its objects.
        classes: Class names, which decide the colours.
        longest: Longer side of the result in pixels.
        focus: The object to emphasise: the others are only outlined; None to draw all alike.
        part: The part to show; the whole picture by default.

    Returns:
        uint8 [H', W', 3].
    """
    part = part or (0, 0, pixels.shape[1], pixels.shape[0])
    names = classes + sorted({instance.label for instance in instances} - set(classes))
    if focus is None:
        small, moved = view(pixels, instances, part, longest)
        return draw_instances(small, moved, names, Style(fill=0.35, text=12))
    others = [instance for instance in instances if instance is not focus]
    small, moved = view(pixels, others, part, longest)
    faint = draw_instances(small, moved, names, Style(fill=0.08, outline=1, labels=False))
    _, main = view(pixels, [focus], part, longest)
    return draw_instances(faint, main, names, Style(fill=0.45, outline=2, text=13))
