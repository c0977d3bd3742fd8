"""The files of a source, listed once and handed to everything that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.errors import UserError
from yolact_kit.listing import Listing, list_folder
from yolact_kit.pixels.formats import is_picture, is_video, unread_format

_RIGHTS = "Give yourself the right to read it, or leave it out of the source."

REPORT = "conversion.json"
"""Name of the report that `yolact_kit.datasets.convert` writes into the folder of a data set."""


class SourceFolder:
    """A source of labels: a folder, or one file in it. Every folder is listed at most once.

    Args:
        source: A folder, one annotation file, or the YAML file that describes a folder.
        masks: A folder of mask pictures, which may be all the annotation there is.

    Attributes:
        source: The folder or the annotation file; of a YAML file the folder that it lies in.
        root: The folder.
        description: The YAML file, where the source was given as one.
        masks: The folder of mask pictures.

    Example:
        >>> SourceFolder(Path("photos")).under(Path("photos/in/a"))
        []
    """

    def __init__(self, source: Path, masks: Path | None = None) -> None:
        is_description = source.is_file() and source.suffix.lower() in (".yaml", ".yml")
        self.description = source if is_description else None
        self.source = source.parent if is_description else source
        self.root = self.source if self.source.is_dir() else self.source.parent
        self.masks = masks
        self._listings: list[Listing] = []
        self._under: dict[Path, list[Path]] = {}

    @property
    def files(self) -> list[Path]:
        """All files of the folder."""
        return self.under(self.root)

    @cached_property
    def candidates(self) -> list[Path]:
        """The files that may hold labels: the one file, or all of the folder except the report of ``convert``."""
        if not self.source.is_dir():
            return [self.source]
        return [path for path in self.files if path != self.source / REPORT]

    @cached_property
    def picture_stems(self) -> set[Path]:
        """Paths of the pictures among the candidates, without their suffixes."""
        return {path.with_suffix("") for path in self.candidates if is_picture(path)}

    def has(self, name: str) -> bool:
        """Whether the source is a folder with a file of this name at its top."""
        return (self.source / name).is_file()

    @property
    def top_files(self) -> list[Path]:
        """The files in the folder itself, without those of its subfolders."""
        return [path for path in self.files if path.parent == self.root]

    def name(self, path: Path) -> str:
        """The name of a file in problems; see `name_below`."""
        return name_below(self.root, path)

    def under(self, folder: Path) -> list[Path]:
        """All files under a folder, of the source or not, in a fixed order; hidden ones are left out.

        Args:
            folder: The folder.

        Returns:
            The files.
        """
        if folder not in self._under:
            # A listing of a folder holds those of its subfolders; hidden ones, which it passed over, are listed anew.
            listing = next((listing for listing in self._listings if folder in listing.folders), None)
            if listing is None:
                listing = list_folder(folder)
                self._listings.append(listing)
            if folder in listing.unreadable:
                raise UserError(f"The folder '{folder}' cannot be read.", _RIGHTS)
            inner = [files for parent, files in listing.folders.items() if parent.is_relative_to(folder)]
            self._under[folder] = [path for files in inner for path in files]
        return self._under[folder]

    def passed_over(self, used: set[Path]) -> list[Problem]:
        """What was passed over: folders that cannot be read, lost links, videos, pictures of formats that are not read.

        Args:
            used: Files that were not passed over.

        Returns:
            A problem for each.
        """
        problems = Problems()
        for listing in self._listings:
            for code, path, message in passed_over(listing, videos=False):
                if path not in used:
                    problems.file = self.name(path)
                    problems.add(code, message)
        return problems.found


def passed_over(listing: Listing, videos: bool) -> Iterator[tuple[str, Path, str]]:
    """What of a folder is passed over though it may hold pictures.

    Args:
        listing: The files of the folder.
        videos: Whether videos are read.

    Yields:
        The code of a problem, the file or folder, and what is wrong with it.
    """
    for path in listing.unreadable:
        yield "folder-unreadable", path, "The folder cannot be read."
    for path in listing.lost:
        yield "link-lost", path, "The link leads nowhere."
    for path in listing.files:
        if unread_format(path):
            yield "picture-unread", path, f"Its format, {unread_format(path)}, is not read."
        elif is_video(path) and not videos:
            yield "video-passed-over", path, "It is a video; labels are read of pictures only."


def name_below(root: Path, path: Path) -> str:
    """The name of a file in problems: its path relative to a folder, or its whole path if it lies elsewhere.

    Example:
        >>> name_below(Path("photos"), Path("photos/in/a.json"))
        'in/a.json'
    """
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
