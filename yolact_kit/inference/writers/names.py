"""File names for what is written about a picture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, count
from pathlib import PurePosixPath


class Names:
    """Gives each picture a name of its own, also where two differ in their suffix or in upper and lower case only.

    Args:
        earlier: The names that earlier pictures have.

    Example:
        >>> names = Names()
        >>> names.give("a/cup.jpg"), names.give("a/cup.png")
        ('a/cup', 'a/cup.png')
    """

    def __init__(self, earlier: Iterable[str] = ()) -> None:
        self._keys = {self._key(name) for name in earlier}

    def give(self, name: str) -> str:
        """A relative path without a suffix that no other picture has.

        Args:
            name: The picture's name, relative, with forward slashes; an absolute one gives its last part.

        Returns:
            The path, with forward slashes; a suffix is put after it.
        """
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            path = PurePosixPath(path.name)
        first = (path.with_suffix("").as_posix(), path.as_posix())
        further = (f"{path.as_posix()}-{number}" for number in count(2))
        chosen = next(candidate for candidate in chain(first, further) if self._key(candidate) not in self._keys)
        self._keys.add(self._key(chosen))
        return chosen

    @staticmethod
    def _key(name: str) -> str:
        """A name without what Windows and macOS do not tell apart: case, and the form in which accents are stored."""
        return unicodedata.normalize("NFC", name).casefold()


def safe_name(text: str) -> str:
    """A class name as part of a file name, without what Windows forbids there.

    Args:
        text: The class name.

    Returns:
        The name, letters of every script kept.

    Example:
        >>> safe_name('컵 1/2"')
        '컵_1_2_'
    """
    return re.sub(r"[\s<>:\"/\\|?*\x00-\x1f.]", "_", text)[:60] or "_"


def object_name(number: int, name: str, score: float) -> str:
    """Name of the PNG file of one detection.

    Args:
        number: Its number in the picture, from 1, the best first.
        name: Its class.
        score: 0..1.

    Returns:
        The name.

    Example:
        >>> object_name(1, "컵", 0.871)
        '001_컵_0.87.png'
    """
    return f"{number:03d}_{safe_name(name)}_{score:.2f}.png"
