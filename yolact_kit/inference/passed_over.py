"""What a call passes over of the folders that it is given, and the pictures of which it reads only the first frame."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.source_folder import passed_over
from yolact_kit.inference.sources import SourcePicture
from yolact_kit.listing import Listing, list_folder
from yolact_kit.pixels.formats import may_have_frames
from yolact_kit.pixels.pictures import PictureError, inspect_picture


def find_passed_over(sources: str | Path | Iterable[str | Path], pictures: Iterable[SourcePicture]) -> list[Problem]:
    """Finds what was passed over: unreadable folders, lost links, formats that are not read, further pages and frames.

    Args:
        sources: What was given to `yolact_kit.inference.sources.find_pictures`.
        pictures: What it found.

    Returns:
        A problem for each; an error where a folder cannot be read, else warnings.
    """
    problems = Problems()
    for listing in _listings([sources] if isinstance(sources, str | Path) else sources):
        for code, path, message in passed_over(listing, videos=True):
            problems.file = path.as_posix()
            problems.add(code, message)
    for picture in pictures:
        frames = _frames(picture)
        if frames > 1:
            problems.file = picture.name
            problems.add("picture-frames", f"It has {frames} pages or frames; the first is used.")
    return problems.found


def _listings(sources: Iterable[str | Path]) -> Iterator[Listing]:
    """The folders among the sources, and the files that globs match."""
    for source in sources:
        path = Path(source)
        with suppress(OSError, ValueError):  # a name that no file can have
            if path.is_dir():
                yield list_folder(path)
            elif not path.exists() and glob.has_magic(str(source)):
                matches = [Path(match) for match in glob.glob(str(source), recursive=True)]  # noqa: PTH207
                yield Listing({path: sorted(match for match in matches if match.is_file())})


def _frames(picture: SourcePicture) -> int:
    """How many pages or frames a picture has; 1 where that cannot be told without reading it."""
    if not picture.on_disk or picture.moves or not may_have_frames(picture.path):
        return 1
    try:
        return inspect_picture(picture.path).frames
    except PictureError:  # which is reported when it is read
        return 1
