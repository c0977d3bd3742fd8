from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.durations import format_duration, parse_duration
from yolact_kit.errors import UserError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("4m", 240), ("1h30m", 5400), ("1h30m10s", 5410), ("1.5h", 5400), ("2H", 7200), ("1h 30m", 5400)],
)
def test_reads_what_people_write(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "4", "m", "4 minutes", "-4m", "0s", "30m1h", "1e3s", "nan", "4m4m", "４m"])
def test_refuses_everything_else_and_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_duration(text)
    assert repr(text)[1:-1] in caught.value.message
    assert "1h30m" in caught.value.advice


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.4, "0s"), (59.6, "1m"), (90, "1m30s"), (240, "4m"), (5400, "1h30m")]
)
def test_writes_whole_seconds(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=1, max_value=10**7))
def test_reads_what_it_writes(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds
