"""Finding a folder whose path was written down before it, or the whole project, was moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path


def find_moved(path: str, near: Path, is_it: Callable[[Path], bool]) -> Path | None:
    r"""Looks for a folder around another one that was moved with it.

    The end of the old path is tried below each folder above ``near``: ``/home/me/project/data`` was written down in
    ``/home/me/project/runs/first``, which is ``D:\work\project\runs\first`` now, so the folder is
    ``D:\work\project\data``.

    Args:
        path: The old path, of this system or another.
        near: A folder that has probably been moved together with it.
        is_it: Whether a folder that exists is the right one.

    Returns:
        The folder; None if there is none.

    Example:
        >>> find_moved("C:\\old\\data", Path("/nowhere/runs"), Path.is_dir)
    """
    parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".", "..")]
    near = near.resolve()
    # The longest end of the path is the surest; below it, the nearest folder.
    for first in range(len(parts)):
        for above in (near, *near.parents):
            candidate = above.joinpath(*parts[first:])
            if candidate.is_dir() and is_it(candidate):
                return candidate
    return None
