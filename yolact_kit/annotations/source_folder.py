"""The files of a source, listed once and handed to everything that asks for them."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from yolact_kit.pixels.pictures import EXTENSIONS

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
        self._trees: list[dict[Path, list[Path]]] = []
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
        return {path.with_suffix("") for path in self.candidates if path.suffix.lower() in EXTENSIONS}

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
            tree = next((tree for tree in self._trees if folder in tree), None)
            if tree is None:
                tree = _list_tree(folder)
                self._trees.append(tree)
            inner = [files for parent, files in tree.items() if parent.is_relative_to(folder)]
            self._under[folder] = [path for files in inner for path in files]
        return self._under[folder]


def name_below(root: Path, path: Path) -> str:
    """The name of a file in problems: its path relative to a folder, or its whole path if it lies elsewhere.

    Example:
        >>> name_below(Path("photos"), Path("photos/in/a.json"))
        'in/a.json'
    """
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _list_tree(root: Path) -> dict[Path, list[Path]]:
    """The files of a folder and of each folder below it; links to folders are followed once.

    Pipes, sockets and devices are left out, since reading one can wait forever; links that lead nowhere are not.
    """
    tree: dict[Path, list[Path]] = {}
    visited = {os.path.realpath(root)}
    for folder, subfolders, names in os.walk(root, followlinks=True):
        unvisited = []
        for name in sorted(subfolders):
            real = os.path.realpath(Path(folder, name))
            if not name.startswith(".") and name != "__MACOSX" and real not in visited:
                visited.add(real)
                unvisited.append(name)
        subfolders[:] = unvisited
        paths = (Path(folder, name) for name in sorted(names) if not name.startswith("."))
        tree[Path(folder)] = [path for path in paths if path.is_file() or not path.exists()]
    return tree
