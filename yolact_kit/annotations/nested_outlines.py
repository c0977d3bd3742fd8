"""Outlines within other outlines of the same object, which people and programs mean as holes."""

from __future__ import annotations

import shapely

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject
from yolact_kit.shapes.rings import Ring

_SPECK = 1.0
"""Outlines of at most this area, in square pixels, are rests of drawing and no holes."""


def inner_area(rings: list[Ring], areas: list[float]) -> float:
    """The area of the outlines that lie wholly within another one.

    Args:
        rings: The outlines of an object.
        areas: What each encloses, in square pixels.

    Returns:
        Their areas together, in square pixels.

    Example:
        >>> import numpy as np
        >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        >>> inner_area([9.0 * square, 3.0 * square + 2], [81.0, 9.0])
        9.0
    """
    corners = [(ring.min(axis=0), ring.max(axis=0)) for ring in rings]
    total = 0.0
    for number, (low, high) in enumerate(corners):
        around = [
            other
            for other, (other_low, other_high) in enumerate(corners)
            if areas[other] > areas[number] > _SPECK and (other_low <= low).all() and (other_high >= high).all()
        ]
        if any(_contains(rings[other], rings[number]) for other in around):
            total += areas[number]
    return total


def _contains(outer: Ring, inner: Ring) -> bool:
    return bool(shapely.make_valid(shapely.Polygon(outer)).contains(shapely.make_valid(shapely.Polygon(inner))))


def note_inner_outlines(raw: RawObject, problems: Problems) -> None:
    """Reports that outlines of an object lie within another one, unless its file says by an area that they are filled.

    Args:
        raw: The object, with the areas of its outlines.
        problems: Where the problem is added.
    """
    rings = [part.ring for part in raw.outlines if part.ring is not None]
    if raw.crowd or len(rings) < 2:
        return
    areas = [part.area for part in raw.outlines]
    inner = inner_area(rings, areas)
    if not inner:
        return
    hole, filled, twice = (sum(areas) - factor * inner for factor in (2, 1, 0))
    message = f"An outline of {inner:,.0f} px lies within another one of the object"
    if raw.stated_area is not None:
        stated = raw.stated_area
        nearest = min((hole, filled, twice), key=lambda area: abs(area - stated))
        if nearest == filled:
            return
        message += f"; the file's area is {stated:,.0f} px"
        if nearest == hole and abs(stated - hole) < inner / 2:
            message += ", which is that with a hole"
    problems.add("hole-filled", f"{message}. It was filled, so that the mask has {filled:,.0f} px.", raw.name)
