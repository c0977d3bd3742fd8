from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.datasets.statistics import ObjectTable
from yolact_kit.planning.input_size import SIZES, choose_size


def table(*sides: float) -> ObjectTable:
    """Square objects of these sides in pixels of a picture of 256 px."""
    boxes = np.array([[0, 0, side / 256, side / 256] for side in sides]).reshape(-1, 4)
    labels = np.zeros(len(sides), np.int64)
    return ObjectTable(boxes, labels, labels, np.full(len(sides), "train"))


@pytest.mark.parametrize(
    ("sides", "size"),
    [
        ((40.0,) * 10, 256),
        ((40.0,) * 9 + (5.0,), 256),  # few of them are small
        ((40.0,) * 8 + (10.0,) * 2, 320),
        ((9.0,) * 10, 384),
        ((7.0,) * 10, 512),
        ((2.0,) * 10, 512),  # small at every size
        ((), 256),
    ],
)
def test_small_objects_get_larger_pictures(sides: tuple[float, ...], size: int) -> None:
    assert choose_size(table(*sides), 256).size == size


def test_the_reason_says_what_it_costs_and_how_to_do_without() -> None:
    reason = choose_size(table(*(9.0,) * 10), 256).reason
    assert reason.startswith("100% of the objects are smaller than 12 px in pictures of 256 px, 0% in these")
    assert "2.2 times as long (`--size 256` is faster)" in reason


def test_a_larger_preset_is_not_made_smaller() -> None:
    assert choose_size(table(*(100.0,) * 10), 384).size == 384
    assert choose_size(table(100.0), 600).size == 600
    assert max(SIZES) == 512
