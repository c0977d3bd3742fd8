"""Lists of the pictures of a split, as VOC's ``ImageSets`` and YOLO's text files have them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from yolact_kit.annotations.file_names import common_start, comparable
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.pixels.formats import is_picture

NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test",
         "testing": "test"}  # fmt: skip
"""Names that programs give to the splits, and their names here."""


def split_in_name(name: str) -> str:
    """The split that the name or path of a file or folder tells; of several words the last.

    Example:
        >>> split_in_name("annotations/instances_train2017.json"), split_in_name("trained.json")
        ('train', '')
    """
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word in NAMES]
    return NAMES[words[-1]] if words else ""


def split_in_folders(names: Iterable[str]) -> str:
    """The split that the names of folders tell; of several the innermost.

    Example:
        >>> split_in_folders(["train", "photos"]), split_in_folders(["photos"])
        ('train', '')
    """
    return split_in_name("/".join(names))


class SplitLists:
    """The splits that lists of pictures make.

    Args:
        lists: Names of the pictures of a split, by its name: paths with or without a suffix, from wherever.

    Example:
        >>> lists = SplitLists({"train": ["data/a.jpg", "b/a.jpg"], "val": ["c"]})
        >>> lists.split_of(PurePosixPath("photos/b/a.png")), lists.split_of(PurePosixPath("c.jpg"))
        ('train', 'val')
    """

    def __init__(self, lists: dict[str, list[str]]) -> None:
        self._by_stem: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
        for split, names in lists.items():
            for name in names:
                parts = _parts(PurePosixPath(name.strip().replace("\\", "/")))
                if parts:
                    self._by_stem[parts[0]].append((parts, split))

    def __bool__(self) -> bool:
        return bool(self._by_stem)

    def split_of(self, file: PurePosixPath) -> str:
        """The split of a picture: that of the listed path with the longest common end; empty if none fits."""
        own = _parts(file)
        candidates = self._by_stem.get(own[0], [])
        _, split = max(candidates, key=lambda pair: common_start(own, pair[0]), default=([], ""))
        return split


def read_lists(files: Iterable[Path]) -> SplitLists:
    """Reads lists of pictures, one picture per line.

    Args:
        files: Text files named as their splits are: ``train.txt``, ``val.txt`` and so on; others are passed over.

    Returns:
        The splits; none if there is no list of a training split and of another one.
    """
    lists: dict[str, list[str]] = defaultdict(list)
    for path in files:
        split = NAMES.get(path.stem.lower())
        if split is not None and path.suffix.lower() == ".txt":
            lists[split] += (read_text(path, Problems()) or "").splitlines()
    return SplitLists(lists if "train" in lists and len(lists) > 1 else {})


def _parts(file: PurePosixPath) -> list[str]:
    """The name without a picture's suffix, then the folders from the innermost outwards."""
    known = is_picture(file)
    parts = [file.stem if known else file.name, *reversed(file.parent.parts)]
    return [comparable(part) for part in parts] if file.name else []
