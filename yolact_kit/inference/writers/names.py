"""File names for what is written about a picture."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath


class Names:
    """Gives each picture a file name of its own, also where two differ in their suffix or in upper and lower case only.

    Example:
        >>> names = Names()
        >>> names.give("a/cup.jpg", ".png"), names.give("a/cup.png", ".png")
        ('a/cup.png', 'a/cup.png.png')
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, name: str, suffix: str) -> str:
        """A relative path that no other picture has.

        Args:
            name: The picture's name, relative, with forward slashes; an absolute one gives its last part.
            suffix: What the file ends in; empty for a folder.

        Returns:
            The path, with forward slashes.
        """
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            path = PurePosixPath(path.name)
        candidates = [path.with_suffix(suffix), path.with_name(path.name + suffix)]
        candidates += [path.with_name(f"{path.name}-{number}{suffix}") for number in range(2, 1000)]
        chosen = next(one for one in candidates if self._key(one) not in self._taken)
        self._taken.add(self._key(chosen))
        return chosen.as_posix()

    @staticmethod
    def _key(path: PurePosixPath) -> str:
        return unicodedata.normalize("NFC", path.as_posix()).casefold()


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
