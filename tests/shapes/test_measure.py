from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.shapes.crops import decode_crop
from yolact_kit.shapes.measure import measure
from yolact_kit.shapes.rle import encode_mask

Y, X = np.mgrid[:200, :300]


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 120, 179])
def test_the_angle_of_a_stick_is_counter_clockwise_from_the_horizontal(angle: float) -> None:
    along, across = np.cos(np.radians(angle)), -np.sin(np.radians(angle))  # the picture's y grows downwards
    x, y = X + 0.5 - 150, Y + 0.5 - 100
    stick = (abs(x * along + y * across) < 80) & (abs(-x * across + y * along) < 6)
    found = measure(decode_crop(encode_mask(stick)))
    assert found.orientation is not None and 0 <= found.orientation < 180
    assert abs((found.orientation - angle + 90) % 180 - 90) < 0.2
    assert found.centroid == pytest.approx((150, 100), abs=0.1)


def test_moments_agree_with_those_of_the_definition() -> None:
    mask = (X - 40) ** 2 / 900 + (Y - 60) ** 2 / 400 + (X - 40) * (Y - 60) / 900 < 1
    rows, columns = mask.nonzero()
    values, vectors = np.linalg.eigh(np.cov(columns, rows))
    longest = vectors[:, values.argmax()]
    found = measure(decode_crop(encode_mask(mask)))
    assert found.centroid == pytest.approx((columns.mean() + 0.5, rows.mean() + 0.5))
    assert found.orientation == pytest.approx(np.degrees(np.arctan2(-longest[1], longest[0])) % 180, abs=1e-6)


def test_squares_and_empty_masks_have_no_orientation() -> None:
    square = (X >= 10) & (X < 20) & (Y >= 5) & (Y < 15)
    assert measure(decode_crop(encode_mask(square))) == ((15, 10), None)
    assert measure(decode_crop(encode_mask(square & False))) == (None, None)
