"""Comparing names of files and folders, as people and programs of all systems write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote

LOCAL_FILE = "?d="
"""What Label Studio puts before the path of a file on its own machine: ``/data/local-files/?d=photos/a.jpg``."""


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


def common_end(first: Sequence[str], second: Sequence[str]) -> int:
    """As `common_start`, from the end of both lists.

    Example:
        >>> common_end(["a", "photos", "day1"], ["b", "Photos", "day1"])
        2
    """
    return common_start(reversed(first), reversed(second))


def posix_path(reference: str) -> PurePosixPath:
    r"""A path in an annotation file, which may have been written on Windows.

    Example:
        >>> str(posix_path(r"day1\a.jpg"))
        'day1/a.jpg'
    """
    return PurePosixPath(reference.replace("\\", "/"))


def is_elsewhere(reference: str) -> bool:
    """Whether a path in an annotation file is an address, or begins at the root of some computer.

    Example:
        >>> is_elsewhere("C:/photos/a.jpg"), is_elsewhere("https://host/a.jpg"), is_elsewhere("../a.jpg")
        (True, True, False)
    """
    return "://" in reference or bool(PureWindowsPath(reference).anchor)


def spellings(reference: PurePosixPath) -> list[PurePosixPath]:
    """The paths that a path in an annotation file can mean.

    Programs that serve pictures write addresses instead of paths: percent-encoded, or with the path after ``?d=``.
    But a percent sign can also belong to the name, so the path as it is written comes first.

    Args:
        reference: The path as it is written.

    Returns:
        The path as it is written, the path after ``?d=``, and that path decoded; each only if it is another one.

    Example:
        >>> [str(path) for path in spellings(PurePosixPath("/data/local-files/?d=a%20b.jpg"))]
        ['/data/local-files/?d=a%20b.jpg', 'a%20b.jpg', 'a b.jpg']
    """
    text = str(reference)
    path = text.partition(LOCAL_FILE)[2] or text
    paths = [reference, PurePosixPath(path), posix_path(unquote(path))]
    return [path for path in dict.fromkeys(paths) if path == reference or "\0" not in str(path)]
