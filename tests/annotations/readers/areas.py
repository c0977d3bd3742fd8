"""Which pixels a shape covers, worked out from the equation of the shape at the centres of the pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tests.annotations.making import HEIGHT, WIDTH
from yolact_kit.annotations.objects import to_instances
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject

Mask = NDArray[np.bool_]
X, Y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
"""Centres of the pixels, each [HEIGHT, WIDTH]."""


def own_axes(cx: float, cy: float, degrees: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centres of the pixels from a point, along axes that are turned clockwise as people see it."""
    angle = math.radians(degrees)
    x, y = X - cx, Y - cy
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def ellipse_area(cx: float, cy: float, rx: float, ry: float, degrees: float = 0) -> Mask:
    """The pixels of an ellipse."""
    along, across = own_axes(cx, cy, degrees)
    return np.asarray((along / rx) ** 2 + (across / ry) ** 2 <= 1)


def box_area(x1: float, y1: float, x2: float, y2: float, degrees: float = 0) -> Mask:
    """The pixels of a box that is turned about its centre."""
    along, across = own_axes((x1 + x2) / 2, (y1 + y2) / 2, degrees)
    return np.asarray((abs(along) <= (x2 - x1) / 2) & (abs(across) <= (y2 - y1) / 2))


def triangle_area(corners: list[list[float]]) -> Mask:
    """The pixels of a triangle: those on the same side of its three edges."""
    sides = []
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        sides.append((x2 - x1) * (Y - y1) - (y2 - y1) * (X - x1) > 0)
    return np.all(sides, axis=0) | ~np.any(sides, axis=0)


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max((one | other).sum(), 1))


def masks(objects: list[RawObject], problems: Problems, options: ReadOptions | None = None) -> list[Mask]:
    """The masks of objects in a picture of WIDTH x HEIGHT pixels."""
    instances = to_instances(objects, WIDTH, HEIGHT, options or ReadOptions(), problems)
    return [instance.mask(HEIGHT, WIDTH) != 0 for instance in instances]
