"""Whether a ``config.yaml`` was changed by hand: its last line is a checksum of the lines above."""

from __future__ import annotations

import hashlib
import shutil
from itertools import count
from pathlib import Path

_MARK = "# checksum of the lines above: "


def add_checksum(text: str) -> str:
    r"""Adds the line with the checksum.

    Args:
        text: The file's text, which ends in a newline.

    Returns:
        The text with one more line.

    Example:
        >>> has_changed(add_checksum("name: a\n"))
        False
    """
    return f"{text}{_MARK}{_checksum(text)}\n"


def has_changed(text: str) -> bool:
    r"""Whether a text is not exactly as `add_checksum` has given it back; ends of lines do not count.

    Args:
        text: The file's text.

    Returns:
        True for a text without a checksum as well.

    Example:
        >>> has_changed(add_checksum("name: a\n").replace("a", "b"))
        True
    """
    above, mark, checksum = "\n".join([*text.splitlines(), ""]).rpartition(_MARK)
    return not mark or checksum.strip() != _checksum(above)


def keep_changed(file: Path) -> Path | None:
    """Copies a file that was changed by hand to a name that is free, so that it can be replaced.

    Args:
        file: The file, which may be missing.

    Returns:
        The copy, such as ``config-1.yaml``; None where the file is missing or unchanged.
    """
    if not file.is_file() or not has_changed(file.read_text(encoding="utf-8-sig")):
        return None
    numbered = (file.with_name(f"{file.stem}-{number}{file.suffix}") for number in count(1))
    copy = next(path for path in numbered if not path.exists())
    shutil.copy2(file, copy)
    return copy


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
