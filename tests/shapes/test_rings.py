"""Shapes become polygons inside their picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.shapes.rings import (
    GeometryError,
    Ring,
    circle_ring,
    clip,
    crosses_itself,
    ellipse_ring,
    inner_rings,
    is_inside,
    outer_rings,
    rectangle_ring,
    ring_area,
    stroke_rings,
    to_points,
    turn_ring,
)

WIDTH, HEIGHT = 60, 40
coordinate = st.floats(-100, 160, allow_nan=False, width=32)
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9).map(np.array)
BOX = shapely.box(0, 0, WIDTH, HEIGHT)


def as_ring(*points: tuple[float, float]) -> Ring:
    return np.array(points, dtype=np.float64)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1, 2, 3], "coordinates-odd"),
        ([[1, 2], [3]], "coordinates-odd"),
        ([[1, 2, 3]], "coordinates-odd"),
        ([[1, math.nan]], "coordinates-not-finite"),
        ([[1, math.inf]], "coordinates-not-finite"),
        ([1, -math.inf], "coordinates-not-finite"),
        (["nan", 1], "coordinates-not-finite"),
        ([1e300, 1], "coordinates-not-finite"),
        ([10**400, 1], "shape-malformed"),
        ([["a", 1]], "shape-malformed"),
        ([[None, 1]], "shape-malformed"),
        ([[True, 1]], "shape-malformed"),
        (None, "shape-malformed"),
        ("1 2 3 4", "shape-malformed"),
        ({"x": 1}, "shape-malformed"),
    ],
)
def test_bad_coordinates_are_found(values: Any, code: str) -> None:
    with pytest.raises(GeometryError) as caught:
        to_points(values)
    assert caught.value.code == code


def test_coordinates_stay_exact() -> None:
    assert to_points([[0.1, 1 / 3], [7, "2.5"]]).tolist() == [[0.1, 1 / 3], [7.0, 2.5]]
    assert to_points([]).shape == (0, 2)


@pytest.mark.parametrize("points", [[(2, 1), (5, 4)], [(5, 4), (2, 1)], [(2, 4), (5, 1)], [(5, 1), (2, 4)],
                                    [(2, 1), (5, 1), (5, 4), (2, 4)]])  # fmt: skip
def test_rectangles_from_any_corners(points: list[tuple[float, float]]) -> None:
    assert rectangle_ring(as_ring(*points)).tolist() == [[2, 1], [5, 1], [5, 4], [2, 4]]


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.05, 400), st.floats(0, 6.28))
def test_circles_are_round(x: float, y: float, radius: float, angle: float) -> None:
    edge = (x + radius * math.cos(angle), y + radius * math.sin(angle))
    outline = circle_ring(as_ring((x, y), edge))
    assert 24 <= len(outline) <= 360
    assert np.allclose(np.hypot(*(outline - (x, y)).T), radius)
    sagitta = radius * (1 - math.cos(math.pi / len(outline)))
    assert sagitta <= max(0.1, radius / 100) + 1e-9
    assert ring_area(outline) == pytest.approx(math.pi * radius**2, rel=0.02)


def test_a_circle_without_radius_is_nothing() -> None:
    assert len(circle_ring(as_ring((3, 3), (3, 3)))) == 0


@pytest.mark.parametrize("radii", [(20.0, 10.0), (3.0, 150.0), (7.0, 7.0)])
@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, -2.0])
def test_every_point_of_an_ellipse_fulfils_its_equation(radii: tuple[float, float], angle: float) -> None:
    outline = ellipse_ring(np.array([50.0, 60.0]), np.array(radii), angle)
    # Undo the turn: "clockwise" with y pointing down is the usual positive angle in the formula.
    x, y = (outline - (50.0, 60.0)).T
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    assert np.allclose((along / radii[0]) ** 2 + (across / radii[1]) ** 2, 1)
    assert ring_area(outline) == pytest.approx(math.pi * radii[0] * radii[1], rel=0.02)


def test_rings_turn_clockwise_about_any_point() -> None:
    turned = turn_ring(as_ring((12, 5), (10, 7)), np.array([10.0, 5.0]), math.pi / 2)
    assert np.allclose(turned, [(10, 7), (8, 5)])


def test_strokes_have_the_area_of_a_pen() -> None:
    (line,) = stroke_rings(as_ring((0, 0), (10, 0)), 4)
    assert ring_area(line) == pytest.approx(10 * 4 + math.pi * 4, rel=0.02)
    (dot,) = stroke_rings(as_ring((5, 5)), 4)
    assert ring_area(dot) == pytest.approx(math.pi * 4, rel=0.02)


def test_a_figure_of_eight_has_an_area_and_a_line_has_none() -> None:
    eight = as_ring((0, 0), (10, 10), (10, 0), (0, 10))
    assert ring_area(eight) == pytest.approx(50)
    assert crosses_itself(eight)
    assert ring_area(as_ring((0, 0), (10, 10), (5, 5))) == 0
    assert ring_area(as_ring((3, 3), (3, 3), (3, 3))) == 0


@given(ring)
def test_clipping_stays_inside_and_loses_nothing_that_was(points: Ring) -> None:
    clipped = clip(points, WIDTH, HEIGHT)
    rings = outer_rings(clipped)
    assert all(is_inside(outline, WIDTH, HEIGHT) for outline in rings)
    whole = shapely.make_valid(shapely.Polygon(points))
    kept = sum(shapely.Polygon(outline).area for outline in rings)
    kept -= sum(shapely.Polygon(hole).area for hole in inner_rings(clipped))
    assert kept == pytest.approx(shapely.intersection(whole, BOX).area, abs=1e-3, rel=1e-6)


def test_a_hole_that_crossing_makes_is_kept() -> None:
    pentagram = as_ring(*((30 + 15 * math.cos(a), 20 + 15 * math.sin(a)) for a in np.arange(5) * 4 * math.pi / 5))
    mended = clip(pentagram, WIDTH, HEIGHT)
    total = sum(ring_area(outline) for outline in outer_rings(mended))
    holes = sum(ring_area(hole) for hole in inner_rings(mended))
    assert total - holes == pytest.approx(mended.area)


def test_what_lies_on_the_border_is_inside() -> None:
    border = as_ring((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT))
    assert is_inside(border, WIDTH, HEIGHT)
    assert not is_inside(border + 0.01, WIDTH, HEIGHT)
    assert outer_rings(clip(border + 100, WIDTH, HEIGHT)) == []
