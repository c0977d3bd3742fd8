"""Where pictures to predict on come from: files, folders and globs."""

from __future__ import annotations

import glob
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.pictures import EXTENSIONS, PictureError, read_picture
from yolact_kit.errors import UserError

_VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg"}
_LATER = "Videos, cameras, URLs and '-' are not available yet: give pictures, a folder or a glob."


class SourcePicture(NamedTuple):
    """A picture to predict on.

    Attributes:
        name: Its path relative to the source that it was found under, with forward slashes; unique in its list.
        path: Where it lies.
    """

    name: str
    path: Path


def find_pictures(sources: str | Path | Sequence[str | Path]) -> list[SourcePicture]:
    """The pictures that sources stand for.

    Args:
        sources: One source or several: a picture, a folder (with the folders in it) or a glob such as ``in/**/*.jpg``.

    Returns:
        The pictures, each once, in the order of the sources and by name within one.

    Raises:
        UserError: A source does not exist, holds no picture, or is of a kind that is not available.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "컵.jpg").touch()
        >>> [picture.name for picture in find_pictures(folder)]
        ['컵.jpg']
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    if not given:
        raise UserError("There is nothing to predict on.", "Give a picture, a folder or a glob.")
    single = [Path(source).resolve() for source in given if Path(source).is_file()]
    base = _common_folder(single)
    found: dict[Path, str] = {}
    names: set[str] = set()
    for number, source in enumerate(given, start=1):
        for path, below in _find(source, base):
            if path.resolve() in found:
                continue
            name = below if below.casefold() not in names else f"{number}/{below}"
            found[path.resolve()] = name
            names.add(name.casefold())
    return [SourcePicture(name, path) for path, name in found.items()]


def _find(source: str | Path, base: Path) -> list[tuple[Path, str]]:
    """The pictures of one source, each with its name."""
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if _is_picture(file.relative_to(path), file))
        if not files:
            raise UserError(
                f"The folder '{source}' holds no picture.", f"Pictures end in {', '.join(sorted(EXTENSIONS))}."
            )
        return [(file, file.relative_to(path).as_posix()) for file in files]
    if path.is_file():
        if path.suffix.lower() in _VIDEOS:
            raise UserError(f"'{source}' is a video.", _LATER)
        return [(path, path.resolve().relative_to(base).as_posix())]
    return _find_glob(str(source))


def _find_glob(pattern: str) -> list[tuple[Path, str]]:
    if re.fullmatch(r"-|\d+", pattern) or "://" in pattern:
        raise UserError(f"'{pattern}' is no picture, folder or glob.", _LATER)
    if not glob.has_magic(pattern):
        raise UserError(f"'{pattern}' does not exist.", "Check the spelling: give a picture, a folder or a glob.")
    fixed = Path(re.split(r"[*?\[]", pattern)[0] + "x").parent
    files = sorted(Path(file) for file in glob.glob(pattern, recursive=True))  # noqa: PTH207 - takes absolute patterns
    pictures = [file for file in files if _is_picture(file.relative_to(fixed), file)]
    if not pictures:
        raise UserError(f"No picture matches '{pattern}'.", "Check the pattern; put it in quotes.")
    return [(file, file.relative_to(fixed).as_posix()) for file in pictures]


def _is_picture(below: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in below.parts)
    return not hidden and file.suffix.lower() in EXTENSIONS and file.is_file()


def _common_folder(files: Sequence[Path]) -> Path:
    """The folder that all files lie under; the root of nothing where they are on several drives."""
    try:
        return Path(os.path.commonpath([file.parent for file in files])) if files else Path()
    except ValueError as error:
        raise UserError("The pictures lie on several drives.", "Predict on each drive by itself.") from error


def read_pictures(
    pictures: Iterable[SourcePicture], on_problem: Callable[[SourcePicture, PictureError], None], ahead: int = 8
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Reads pictures in a thread of its own, so that decoding and predicting go on at the same time.

    Args:
        pictures: The pictures.
        on_problem: Called with each picture that cannot be read; it is left out.
        ahead: At most so many decoded pictures wait.

    Yields:
        Name and pixels uint8 [H, W, 3], red, green, blue, upright, in the order given.
    """
    remaining = iter(pictures)
    waiting: deque[tuple[SourcePicture, Future[NDArray[np.uint8]]]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode") as reader:
        try:
            waiting.extend((picture, reader.submit(read_picture, picture.path)) for picture in islice(remaining, ahead))
            while waiting:
                picture, future = waiting.popleft()
                try:
                    pixels = future.result()
                except PictureError as error:
                    on_problem(picture, error)
                else:
                    yield picture.name, pixels
                waiting.extend((extra, reader.submit(read_picture, extra.path)) for extra in islice(remaining, 1))
        finally:
            reader.shutdown(wait=False, cancel_futures=True)
