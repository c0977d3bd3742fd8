"""Finding the picture that a label file belongs to."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from yolact_kit.annotations.file_names import LOCAL_FILE, common_end, comparable, is_elsewhere, posix_path, spellings
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawPicture
from yolact_kit.annotations.source_folder import SourceFolder, name_below
from yolact_kit.pixels.formats import is_picture, unread_format
from yolact_kit.pixels.pictures import PictureError, inspect_picture

VOC_PICTURES = "JPEGImages"
"""VOC's folder of pictures; some programs put folders with the labels drawn on the pictures beside it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture file.

    Attributes:
        path: Where it lies.
        relative: Its path below the folder that it was found under, with forward slashes.
    """

    path: Path
    relative: str


@dataclass(frozen=True, slots=True)
class Find:
    """The picture that labels probably belong to.

    Attributes:
        entry: The picture.
        searched: See `yolact_kit.annotations.source.Claim.searched`.
    """

    entry: Entry
    searched: bool


class PictureIndex:
    """The pictures under the source and under ``--pictures``; nothing else is ever opened.

    Args:
        roots: The folders; for a picture under two of them, the first counts.
        folder: Lists the files under each of them.
        annotations: The annotation files, for telling which folder's pictures they belong to.
    """

    def __init__(self, roots: Iterable[Path], folder: SourceFolder, annotations: Iterable[Path] = ()) -> None:
        self._begin([Path(root) for root in roots], folder.root)
        stems = {comparable(path.stem) for path in annotations}
        names: set[str] = set()
        # A root that is found first gives a picture its name; the key, its absolute path, keeps it from counting again.
        for root in self.roots:
            for path in folder.under(root):
                if unread_format(path):
                    self.unread.append(path)
                if is_picture(path) and path.exists() and (real := _key(path)) not in self.entries:
                    relative = path.relative_to(root).as_posix()
                    if relative in names:  # the same relative path under SOURCE and under --pictures
                        relative = f"{root.name}/{relative}"
                    names.add(relative)
                    self._add(real, Entry(path, relative))
                    self._votes[path.parent] += comparable(path.stem) in stems

    def _begin(self, roots: list[Path], root: Path) -> None:
        self.roots = roots
        self.root = root
        self.entries: dict[str, Entry] = {}
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        self._by_stem: dict[str, list[Entry]] = defaultdict(list)
        self._votes: Counter[Path] = Counter()
        self.unread: list[Path] = []

    def _add(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        self._by_name[comparable(entry.path.name)].append(entry)
        self._by_stem[comparable(entry.path.stem)].append(entry)

    def __getstate__(self) -> dict[str, Any]:
        """The state for other processes: names by folder only, a tenth of the index, so that they start fast."""
        folders: dict[tuple[Path, str], list[str]] = defaultdict(list)
        for entry in self.entries.values():
            name = entry.path.name
            folders[entry.path.parent, entry.relative.removesuffix(name)].append(name)
        plain = {"roots": self.roots, "root": self.root, "votes": self._votes, "unread": self.unread}
        return {**plain, "folders": dict(folders)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(state["roots"], state["root"])
        self._votes, self.unread = state["votes"], state["unread"]
        for (folder, below), names in state["folders"].items():
            for path in (folder / name for name in names):
                self._add(_key(path), Entry(path, below + path.name))

    def discard(self, masks: set[Path], photos: Collection[Path] = ()) -> None:
        """Takes mask pictures out, and with them the rest of a folder that holds little else.

        Args:
            masks: The mask pictures.
            photos: Pictures that stay, wherever they lie.
        """
        # Where most pictures of a folder are masks, the others are masks without labels, not photos.
        keys = {_key(path) for path in masks}
        counts = Counter(entry.path.parent for entry in self.entries.values())
        mask_counts = Counter(entry.path.parent for key, entry in self.entries.items() if key in keys)
        folders = {folder for folder, count in mask_counts.items() if 2 * count > counts[folder]}
        for key, entry in list(self.entries.items()):
            if (key in keys or entry.path.parent in folders) and entry.path not in photos:
                del self.entries[key]
                self._by_name[comparable(entry.path.name)].remove(entry)
                self._by_stem[comparable(entry.path.stem)].remove(entry)

    def find(self, raw: RawPicture, problems: Problems) -> Find | None:
        """Finds the picture that labels belong to.

        First it tries the path that the labels name, relative to them; then that name under the roots; then the name of
        the label file. If the labels name one picture and another one has the name of the label file, the latter
        counts: such labels were copied or renamed. Names that are percent-encoded are tried as they are written first.

        Args:
            raw: The labels.
            problems: Where problems are added.

        Returns:
            The picture; None where there is none, or only in folders of other labels, without a problem, or where it is
            unclear which, with one.
        """
        reference = posix_path(raw.reference)
        referenced, spelling = self._referenced(raw, reference)
        own = self._of_same_name(raw, spelling, referenced)
        candidates = own or referenced
        if not candidates and not raw.embedded:
            reference = spelling = PurePosixPath(reference.name or raw.stem)
            candidates = self._of_decoded_stem(raw.stem) or self._uploaded(reference)
        if not candidates:
            return None
        entry = self._best(candidates, raw, problems)
        if entry is None:
            return None
        name = posix_path(raw.name) if raw.name else reference
        _note_name(entry, name, bool(referenced and own), spelling != reference, problems)
        return Find(entry, not self._is_where_it_should_be(entry, raw, spelling))

    def _is_where_it_should_be(self, entry: Entry, raw: RawPicture, path: PurePosixPath) -> bool:
        """Whether a picture has the path that labels name, or lies beside the labels and has their name."""
        parent, picture = raw.source.parent, entry.path
        if picture.parent == parent and comparable(raw.source.stem) in (
            comparable(picture.stem),
            comparable(picture.name),
        ):
            return True
        # A mere name means a picture beside the labels, or in a folder that was given for pictures, or in a folder of
        # that which is called as the one of the labels. The path on another computer, or an address, tells the name.
        path = PurePosixPath(path.name) if is_elsewhere(raw.reference) else path
        bases = [parent, *(root for root in self.roots if root != self.root or len(path.parts) > 1)]
        below = PurePosixPath(name_below(self.root, raw.source)).parent
        bases += [root / below for root in self.roots if root != self.root]
        paths = [base / path for base in bases]
        real = unicodedata.normalize("NFC", _key(picture))
        return any(real == unicodedata.normalize("NFC", _key(path)) for path in paths)

    def has(self, path: Path) -> bool:
        """Whether a path leads to one of the pictures."""
        return _key(path) in self.entries

    def named(self, name: str) -> list[Entry]:
        """The pictures with a file name, in whatever case and Unicode form."""
        return self._by_name.get(comparable(name), [])

    def unread_picture(self, raw: RawPicture) -> Path | None:
        """The picture that labels belong to, where it is there, but its format is not read."""
        names = {comparable(raw.stem), *(comparable(path.name) for path in spellings(posix_path(raw.reference)))}
        numbers = sorted({number for name in names for number in self._unread_by_name.get(name, ())})
        same = [self.unread[number] for number in numbers]
        return min(same, key=lambda path: path.parent != raw.source.parent, default=None)

    @cached_property
    def _unread_by_name(self) -> dict[str, list[int]]:
        """The places in ``unread`` of the pictures with a name or stem."""
        by_name: dict[str, list[int]] = defaultdict(list)
        for number, path in enumerate(self.unread):
            for name in {comparable(path.name), comparable(path.stem)}:
                by_name[name].append(number)
        return by_name

    def _of_same_name(self, raw: RawPicture, reference: PurePosixPath, referenced: list[Entry]) -> list[Entry]:
        """The pictures with the label file's own name, if they count more than the picture that the labels name.

        They do if the labels name no picture, or one of another name: such labels were copied or renamed. In the
        second case only pictures beside the labels or beside the named picture count. The names ``a.jpg.json`` and
        ``a.jpg`` agree.
        """
        stem = comparable(raw.stem)
        own = self._by_stem.get(stem, []) + self._by_name.get(stem, [])
        if not referenced:
            return own
        if stem in (comparable(reference.stem), comparable(reference.name)):
            return []
        folders = {raw.source.parent, *(entry.path.parent for entry in referenced)}
        return [entry for entry in own if entry.path.parent in folders]

    def _of_decoded_stem(self, stem: str) -> list[Entry]:
        """The pictures with the label file's own name once it is decoded: ``a%20b.txt`` belongs to ``a b.jpg``."""
        for spelling in spellings(PurePosixPath(stem))[1:]:
            name = comparable(spelling.name)
            entries = self._by_stem.get(name, []) + self._by_name.get(name, [])
            if entries:
                return entries
        return []

    def _uploaded(self, reference: PurePosixPath) -> list[Entry]:
        """The pictures of a name without the random number that Label Studio puts in front of it."""
        for spelling in spellings(reference):
            name = comparable(spelling.name)
            plain = re.sub(r"^[0-9a-f]{8}-", "", name)
            entries = self._by_name.get(plain, []) or self._by_stem.get(plain, [])
            if plain != name and entries:
                return entries
        return []

    def _referenced(self, raw: RawPicture, reference: PurePosixPath) -> tuple[list[Entry], PurePosixPath]:
        """The pictures that ``reference`` can mean, by path, name or stem, and the spelling of it that led to them."""
        if not reference.name:
            return [], reference
        # The name as it is written goes before every decoded one, wherever its picture lies: "100%25.jpg" can be its
        # real name. Only the folders may be decoded then.
        named = self._named(reference)
        paths = spellings(reference)
        if named:
            paths = [path for path in paths if path.name == reference.name]
        for path in paths:
            for base in (raw.source.parent, *self.roots):
                entry = self.entries.get(_key(base / path))
                if entry is not None:
                    return [entry], path
        if named:
            return named, paths[-1] if LOCAL_FILE in str(reference) else reference
        for path in paths:
            entries = self._named(path)
            if entries:
                return entries, path
        return [], reference

    def _named(self, reference: PurePosixPath) -> list[Entry]:
        """The pictures with the name of a path, else those with its stem, wherever they lie."""
        by_name = self.named(reference.name)
        known = is_picture(reference.name) or unread_format(reference.name)
        return by_name or self._by_stem.get(comparable(reference.stem if known else reference.name), [])

    def _best(self, candidates: list[Entry], raw: RawPicture, problems: Problems) -> Entry | None:
        """The candidate that fits the labels best; None with a problem if two fit equally well."""
        if len(candidates) == 1:
            return candidates[0]
        ranked = sorted(((self._rank(entry, raw), entry) for entry in candidates), key=lambda pair: pair[0])
        if ranked[-1][0] == ranked[-2][0]:
            if self._is_missing(raw, candidates):
                return None
            names = " and ".join(f"'{entry.relative}'" for _, entry in ranked[-2:])
            problems.add("picture-ambiguous", f"It is unclear which picture it belongs to: {names}.")
            return None
        if not raw.reference and ranked[-1][0][:-1] == ranked[-2][0][:-1]:
            taken, other = ranked[-1][1].relative, ranked[-2][1].relative
            message = f"'{taken}' is used, not '{other}', since more pictures of its folder have labels."
            problems.add("picture-of-several", message)
        return ranked[-1][1]

    def _is_missing(self, raw: RawPicture, candidates: list[Entry]) -> bool:
        """Whether there is a folder of pictures that is called as that of the labels, and no candidate lies in it."""
        below = PurePosixPath(name_below(self.root, raw.source))
        for name in map(comparable, (*below.parent.parts, below.stem, *posix_path(raw.reference).parent.parts[-1:])):
            folders = {folder for folder in self._votes if name in map(comparable, folder.parts)}
            if folders and folders.isdisjoint(entry.path.parent for entry in candidates):
                return True
        return False

    def others(self, raw: RawPicture) -> list[str]:
        """The pictures of other folders that are called as the one that labels belong to."""
        named = self._named(posix_path(raw.reference or raw.stem))
        return sorted(entry.relative for entry in named or self._by_stem.get(comparable(raw.stem), []))

    def _rank(self, entry: Entry, raw: RawPicture) -> tuple[bool, int, bool, bool, int]:
        """How well a picture fits the labels, for comparing candidates; the first difference decides.

        Whether it lies beside the labels; how many folders its path shares with theirs, or at its end with the path
        that they name; whether it has their size; whether its folder is the one that they name; how many pictures of
        its folder have the name of an annotation file.
        """
        parent = entry.path.parent
        beside = parent == raw.source.parent
        reference = posix_path(raw.reference or raw.stem)
        below = {comparable(name) for name in PurePosixPath(name_below(self.root, raw.source)).parts[:-1]}
        near = sum(comparable(name) in below for name in PurePosixPath(entry.relative).parts[:-1])
        folders = max(near, *(common_end(parent.parts, path.parent.parts) for path in spellings(reference)))
        try:
            info = inspect_picture(entry.path)
            fits = raw.size in ((info.width, info.height), info.upright)
        except PictureError:
            fits = False
        return beside, folders, fits, parent.name in (raw.folder, VOC_PICTURES), self._votes[parent]


def named_picture(source: Path, reference: str, by_path: bool, root: Path) -> str:
    """What labels call their picture, for people: the path below the source where they give one.

    Example:
        >>> named_picture(Path("photos/day1/1.json"), "1.jpg", True, Path("photos"))
        'day1/1.jpg'
    """
    if not by_path or is_elsewhere(reference):
        return reference
    path = Path(os.path.normpath(source.parent / reference.replace("\\", "/")))
    return name_below(Path(os.path.normpath(root)), path)


def _key(path: Path) -> str:
    return os.path.normpath(path.absolute())


def _note_name(
    entry: Entry, reference: PurePosixPath, by_stem: bool, by_other_spelling: bool, problems: Problems
) -> None:
    """Reports a picture that is not quite the one that the labels name."""
    if by_stem:
        problems.add(
            "picture-by-stem",
            f"It names the picture '{reference}', but '{entry.relative}', named like the labels, is used.",
        )
        return
    name, expected = (unicodedata.normalize("NFC", text) for text in (entry.path.name, reference.name))
    if by_other_spelling or (expected and name != expected):
        problems.add("picture-name-differs", f"It names the picture '{reference}'; '{entry.relative}' is used.")
