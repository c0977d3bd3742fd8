"""Regions of mask pictures and the boxes that they lie in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolact_kit.shapes.crops import MaskCrop
from yolact_kit.shapes.rings import Ring, rectangle_ring

Mask = NDArray[np.bool_]
PixelBox = tuple[float, float, float, float]

_MARGIN = 2
"""Pixels added to each side of a box before cropping, because boxes drawn by hand are inexact."""


def _slices(box: PixelBox) -> tuple[slice, slice]:
    """The rows and columns of a box with its margin, as slices of a picture."""
    x1, y1, x2, y2 = box
    rows = slice(max(0, int(y1) - _MARGIN), max(0, int(np.ceil(y2)) + _MARGIN))
    return rows, slice(max(0, int(x1) - _MARGIN), max(0, int(np.ceil(x2)) + _MARGIN))


def crop(codes: NDArray[np.int32], box: PixelBox) -> NDArray[np.int32]:
    """The pixels inside a box and its margin, a view of int32 [height, width]."""
    return codes[_slices(box)]


def within(mask: Mask, box: PixelBox) -> Mask:
    """A mask without its pixels outside of a box and its margin, bool [height, width]."""
    inside = np.zeros_like(mask)
    inside[_slices(box)] = mask[_slices(box)]
    return inside


def box_fit(mask: Mask, box: PixelBox) -> float:
    """IoU of a box and the bounding box of the mask's pixels inside it."""
    part = within(mask, box)
    return box_iou(mask_box(part), box) if part.any() else 0.0


def mask_box(mask: Mask) -> PixelBox:
    """The bounding box x1 y1 x2 y2 of a mask that is not empty, in pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def box_iou(box: PixelBox, other: PixelBox) -> float:
    """IoU of two boxes x1 y1 x2 y2."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (box, other)]
    return width * height / (sum(areas) - width * height)


def crops(codes: NDArray[np.int32]) -> dict[int, MaskCrop]:
    """The regions of a mask picture, each cut out: thousands of whole masks would fill the memory.

    Args:
        codes: int32 [height, width]; 0 for background.

    Returns:
        The region of each number, in the order of the numbers.

    Example:
        >>> crops(np.array([[0, 3, 3], [0, 0, 3]]))[3].pixels.tolist()
        [[True, True], [False, True]]
    """
    # All pixels but the background, sorted by their number: the pixels of a number are then neighbours, so that the
    # smallest and largest row and column of each can be read off in one pass.
    rows, columns = np.nonzero(codes)
    order = np.argsort(codes[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    numbers, starts = np.unique(codes[rows, columns], return_index=True)
    if not len(numbers):
        return {}
    sides = [extreme.reduceat(axis, starts) for extreme in (np.minimum, np.maximum) for axis in (rows, columns)]
    regions: dict[int, MaskCrop] = {}
    for number, top, left, bottom, right in zip(numbers, *sides, strict=True):
        pixels = codes[top : bottom + 1, left : right + 1] == number
        regions[int(number)] = MaskCrop(int(left), int(top), pixels)
    return regions


def crop_box(region: MaskCrop) -> PixelBox:
    """The bounding box x1 y1 x2 y2 of a region, in pixels."""
    height, width = region.pixels.shape
    return float(region.x), float(region.y), float(region.x + width), float(region.y + height)


def divide(region: Mask, boxes: list[PixelBox]) -> list[Mask]:
    """Divides a region between boxes: each pixel goes to the box whose centre is nearest relative to the box's size.

    Args:
        region: The region, bool [height, width].
        boxes: The boxes that share it, x1 y1 x2 y2 in pixels.

    Returns:
        The part of each box, bool [height, width].
    """
    # The distance is 0 at the centre of a box and 0.5 on its edges, whatever its size, so that the cut between a large
    # and a small object lies nearer to the small one.
    rows, columns = np.indices(region.shape)
    distances = []
    for x1, y1, x2, y2 in boxes:
        across = np.abs(columns + 0.5 - (x1 + x2) / 2) / (x2 - x1)
        down = np.abs(rows + 0.5 - (y1 + y2) / 2) / (y2 - y1)
        distances.append(np.maximum(across, down))
    nearest = np.argmin(distances, axis=0)
    return [region & (nearest == index) for index in range(len(boxes))]


def box_ring(box: PixelBox) -> Ring:
    """A box x1 y1 x2 y2 as an outline, float64 [4, 2]."""
    return rectangle_ring(np.array(box, dtype=np.float64).reshape(2, 2))
