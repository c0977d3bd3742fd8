"""Comparing the masks of a COCO file with the areas that it gives: where they differ, a mask may be another one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from yolact_kit.annotations.nested_outlines import inner_area
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject
from yolact_kit.shapes.rings import Ring, crosses_itself, is_inside, ring_areas
from yolact_kit.shapes.rle import rings_to_rle, rle_area

_FAR = 0.1
"""Areas that differ by less than this share of the larger one agree ..."""
_BORDER = 0.5
"""... and so do those that differ by less than a border of this width in pixels: outlines are rounded to pixels."""
_ENOUGH = 3
"""Objects from which on a pattern in their areas shows that they are meant in another way."""
_MOST_LINES = 10
"""If more areas than this differ, and most of the file's, the file is reported instead of each object."""


@dataclass(slots=True)
class AreaOfObject:
    """An object whose area is compared with the one in its file.

    Attributes:
        item: The object.
        size: Width and height of the picture as the file says; None if it does not.
        picture: What tells the pictures of the file apart.
        problems: Where problems of the object are added.
        mask: The area of its mask, in square pixels, outlines within other outlines filled; computed by `check_areas`.
        inner: The area of its outlines that lie within another one of them; likewise.
    """

    item: RawObject
    size: tuple[int, int] | None
    picture: Hashable
    problems: Problems
    mask: float = 0.0
    inner: float = 0.0

    @property
    def stated(self) -> float | None:
        """The area in the file, in square pixels; None if it gives none."""
        return self.item.stated_area

    @property
    def rings(self) -> list[Ring]:
        """The outlines that enclose something."""
        return [part.ring for part in self.item.outlines if part.ring is not None]


def stated_area(value: Any) -> float | None:
    """The ``area`` of an annotation; None if it says nothing: it is missing, no number, or at most one pixel.

    Example:
        >>> stated_area(12.5), stated_area(0), stated_area(None)
        (12.5, None, None)
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 1 < value < float("inf") else None


def check_areas(areas: list[AreaOfObject], whole: Problems) -> None:
    """Reports masks whose area is far from the one in their file.

    Areas that mean something else are no sign of a wrong mask and stay unreported: the area of the box, that of a
    picture of another size, the same number for all objects. Outlines within others are reported elsewhere.

    Args:
        areas: The objects of a file, without crowds.
        whole: Where a problem of most of the file's objects is added.
    """
    _measure(areas)
    scaled = _scaled(areas)
    far = [area for area in areas if _is_far(area) and id(area) not in scaled]
    comparable = [area for area in areas if area.stated is not None and area.mask]
    if len(far) > max(_MOST_LINES, len(comparable) / 2):
        example = f"{far[0].item.name} has {_figures(far[0])}"
        whole.add("area-differs", f"The areas of {len(far)} of its {len(comparable)} objects are far off: {example}.")
        return
    for area in far:
        area.problems.add("area-differs", f"Its mask has {_figures(area)}.", area.item.name)


def _figures(area: AreaOfObject) -> str:
    return f"{area.mask:,.0f} px, but the file says that its area is {area.stated:,.0f} px"


def _measure(areas: list[AreaOfObject]) -> None:
    """Computes the areas of masks, in place; all outlines at once, which is much faster than one by one."""
    enclosed = iter(ring_areas([ring for area in areas for ring in area.rings]))
    for area in areas:
        rings = area.rings
        sizes = [next(enclosed) for _ in rings]
        if len(rings) > 1:
            area.inner = inner_area(rings, sizes)
        area.mask = sum(sizes) - area.inner + sum(rle_area(part.rle) for part in area.item.parts if part.rle)


def _agrees(area: AreaOfObject, value: float) -> bool:
    """Whether the area in the file is about a value."""
    if area.stated is None:
        return False
    difference = abs(area.stated - value)
    if difference <= _FAR * max(area.stated, value):
        return True
    border = sum(float(np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1).sum()) for ring in area.rings)
    border = border or 4 * area.mask**0.5  # of a mask of run lengths as if it were a square
    return difference <= _BORDER * min(border, value)


def _is_far(area: AreaOfObject) -> bool:
    """Whether the area in the file is neither that of the mask nor of the box."""
    if area.stated is None or not area.mask or area.inner or _agrees(area, area.mask):
        return False
    if area.item.box is not None:
        x1, y1, x2, y2 = area.item.box
        if abs((x2 - x1) * (y2 - y1) - area.stated) <= 0.02 * area.stated:
            return False
    return not _is_odd(area)


def _is_odd(area: AreaOfObject) -> bool:
    """Whether the mask's own area is unclear: its outlines overlap, cross themselves, or leave the picture."""
    rings = area.rings
    if not rings or area.size is None:
        return False
    width, height = area.size
    if any(crosses_itself(ring) or not is_inside(ring, width, height) for ring in rings):
        return True
    return len(rings) > 1 and _agrees(area, float(rle_area(rings_to_rle(rings, height, width))))


def _scaled(areas: list[AreaOfObject]) -> set[int]:
    """The objects whose areas mean something else, by `id`: those of a picture of another size, or a constant."""
    comparable = [area for area in areas if area.stated is not None and area.mask]
    groups: dict[Hashable, list[AreaOfObject]] = defaultdict(list)
    for area in comparable:
        groups[area.picture].append(area)
    scaled: set[int] = set()
    for group in (comparable, *groups.values()):
        if len(group) >= _ENOUGH:
            scaled |= _of_same_scale(group) | _of_same_number(group)
    return scaled


def _of_same_scale(group: list[AreaOfObject]) -> set[int]:
    """Those whose areas are the same multiple of their masks', if they are at least two thirds."""
    ratios = [(area.stated or 0) / area.mask for area in group]
    middle = median(ratios)
    alike = {id(area) for area, ratio in zip(group, ratios, strict=True) if abs(ratio - middle) <= _FAR * middle}
    return alike if 3 * len(alike) >= 2 * len(group) else set()


def _of_same_number(group: list[AreaOfObject]) -> set[int]:
    """Those that have the same area, if they are more than half: it stands for none."""
    (number, count), *_ = Counter(area.stated for area in group).most_common(1)
    return {id(area) for area in group if area.stated == number} if 2 * count > len(group) else set()
