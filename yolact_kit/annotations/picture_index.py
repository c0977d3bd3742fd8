"""Finding the picture that a label file belongs to."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawPicture
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.pixels.pictures import EXTENSIONS, PictureError, inspect_picture

VOC_PICTURES = "JPEGImages"
"""VOC's folder of pictures, beside which programs lay others that show the labels."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture file.

    Attributes:
        path: Where it lies.
        relative: Its path below the folder that it was found under, with forward slashes.
    """

    path: Path
    relative: str


def normal(name: str) -> str:
    """A name in a form that can be compared, whatever its case and Unicode form."""
    return unicodedata.normalize("NFC", name).casefold()


class PictureIndex:
    """The pictures under the source and under ``--pictures``; nothing else is ever opened.

    Args:
        roots: The folders; of a picture under two of them, the first counts.
        folder: Lists the files under each of them.
        annotations: The annotation files, for telling which folder's pictures they belong to.
    """

    def __init__(self, roots: Iterable[Path], folder: SourceFolder, annotations: Iterable[Path] = ()) -> None:
        self._begin([Path(root) for root in roots])
        stems = {normal(path.stem) for path in annotations}
        taken: set[str] = set()
        for root in self.roots:
            for path in folder.under(root):
                if path.suffix.lower() in EXTENSIONS and (real := _key(path)) not in self.entries:
                    relative = path.relative_to(root).as_posix()
                    if relative in taken:  # the same relative path under SOURCE and under --pictures
                        relative = f"{root.name}/{relative}"
                    taken.add(relative)
                    self._add(real, Entry(path, relative))
                    self._votes[path.parent] += normal(path.stem) in stems

    def _begin(self, roots: list[Path]) -> None:
        self.roots = roots
        self.entries: dict[str, Entry] = {}
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        self._by_stem: dict[str, list[Entry]] = defaultdict(list)
        self._votes: Counter[Path] = Counter()

    def _add(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        self._by_name[normal(entry.path.name)].append(entry)
        self._by_stem[normal(entry.path.stem)].append(entry)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes are given: names by folder, a tenth of the index, so that they can start at once."""
        folders: dict[tuple[Path, str], list[str]] = defaultdict(list)
        for entry in self.entries.values():
            name = entry.path.name
            folders[entry.path.parent, entry.relative.removesuffix(name)].append(name)
        return {"roots": self.roots, "votes": self._votes, "folders": dict(folders)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(state["roots"])
        self._votes = state["votes"]
        for (folder, below), names in state["folders"].items():
            for path in (folder / name for name in names):
                self._add(_key(path), Entry(path, below + path.name))

    def discard(self, masks: set[Path]) -> None:
        """Takes mask pictures out, and with them the rest of a folder that holds little else.

        Args:
            masks: The mask pictures.
        """
        gone = {_key(path) for path in masks}
        inside = Counter(entry.path.parent for entry in self.entries.values())
        found = Counter(entry.path.parent for key, entry in self.entries.items() if key in gone)
        folders = {folder for folder, count in found.items() if 2 * count > inside[folder]}
        for key, entry in list(self.entries.items()):
            if key in gone or entry.path.parent in folders:
                del self.entries[key]
                self._by_name[normal(entry.path.name)].remove(entry)
                self._by_stem[normal(entry.path.stem)].remove(entry)

    def find(self, raw: RawPicture, problems: Problems) -> Entry | None:
        """Finds the picture that labels belong to.

        The path that the labels name is tried beside them, then its name under the roots, then a picture with the
        label file's own name. Where the labels name one picture and another has the label file's own name, the latter
        is taken: such labels were copied or renamed.

        Args:
            raw: The labels.
            problems: Where problems are added.

        Returns:
            The picture; None where there is none, without a problem, or where it is unclear which, with one.
        """
        reference = PurePosixPath(raw.reference.replace("\\", "/"))
        named = self._named(raw, reference)
        own = self._by_stem.get(normal(raw.stem), []) + self._by_name.get(normal(raw.stem), [])
        if named:
            folders = {raw.source.parent, *(entry.path.parent for entry in named)}
            own = [entry for entry in own if entry.path.parent in folders]
        by_stem = bool(own) and (not named or normal(reference.stem) != normal(raw.stem))
        if by_stem and named and normal(reference.name) == normal(raw.stem):
            by_stem = False  # a.jpg.json belongs to a.jpg
        candidates = own if by_stem else named
        if not candidates and not raw.embedded:
            reference = PurePosixPath(reference.name or raw.stem)
            candidates = self._uploaded(reference.name)
        if not candidates:
            return None
        entry = self._best(candidates, raw, problems)
        if entry is not None:
            _note_name(entry, reference, bool(named) and by_stem, problems)
        return entry

    def _uploaded(self, name: str) -> list[Entry]:
        """The pictures that have a name without the random number that Label Studio puts before it on uploading."""
        plain = re.sub(r"^[0-9a-f]{8}-", "", normal(name))
        return [] if plain == normal(name) else self._by_name.get(plain, []) or self._by_stem.get(plain, [])

    def _named(self, raw: RawPicture, reference: PurePosixPath) -> list[Entry]:
        """The pictures that ``reference`` can mean: the very path, else those of its name, else of its stem."""
        if not reference.name:
            return []
        for base in (raw.source.parent, *self.roots):
            entry = self.entries.get(_key(base / reference))
            if entry is not None:
                return [entry]
        by_name = self._by_name.get(normal(reference.name), [])
        known = PurePosixPath(reference.name).suffix.lower() in EXTENSIONS
        return by_name or self._by_stem.get(normal(reference.stem if known else reference.name), [])

    def _best(self, candidates: list[Entry], raw: RawPicture, problems: Problems) -> Entry | None:
        if len(candidates) == 1:
            return candidates[0]
        ranked = sorted(((self._rank(entry, raw), entry) for entry in candidates), key=lambda pair: pair[0])
        if ranked[-1][0] == ranked[-2][0]:
            names = " and ".join(f"'{entry.relative}'" for _, entry in ranked[-2:])
            problems.add("picture-ambiguous", f"It is unclear which picture it belongs to: {names}.")
            return None
        return ranked[-1][1]

    def _rank(self, entry: Entry, raw: RawPicture) -> tuple[bool, int, bool, bool, int]:
        parent = entry.path.parent
        beside = parent == raw.source.parent
        reference = PurePosixPath(raw.reference.replace("\\", "/"))
        folders = max(_common(parent, raw.source.parent), _common(parent, Path(reference.parent)))
        try:
            info = inspect_picture(entry.path)
            fits = raw.size in ((info.width, info.height), info.upright)
        except PictureError:
            fits = False
        return beside, folders, fits, parent.name in (raw.folder, VOC_PICTURES), self._votes[parent]


def _key(path: Path) -> str:
    return os.path.normpath(path.absolute())


def _common(one: Path, other: Path) -> int:
    """How many folder names the ends of two paths have in common."""
    count = 0
    for mine, yours in zip(reversed(one.parts), reversed(other.parts), strict=False):
        if normal(mine) != normal(yours):
            break
        count += 1
    return count


def _note_name(entry: Entry, reference: PurePosixPath, other: bool, problems: Problems) -> None:
    if other:
        problems.add(
            "picture-by-stem",
            f"It names the picture '{reference}', but '{entry.relative}', which has its own name, is used.",
        )
    elif reference.name and unicodedata.normalize("NFC", entry.path.name) != unicodedata.normalize(
        "NFC", reference.name
    ):
        problems.add("picture-name-differs", f"It names the picture '{reference}'; '{entry.relative}' is used.")
