"""Which object a pixel belongs to: a few maps of numbers instead of a mask of the picture's size for each object.

Objects that do not overlap share a map, which holds the number of each, counted from 1, and 0 beside them; objects that
overlap are on different maps. Moving, mirroring, cutting, and scaling to the nearest pixel do the same to maps as to
masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Instance
from yolact_kit.datasets.clipping import is_outside
from yolact_kit.shapes.crops import MaskCrop, decode_crop

NumberMaps = NDArray[np.uint8 | np.uint16 | np.int32]
"""[L, H, W]: of each pixel the number of an object, counted from 1, or 0. The types are those that OpenCV has."""

_Area = tuple[slice, slice]
"""Rows and columns of a part of a map."""


class Extents(NamedTuple):
    """How much of a picture each of its objects covers.

    Attributes:
        areas: int64 [N], pixels.
        boxes: float32 [N, 4], x1 y1 x2 y2 in pixels, x2 and y2 one past the last pixel; zeros for an empty object.
    """

    areas: NDArray[np.int64]
    boxes: NDArray[np.float32]


def draw_maps(instances: Sequence[Instance], height: int, width: int, size: tuple[int, int]) -> NumberMaps:
    """Draws the objects of a picture at a smaller size: a pixel is an object's if it covers half of it.

    Args:
        instances: The objects; those outside of the picture are not drawn.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        size: Width and height of the maps, at most those of the picture.

    Returns:
        The maps [L, H, W], the first object with the number 1.

    Example:
        >>> square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
        >>> draw_maps([Instance("a", [square]), Instance("b", [square + 4])], 8, 8, (4, 4))[0].diagonal().tolist()
        [1, 1, 2, 2]
    """
    dtype = _number_type(len(instances))
    maps: list[NumberMaps] = []
    for members in _apart(instances, height, width, size):
        # Objects that are apart share a picture: it is made smaller as a whole, which gives what each alone would.
        plane = np.zeros((height, width), np.uint8)
        for number, _ in members:
            part = decode_crop(instances[number - 1].encode(height, width))
            rows, columns = part.pixels.shape
            plane[part.y : part.y + rows, part.x : part.x + columns][part.pixels] = 255
        shrunk = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) >= 128
        for number, area in members:
            mask = shrunk[area]
            free = (numbers for numbers in maps if not numbers[area][mask].any())
            numbers = next(free, None)
            if numbers is None:
                numbers = np.zeros(size[::-1], dtype)
                maps.append(numbers)
            numbers[area][mask] = number
    return np.stack(maps) if maps else np.zeros((0, *size[::-1]), dtype)


def _number_type(count: int) -> type[np.uint8 | np.uint16 | np.int32]:
    """The smallest of OpenCV's types that holds the number of each object."""
    if count <= np.iinfo(np.uint8).max:
        return np.uint8
    return np.uint16 if count <= np.iinfo(np.uint16).max else np.int32


def _apart(
    instances: Sequence[Instance], height: int, width: int, size: tuple[int, int]
) -> Iterable[list[tuple[int, _Area]]]:
    """Groups of objects whose boxes have no pixel of a map in common: number and area on the map of each."""
    across, down = size[0] / width, size[1] / height
    groups: list[tuple[NDArray[np.bool_], list[tuple[int, _Area]]]] = []
    for number, instance in enumerate(instances, start=1):
        if is_outside(instance, width, height):
            continue  # Its mask is empty; pycocotools would need memory for the whole distance.
        # A pixel more on each side, since drawing rounds.
        x, y, wide, tall = instance.box()
        columns = slice(max(0, int((x - 1) * across)), int((x + wide + 1) * across) + 1)
        area = slice(max(0, int((y - 1) * down)), int((y + tall + 1) * down) + 1), columns
        free = (group for group in groups if not group[0][area].any())
        group = next(free, None)
        if group is None:
            group = np.zeros(size[::-1], np.bool_), []
            groups.append(group)
        covered, members = group
        covered[area] = True
        members.append((number, area))
    return [members for _, members in groups]


def measure_maps(maps: NumberMaps, count: int) -> Extents:
    """Measures the objects of a picture.

    Args:
        maps: Their maps [L, H, W].
        count: How many objects there are.

    Returns:
        Their areas and boxes.

    Example:
        >>> measure_maps(np.array([[[0, 2, 2], [0, 0, 0]]], np.uint8), 2).boxes.tolist()
        [[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 3.0, 1.0]]
    """
    areas = np.zeros(count + 1, np.int64)
    low = np.full((2, count + 1), np.iinfo(np.int64).max)
    high = np.zeros((2, count + 1), np.int64)
    for numbers, y, x, end in map(_runs, maps):
        np.add.at(areas, numbers, end - x)
        for axis, (first, last) in enumerate(((x, end), (y, y + 1))):
            np.minimum.at(low[axis], numbers, first)
            np.maximum.at(high[axis], numbers, last)
    boxes = np.concatenate([low, high]).T[1:]
    boxes[areas[1:] == 0] = 0
    return Extents(areas[1:], boxes.astype(np.float32))


def _runs(numbers: NDArray[np.generic]) -> tuple[NDArray[np.int64], ...]:
    """The runs of equal numbers in the rows of a map: number, row, first column, and column behind the last."""
    # Rows one after another, with a 0 behind each, so that no run goes on in the next row.
    height, width = numbers.shape
    framed = np.zeros((height, width + 1), numbers.dtype)
    framed[:, :-1] = numbers
    flat = framed.reshape(-1)
    starts = np.r_[0, (flat[1:] != flat[:-1]).nonzero()[0] + 1]
    ends = np.r_[starts[1:], flat.size]
    objects = flat[starts] > 0
    starts, ends = starts[objects], ends[objects]
    row, column = np.divmod(starts, width + 1)
    return flat[starts].astype(np.int64), row, column, column + ends - starts


def renumber(maps: NumberMaps, numbers: NDArray[np.bool_]) -> NumberMaps:
    """Maps of some of the objects, which are numbered anew.

    Args:
        maps: The maps [L, H, W] of N objects.
        numbers: bool [N], which objects remain.

    Returns:
        The maps [L, H, W].

    Example:
        >>> renumber(np.array([[[1, 2, 3]]], np.uint8), np.array([True, False, True])).tolist()
        [[[1, 0, 2]]]
    """
    if numbers.all():
        return maps
    table = np.zeros(len(numbers) + 1, maps.dtype)
    table[1:][numbers] = np.arange(1, int(numbers.sum()) + 1)
    renumbered: NumberMaps = table[maps]
    return renumbered


def map_crops(maps: NumberMaps, boxes: NDArray[np.float32]) -> Iterable[MaskCrop]:
    """The mask of each object, without the empty part of the picture around it.

    Args:
        maps: The maps [L, H, W].
        boxes: float32 [N, 4], the objects' boxes as `measure_maps` gives them.

    Yields:
        N parts of masks.
    """
    for number, (x1, y1, x2, y2) in enumerate(boxes.astype(np.int64).tolist(), start=1):
        yield MaskCrop(x1, y1, (maps[:, y1:y2, x1:x2] == number).any(axis=0))
