"""Names that mean the same file on some system are equal."""

from __future__ import annotations

import pytest

from yolact_kit.annotations.file_names import common_start, comparable


@pytest.mark.parametrize(("name", "other"), [("CUP.JPG", "cup.jpg"), ("\u1100\u1161", "\uac00"), ("Straße", "STRASSE")])
def test_case_and_unicode_form_do_not_matter(name: str, other: str) -> None:
    assert comparable(name) == comparable(other)


def test_other_names_differ() -> None:
    assert comparable("a.jpg") != comparable("b.jpg")


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [(["a", "b", "c"], ["A", "b", "d", "c"], 2), (["a"], ["a", "b"], 1), (["a"], ["b"], 0), ([], ["a"], 0)],
)
def test_the_common_start_ends_at_the_first_difference(first: list[str], second: list[str], count: int) -> None:
    assert common_start(first, second) == common_start(iter(second), first) == count
