"""Listing the files below a folder, and what of it cannot be listed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Listing:
    """The files below a folder.

    Attributes:
        folders: The files of each folder, in a fixed order. Hidden files are left out, and pipes, sockets and devices,
            since reading one can wait forever; links that lead nowhere are not.
        unreadable: The folders whose content cannot be listed.
        lost: The links that lead nowhere, or in a circle.
    """

    folders: dict[Path, list[Path]] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)
    lost: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files, those of a folder before those of the folders in it."""
        return [path for files in self.folders.values() for path in files]


def list_folder(root: Path) -> Listing:
    """Lists the files of a folder and of the folders below it; links to folders are followed once.

    Args:
        root: The folder.

    Returns:
        The files, and what could not be listed.

    Example:
        >>> list_folder(Path("no such folder")).files
        []
    """
    listing = Listing()
    visited = {os.path.realpath(root)}

    def note(error: OSError) -> None:
        if isinstance(error, PermissionError):
            listing.unreadable.append(Path(error.filename))

    for folder, subfolders, names in os.walk(root, onerror=note, followlinks=True):
        unvisited = []
        for name in sorted(subfolders):
            real = os.path.realpath(Path(folder, name))
            if not name.startswith(".") and name != "__MACOSX" and real not in visited:
                visited.add(real)
                unvisited.append(name)
        subfolders[:] = unvisited
        listing.folders[Path(folder)] = _files(Path(folder), names, listing)
    return listing


def _files(folder: Path, names: list[str], listing: Listing) -> list[Path]:
    """The files among the entries of a folder; adds to the rest of the listing what is none."""
    files: list[Path] = []
    for name in sorted(name for name in names if not name.startswith(".")):
        path = folder / name
        try:
            is_file = stat.S_ISREG(path.stat().st_mode)
        except PermissionError:  # names can be listed, but nothing can be opened
            listing.unreadable.append(folder)
            break
        except OSError:
            is_file = True
            listing.lost.append(path)
        if is_file:
            files.append(path)
    return files
