"""The folder of pictures that an annotation file belongs to, for files that name pictures without their folders."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from yolact_kit.annotations.file_names import common_end, common_start, comparable, posix_path, spellings
from yolact_kit.annotations.readers.contract import ReadContext
from yolact_kit.annotations.source import RawPicture
from yolact_kit.annotations.split_lists import split_in_folders

GENERAL_WORDS = frozenset(
    ("annotation", "annotations", "coco", "data", "dataset", "default", "image", "images", "img", "imgs", "instance",
     "instances", "json", "label", "labels", "mask", "masks", "photo", "photos", "picture", "pictures", "result",
     "results")
)  # fmt: skip
"""Words that say nothing of which pictures a file or a folder holds."""

Rank = tuple[int, int, int]
"""How well a folder fits an annotation file; see `PictureFolders`."""


class PictureFolders:
    """Where the pictures of annotation files lie that name them without their folders.

    COCO's files do: ``annotations/instances_train2017.json`` lists ``0001.jpg``, which lies in ``train2017``, and
    another ``0001.jpg`` in ``val2017``. The folder of a file is the one of the same split; of several the one whose
    path has the most words in common with the file's, and then the nearest.

    Args:
        context: The source, with its pictures.
    """

    def __init__(self, context: ReadContext) -> None:
        self._context = context

    def resolve(self, file: Path, pictures: Iterable[RawPicture]) -> None:
        """Puts the folder in front of the names that a file gives its pictures, in place.

        Names that lead to a picture as they are, or of which nothing tells which folder is meant, stay as they are. A
        picture that is missing from the folder of its file gets the folder as well, so that it is not mistaken for a
        picture of another split.

        Args:
            file: The annotation file.
            pictures: The pictures that it lists.
        """
        unresolved = self._unresolved(file, pictures)
        candidates = {raw.reference: self._folders(raw.reference) for raw in unresolved}
        counts = Counter(folder for folders in candidates.values() for folder in folders)
        ranks = {folder: self._rank(file, folder) for folder in counts}
        same_split = [folder for folder, rank in ranks.items() if rank[0] > 0]
        home = max(same_split, key=lambda folder: (ranks[folder], counts[folder]), default=None)
        for raw in unresolved:
            folder = _best(candidates[raw.reference], ranks, home)
            if folder is None:
                # Only a folder of another split has it: it has to be searched, and yields to labels of that split.
                raw.name = raw.reference if _is_of_another_split(candidates[raw.reference], ranks) else ""
            else:
                raw.name, raw.reference = raw.reference, _from(file, folder, raw.reference)

    def _unresolved(self, file: Path, pictures: Iterable[RawPicture]) -> list[RawPicture]:
        """The pictures whose names do not lead to them as they are."""
        # A folder of --pictures counts unless it is that of another split.
        bases = [file.parent, *(root for root in self._context.index.roots if self._rank(file, root)[0] >= 0)]
        return [raw for raw in pictures if raw.reference and not self._is_path(bases, raw.reference)]

    def _is_path(self, bases: list[Path], reference: str) -> bool:
        """Whether a name leads to a picture, seen from one of these folders."""
        index = self._context.index
        return any(index.has(base / path) for path in spellings(posix_path(reference)) for base in bases)

    def _folders(self, reference: str) -> set[Path]:
        """The folders in which a picture lies under this name or path, in another case perhaps."""
        folders: set[Path] = set()
        for spelling in spellings(posix_path(reference)):
            parts = [part for part in spelling.parts if part not in ("/", ".", "..")]
            for entry in self._context.index.named(spelling.name):
                if common_end(parts, entry.path.parts) == len(parts):
                    folders.add(entry.path.parents[len(parts) - 1])
        return folders

    def _rank(self, file: Path, folder: Path) -> Rank:
        """How well a folder fits a file; the first difference decides.

        Whether both are of one split (1), of two (-1), or this cannot be told (0); how many words their paths have in
        common; how many folders.
        """
        own, other = self._names(file.with_suffix("")), self._names(folder)
        splits = split_in_folders(own), split_in_folders(other)
        same_split = 0 if "" in splits else 1 if splits[0] == splits[1] else -1
        return same_split, len(_words(own) & _words(other)), common_start(own, other)

    def _names(self, path: Path) -> list[str]:
        """The names of a path below the source, or below ``--pictures`` with that folder's own name."""
        for root in self._context.index.roots:
            if path.is_relative_to(root):
                names = list(path.relative_to(root).parts)
                source = self._context.folder.root
                is_apart = not (source.is_relative_to(root) or root.is_relative_to(source))
                return [root.name, *names] if is_apart else names
        return [path.name]


def _best(folders: set[Path], ranks: dict[Path, Rank], home: Path | None) -> Path | None:
    """The folder that fits best; None where there is none, or where two fit equally well.

    If all of them are of other splits, the picture is missing from the folder of its own, ``home``.
    """
    ranked = sorted(folders, key=lambda folder: ranks[folder])
    if not ranked:
        return None
    if ranks[ranked[-1]][0] < 0:
        return home
    is_clear = len(ranked) == 1 or ranks[ranked[-2]] < ranks[ranked[-1]]
    return ranked[-1] if is_clear else None


def _is_of_another_split(folders: set[Path], ranks: dict[Path, Rank]) -> bool:
    return bool(folders) and all(ranks[folder][0] < 0 for folder in folders)


def _words(names: list[str]) -> set[str]:
    """The words of a path that tell folders of pictures apart."""
    return {word for name in names for word in re.split(r"[\W_]+", comparable(name)) if word} - GENERAL_WORDS


def _from(file: Path, folder: Path, reference: str) -> str:
    """The path of a picture in a folder, seen from its annotation file.

    It begins with two dots, so that it cannot be taken for a path that the file itself gives.
    """
    path = posix_path(os.path.relpath(folder, file.parent))
    if path.parts[:1] != ("..",):
        path = PurePosixPath("..", file.absolute().parent.name, path)
    return (path / posix_path(reference)).as_posix()
