"""From the shapes that people draw to polygons that lie inside their picture."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Ring = NDArray[np.float64]
"""The outline of a polygon, float64 [P, 2], x y in pixels; the last point is not the first again."""

FURTHEST = 1e9
"""Coordinates beyond this count as infinite."""
_BEYOND = 1e-6
"""Points at most this far outside the picture, in pixels, count as inside: they are rounding errors."""


class GeometryError(ValueError):
    """Coordinates that do not make a shape.

    Args:
        code: Which problem it is, a key of `yolact_kit.annotations.problem_kinds.PROBLEM_KINDS`.
        message: What is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def to_points(values: Any) -> Ring:
    """Checks coordinates from a file, before any native library sees them.

    Args:
        values: A list of pairs ``[[x, y], ...]`` or a flat list ``[x, y, x, y, ...]``.

    Returns:
        float64 [P, 2]; P may be 0.

    Raises:
        GeometryError: NaN, infinity, an odd number of coordinates, or things that are not numbers.

    Example:
        >>> to_points([1, 2, 3, 4]).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    if not isinstance(values, list | tuple | np.ndarray):
        raise GeometryError("shape-malformed", "It has no list of points.")
    points = _ordinary(values)
    if points is not None:
        return points
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple | np.ndarray):
            if len(value) != 2:
                raise GeometryError("coordinates-odd", f"One of its points has {len(value)} coordinates instead of 2.")
            flat.extend(value)
        else:
            flat.append(value)
    if len(flat) % 2:
        raise GeometryError("coordinates-odd", f"It has {len(flat)} coordinates, which is an odd number.")
    return np.array([_number(value) for value in flat], dtype=np.float64).reshape(-1, 2)


def _ordinary(values: Any) -> Ring | None:
    """A fast path for the usual form of points, in a tenth of the time; None if they must be checked one by one."""
    if not isinstance(values, list) or set(map(type, values)) != {list} or set(map(len, values)) != {2}:
        return None
    if not set(map(type, chain.from_iterable(values))) <= {int, float}:
        return None
    with suppress(OverflowError):
        points = np.array(values, dtype=np.float64)
        if (np.abs(points) <= FURTHEST).all():
            return points
    return None


def _number(value: Any) -> float:
    """A coordinate as a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | np.number):
        raise GeometryError("shape-malformed", "One of its coordinates is not a number.")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise GeometryError("shape-malformed", f"One of its coordinates is {str(value)[:40]!r}.") from error
    if not math.isfinite(number) or abs(number) > FURTHEST:
        raise GeometryError("coordinates-not-finite", f"One of its coordinates is {number}.")
    return number


def rectangle_ring(points: Ring) -> Ring:
    """The outline of an upright rectangle.

    Args:
        points: Two opposite corners in any order, or all four.

    Returns:
        float64 [4, 2], clockwise from the top left corner.

    Example:
        >>> rectangle_ring(np.array([[5.0, 1.0], [2.0, 4.0]])).tolist()
        [[2.0, 1.0], [5.0, 1.0], [5.0, 4.0], [2.0, 4.0]]
    """
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], dtype=np.float64)


def circle_ring(points: Ring) -> Ring:
    """The outline of a circle as a polygon that is never further than a tenth of a pixel from it.

    Args:
        points: The centre and a point on the circle, [2, 2].

    Returns:
        float64 [P, 2] with P of 24 to 360; [0, 2] for a circle without a radius.

    Example:
        >>> len(circle_ring(np.array([[10.0, 10.0], [13.0, 10.0]])))
        24
    """
    radius = math.dist(points[0], points[1])
    if radius == 0:
        return np.empty((0, 2), dtype=np.float64)
    sides = 24 if radius <= 0.1 else math.ceil(math.pi / math.acos(1 - 0.1 / radius))
    angles = np.linspace(0, 2 * math.pi, min(max(sides, 24), 360), endpoint=False)
    ring: Ring = points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return ring


def ellipse_ring(centre: Ring, radii: Ring, angle: float) -> Ring:
    """The outline of an ellipse as a polygon that is never further than a tenth of a pixel from it.

    Args:
        centre: Its centre, [2], x y.
        radii: Half its extent along its own two axes, [2]; above 0.
        angle: How far it is turned clockwise, in radians.

    Returns:
        float64 [P, 2] with P of 24 to 360.

    Example:
        >>> ring = ellipse_ring(np.array([50.0, 50.0]), np.array([20.0, 10.0]), math.pi / 2)
        >>> np.ptp(ring, axis=0).round().tolist()
        [20.0, 40.0]
    """
    # A circle of the larger radius, squeezed along one axis: squeezing brings the polygon only closer to the curve.
    radius = float(radii.max())
    circle = circle_ring(np.array([[0.0, 0.0], [radius, 0.0]]))
    return turn_ring(circle * (radii / radius) + centre, centre, angle)


def turn_ring(ring: Ring, centre: Ring, angle: float) -> Ring:
    """A ring turned about a point.

    Args:
        ring: float64 [P, 2].
        centre: The point, [2], x y.
        angle: How far it is turned clockwise, in radians.

    Returns:
        float64 [P, 2].

    Example:
        >>> turn_ring(np.array([[1.0, 0.0]]), np.zeros(2), math.pi / 2).round().tolist()
        [[0.0, 1.0]]
    """
    # With y pointing down, the matrix that turns anticlockwise in school turns clockwise; rows are points.
    cosine, sine = math.cos(angle), math.sin(angle)
    turned: Ring = (ring - centre) @ np.array([[cosine, sine], [-sine, cosine]]) + centre
    return turned


def stroke_rings(points: Ring, width: float) -> list[Ring]:
    """The outline of a line, or of a dot, drawn with a pen.

    Args:
        points: Points of the line, [P, 2] with P of at least 1.
        width: Width of the pen in pixels, above 0.

    Returns:
        Outer rings.
    """
    line = shapely.Point(points[0]) if len(points) == 1 else shapely.LineString(points)
    return outer_rings(shapely.buffer(line, width / 2))


def ring_area(ring: Ring) -> float:
    """The area that a ring encloses, in square pixels; if it crosses itself, the sum of its parts.

    Args:
        ring: float64 [P, 2].

    Returns:
        The area, 0 or more.

    Example:
        >>> ring_area(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]))
        6.0
    """
    return ring_areas([ring])[0]


def ring_areas(rings: list[Ring]) -> list[float]:
    """`ring_area` of several rings, in a fifth of the time of as many calls.

    Args:
        rings: The rings.

    Returns:
        The area of each; 0 for those of fewer than 3 points.

    Example:
        >>> ring_areas([np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]), np.array([[1.0, 1.0]])])
        [6.0, 0.0]
    """
    areas = [0.0] * len(rings)
    whole = [number for number, ring in enumerate(rings) if len(ring) >= 3]
    if not whole:
        return areas
    # All rings' points in one array, so that the shoelace formula runs once over them all and is summed ring by ring.
    lengths = [len(rings[number]) for number in whole]
    starts = np.cumsum([0, *lengths[:-1]])
    points = np.concatenate([rings[number] for number in whole])
    points = points - np.repeat(points[starts], lengths, axis=0)
    x, y = points.T
    # Each ring begins at its own origin, so that the term of one ring's last and the next one's first point is 0.
    sums = np.abs(np.add.reduceat(x[:-1] * y[1:] - y[:-1] * x[1:], starts)) / 2
    tiny = 1e-9 * np.maximum(np.add.reduceat(np.square(points).sum(axis=1), starts), 1.0)
    for number, area, least in zip(whole, sums.tolist(), tiny.tolist(), strict=True):
        # The lobes of a figure of eight may have cancelled out.
        areas[number] = area if area > least else float(shapely.make_valid(shapely.Polygon(rings[number])).area)
    return areas


def crosses_itself(ring: Ring) -> bool:
    """Whether an outline crosses or touches itself, so that it is unclear what it encloses."""
    return crossing([ring])[0]


def crossing(rings: list[Ring]) -> list[bool]:
    """`crosses_itself` of several outlines, in a fifth of the time of as many calls.

    Args:
        rings: The outlines.

    Returns:
        Whether each does; those of fewer than 3 different points do not.

    Example:
        >>> crossing([np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])])
        [True]
    """
    crosses = [False] * len(rings)
    # A ring needs three different points; where the last repeats the first, four.
    whole = [number for number, ring in enumerate(rings) if len(ring) > 3 - (ring[:1] != ring[-1:]).any()]
    if whole:
        owners = np.repeat(np.arange(len(whole)), [len(rings[number]) for number in whole])
        outlines = shapely.linearrings(np.concatenate([rings[number] for number in whole]), indices=owners)
        for number, valid in zip(whole, shapely.is_valid(shapely.polygons(outlines)).tolist(), strict=True):
            crosses[number] = not valid
    return crosses


def is_inside(ring: Ring, width: int, height: int) -> bool:
    """Whether every point of a ring lies in a picture of ``width`` x ``height`` pixels or on its border."""
    x, y = ring.T
    return bool(ring.min() >= -_BEYOND and x.max() <= width + _BEYOND and y.max() <= height + _BEYOND)


def is_normalised(ring: Ring, width: int, height: int) -> bool:
    """Whether all coordinates lie within 0 and 1 although the picture is larger: probably shares of its size."""
    return bool(max(width, height) > 2 and ring[0, 0] <= 1 and ring.max() <= 1 and ring.min() >= 0)


def clip(ring: Ring, width: int, height: int) -> shapely.Geometry:
    """The part of a polygon that lies in the picture.

    Args:
        ring: float64 [P, 2] with P of at least 3.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        Shapely's polygon or collection of polygons; empty if nothing is in the picture.
    """
    polygon = shapely.Polygon(ring)
    if not shapely.is_valid(polygon):
        polygon = shapely.make_valid(polygon)
    return shapely.intersection(polygon, shapely.box(0, 0, width, height))


def polygons_of(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons with an area in whatever Shapely gave; lines and points that touched are dropped."""
    return [part for part in shapely.get_parts(geometry, False) for part in _flatten(part)]


def _flatten(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    if geometry.geom_type == "Polygon":
        return [geometry] if geometry.area > 0 else []
    return [part for child in getattr(geometry, "geoms", ()) for part in _flatten(child)]


def outer_rings(geometry: shapely.Geometry) -> list[Ring]:
    """The outer rings of the polygons in ``geometry``, without the point that closes them."""
    return [_open(polygon.exterior) for polygon in polygons_of(geometry)]


def inner_rings(geometry: shapely.Geometry) -> list[Ring]:
    """The holes of the polygons in ``geometry``, without the point that closes them."""
    return [_open(hole) for polygon in polygons_of(geometry) for hole in polygon.interiors]


def _open(ring: shapely.LinearRing) -> Ring:
    return np.asarray(ring.coords, dtype=np.float64)[:-1, :2]
