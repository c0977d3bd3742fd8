from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.json_text import json_text, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
SMALL = st.integers(-(2**63), 2**64 - 1)


@given(VALUES)
def test_what_is_written_is_read_again(document: Any) -> None:
    for indent in (False, True):
        assert json.loads(json_text(document, indent)) == document


@given(st.lists(SMALL | st.floats(allow_nan=False, allow_infinity=False) | st.text(), max_size=5))
def test_it_reads_as_python_does(document: list[Any]) -> None:
    text = json.dumps(document)
    read = parse_json(text)
    assert read == json.loads(text)
    assert [type(value) for value in read] == [type(value) for value in document]


def test_what_only_python_reads_is_read() -> None:
    assert math.isnan(parse_json("[NaN]")[0])
    assert parse_json("-Infinity") == -math.inf
    assert parse_json('"\\ud800"') == "\ud800"


@pytest.mark.parametrize("text", ["", "[1,]", '"\x01"', "{'a': 1}", "1 2"])
def test_what_is_no_json_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_json(text)


def test_text_that_no_file_can_hold_is_escaped() -> None:
    assert json_text({"a": "컵"}) == '{"a":"컵"}\n'
    assert json_text({"a": "\udcff"}) == '{"a": "\\udcff"}\n'
    assert json_text({"a": "\udcff"}, indent=True) == '{\n  "a": "\\udcff"\n}\n'
