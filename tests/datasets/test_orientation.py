from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.annotations.read import read_source
from yolact_kit.datasets.orientation import direction, orientation


def bar(angle: float, backwards: bool = False, length: float = 40) -> Instance:
    """A bar of width 10 that lies at ``angle`` radians to the horizontal."""
    corners = np.array([[-length / 2, -5], [length / 2, -5], [length / 2, 5], [-length / 2, 5]])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    ring = corners @ turn + 50
    return Instance("bar", [ring[::-1].copy() if backwards else ring])


def picture(instances: list[Instance]) -> Picture:
    return Picture("a.png", 100, 100, Path("a.png"), instances)


@given(st.floats(0, math.pi - 0.01), st.booleans())
def test_the_direction_of_a_bar_is_its_own(angle: float, backwards: bool) -> None:
    found = direction(bar(angle, backwards), picture([]))
    assert found is not None
    assert abs(math.sin(found - angle)) < 0.01


@pytest.mark.parametrize("angle", [0.3, 2.0])
def test_a_mask_has_the_direction_of_its_polygon(angle: float) -> None:
    polygon = bar(angle)
    mask = Instance("bar", rle=polygon.encode(100, 100))
    found = direction(mask, picture([]))
    assert found is not None
    assert abs(math.sin(found - angle)) < 0.05


def test_a_square_has_no_direction() -> None:
    assert direction(bar(0.5, length=10), picture([])) is None


def test_bars_all_round_lie_any_way_and_standing_ones_do_not() -> None:
    around = picture([bar(math.pi * number / 40) for number in range(40)])
    standing = picture([bar(math.pi / 2 + 0.1 * math.sin(number)) for number in range(40)])
    assert orientation([around]).any_way
    assert orientation([around]).agreement < 0.05
    assert not orientation([standing]).any_way
    assert orientation([standing]).agreement > 0.95


def test_two_classes_that_each_stand_their_own_way_do_not_lie_any_way() -> None:
    lying = [bar(0.0) for _ in range(30)]
    for instance in lying:
        instance.label = "lying"
    assert not orientation([picture([*lying, *(bar(math.pi / 2) for _ in range(30))])]).any_way


def test_few_objects_prove_nothing() -> None:
    assert not orientation([picture([bar(math.pi * number / 10) for number in range(10)])]).any_way


def test_nuts_on_a_table_lie_any_way_and_what_coco_shows_does_not(shared_data: Path) -> None:
    assert orientation(read_source(shared_data / "fruitnuts_labelme" / "images").dataset().pictures()).any_way
    assert not orientation(read_source(shared_data / "coco_subset").dataset().pictures()).any_way
