"""What of an object lies in its picture."""

from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.annotations.dataset import Instance
from yolact_kit.datasets.clipping import clipped, is_outside


def square(x: float, y: float) -> Instance:
    return Instance("너트", [np.array([[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10]], dtype=float)])


@pytest.mark.parametrize(("x", "y", "outside"), [(0, 0, False), (25, 5, False), (30, 5, True), (5, -10, True)])
def test_an_object_is_outside_if_it_only_touches_its_picture(x: float, y: float, outside: bool) -> None:
    assert is_outside(square(x, y), 30, 20) is outside
    assert (clipped(square(x, y), 30, 20) is None) is outside


def test_the_part_in_the_picture_is_left() -> None:
    part = clipped(square(25, 5), 30, 20)
    assert part is not None
    assert part.box() == (25.0, 5.0, 5.0, 10.0)
