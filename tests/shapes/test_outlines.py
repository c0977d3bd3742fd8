from __future__ import annotations

import numpy as np
import pytest
import shapely

from yolact_kit.shapes.crops import decode_crop
from yolact_kit.shapes.outlines import outlines
from yolact_kit.shapes.rle import decode_rle, encode_mask, rings_to_rle

HEIGHT, WIDTH = 120, 160
Y, X = np.mgrid[:HEIGHT, :WIDTH]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return (X - x) ** 2 + (Y - y) ** 2 < radius**2


MASKS = {
    "disc": disc(60, 50, 40),
    "ring": disc(60, 50, 40) & ~disc(60, 50, 20),
    "three holes": disc(60, 60, 55) & ~disc(40, 40, 8) & ~disc(80, 40, 9) & ~disc(60, 85, 12),
    "two parts": disc(50, 50, 30) | disc(130, 50, 15),
    "at the borders": np.ones((HEIGHT, WIDTH), dtype=bool),
    "pixel": disc(5, 7, 0.5),
    "line": (X == 5) & (Y > 3) & (Y < 90),
    "slanting band": abs(X - Y) < 4,
    "nothing": np.zeros((HEIGHT, WIDTH), dtype=bool),
}


def polygons(mask: np.ndarray, simplify: float) -> list[np.ndarray]:
    return outlines(decode_crop(encode_mask(mask)), WIDTH, HEIGHT, simplify)


def filled(rings: list[np.ndarray]) -> np.ndarray:
    return decode_rle(rings_to_rle(rings, HEIGHT, WIDTH)) > 0 if rings else MASKS["nothing"]


@pytest.mark.parametrize("name", MASKS)
def test_without_an_error_allowed_the_mask_comes_back_to_the_pixel(name: str) -> None:
    np.testing.assert_array_equal(filled(polygons(MASKS[name], 0)), MASKS[name])


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("simplify", [0.5, 1.0, 3.0])
def test_outlines_keep_within_the_allowed_error(name: str, simplify: float) -> None:
    mask = MASKS[name]
    rings = polygons(mask, simplify)
    assert all(shapely.Polygon(ring).is_valid for ring in rings)
    assert all(ring.min() >= 0 and (ring.max(axis=0) <= (WIDTH, HEIGHT)).all() for ring in rings)
    exact, simple = (
        shapely.union_all([shapely.Polygon(ring) for ring in found]) for found in (polygons(mask, 0), rings)
    )
    if mask.any():
        assert shapely.hausdorff_distance(exact.boundary, simple.boundary, densify=0.05) <= simplify + 0.02
        assert sum(map(len, rings)) <= sum(map(len, polygons(mask, 0))) + 2


def test_crumbs_and_pinholes_are_left_out() -> None:
    mask = disc(60, 50, 40) & ~disc(60, 50, 1) | disc(130, 50, 1)
    assert len(polygons(mask, 0)) == 3  # two halves about the hole, and the crumb
    assert len(polygons(mask, 2)) == 1
