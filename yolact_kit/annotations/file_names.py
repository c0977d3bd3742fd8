"""Comparing names of files and folders, as people and programs of all systems write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def comparable(name: str) -> str:
    """A name in a form that can be compared, whatever its case and Unicode form.

    Example:
        >>> comparable("CUP.JPG")
        'cup.jpg'
    """
    return unicodedata.normalize("NFC", name).casefold()


def common_start(first: Iterable[str], second: Iterable[str]) -> int:
    """How many names at the beginning of two lists are the same, in the form that names are compared in.

    Example:
        >>> common_start(["Photos", "a"], ["photos", "b"])
        1
    """
    count = 0
    for name, other in zip(first, second, strict=False):
        if comparable(name) != comparable(other):
            break
        count += 1
    return count
