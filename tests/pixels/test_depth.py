"""One range of values for a set of pictures of more than 8 bits, and what the values become."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from yolact_kit.errors import UserError
from yolact_kit.pixels import depth
from yolact_kit.pixels.depth import DepthRange, OwnRange, common_range, depth_range, parse_depth_range, value_range


@pytest.mark.parametrize(
    ("ranges", "common"),
    [
        ([(0, 250), (5, 3000), (0, 16383)], (0, 16383)),
        ([(0, 900), (16, 4000)], (0, 4095)),  # 12 bits in files of 16
        ([(0, 900), (16, 4096)], (0, 4096)),  # one more is no 14-bit camera
        ([(100, 60000)], (0, 65535)),
        ([(0, 200), (0, 90)], (0, 255)),
        ([(27315, 29000), (28000, 31500)], (27315, 31500)),  # temperatures
        ([(-1024, 2000), (-900, 3071)], (-1024, 3071)),  # CT
        ([(0, 0.2), (0, 0.9)], (0, 1)),
        ([(0, 0.2), (0.1, 0.3)], (0, 0.3)),
        ([(-5, 300.5)], (-5, 300.5)),
        ([(0, 100_000)], (0, 100_000)),
        ([(7, 7), (7, 7)], (0, 255)),  # of a single value
        ([(0, 0)], (0, 255)),
        ([(300, 300)], (0, 1023)),
        ([(-7, -7)], (-7, 255)),
        ([(70_000, 70_000)], (0, 70_000)),
    ],
)
def test_the_range_of_a_set(ranges: list[tuple[float, float]], common: tuple[float, float]) -> None:
    pictures = [DepthRange(low, high) for low, high in ranges]
    assert common_range(pictures) == common_range(pictures[::-1]) == DepthRange(*common)


@pytest.mark.parametrize("values", [np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_single_pixels_do_not_count(values: Any) -> None:
    picture = np.tile(np.arange(200, dtype=values), (150, 1))
    picture[3, 4], picture[5, 6] = 30_000, 0 if values == np.uint16 else -30_000
    assert value_range(picture) == DepthRange(0, 199)
    assert value_range(picture[:10]) == DepthRange(float(picture[:10].min()), 30_000)  # one of 2000 may be the object


def test_what_is_not_a_number_does_not_count() -> None:
    picture = np.array([[np.nan, np.inf, -np.inf], [3, 5, 4]], np.float32)
    assert value_range(picture) == DepthRange(3, 5)
    assert value_range(picture[:1]) == DepthRange(0, 0)
    assert DepthRange(3, 5).to_8bit(picture).tolist() == [[0, 255, 0], [0, 255, 128]]


@pytest.mark.parametrize("values", [np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_values_are_scaled_some_rows_at_a_time(
    monkeypatch: pytest.MonkeyPatch, values: Any, channels: tuple[int, ...]
) -> None:
    drawn = np.random.default_rng(0).integers(0, 60_000, (700, 500, *channels)).astype(values)
    whole = DepthRange(1000, 50_000).to_8bit(drawn)
    order = np.argsort(drawn, axis=None)
    assert (np.diff(whole.reshape(-1)[order].astype(int)) >= 0).all()
    monkeypatch.setattr(depth, "_AT_ONCE", 2000)
    tracemalloc.start()
    try:
        assert np.array_equal(DepthRange(1000, 50_000).to_8bit(drawn), whole)
        assert tracemalloc.get_traced_memory()[1] < 3 * drawn.size  # as floats alone it would take 8 or more
    finally:
        tracemalloc.stop()


def test_a_picture_of_no_set_is_a_set_of_its_own() -> None:
    assert OwnRange().range_of(np.array([[0, 4000]], np.uint16)) == DepthRange(0, 4095)


@pytest.mark.parametrize("text", ["0", "0,1,2", "a,b", "5,3", "4,4", "0,inf", "nan,4", "", "0;4095"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UserError, match=r"not two numbers|no range") as raised:
        parse_depth_range(text)
    assert raised.value.advice


@pytest.mark.parametrize("pair", ["ab", [1], [1, 2, 3], ["a", 2], 7, [2, 1]])
def test_what_is_no_pair(pair: Any) -> None:
    with pytest.raises(UserError, match="no range"):
        depth_range(pair)
    assert depth_range(None) is None
    assert parse_depth_range(None) is None
    assert parse_depth_range(" -1024, 3071.5") == DepthRange(-1024, 3071.5)
