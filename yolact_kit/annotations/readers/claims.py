"""Whether labels may keep a picture that is not where they say, but was found by its name."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from functools import cached_property
from pathlib import Path, PurePosixPath

from yolact_kit.annotations.file_names import common_end, comparable, is_elsewhere, posix_path, spellings
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex, named_picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.picture_folders import GENERAL_WORDS
from yolact_kit.annotations.readers.registry import label_format
from yolact_kit.annotations.source import Claim, LabelFiles, PictureResult
from yolact_kit.annotations.source_folder import name_below
from yolact_kit.annotations.split_lists import split_in_folders

_BESIDE = 1000
"""How near a folder is to labels that lie in it; another one is as near as it has folder names in common with them."""

_SAID = {"picture-name-differs", "picture-by-stem", "picture-elsewhere"}
"""Codes of problems that name the picture and what the labels call it."""


def check_claims(results: list[PictureResult], files: LabelFiles, index: PictureIndex, options: ReadOptions) -> None:
    """Takes pictures away from labels that got them by name alone, in place, where something speaks against it.

    Other labels whose picture it is speak against it, and so do folders: splits, classes and days are folders, and in
    each of them numbers begin again. Where nothing does, the labels keep the picture, and both paths are reported.

    Args:
        results: What became of each picture.
        files: The annotation files.
        index: The pictures.
        options: How labels are read.
    """
    claims = _Claims(results, files, index)
    searched = [(result, result.claim) for result in results if result.claim is not None and result.claim.searched]
    # Rivals come second: only a picture that nothing else speaks against can be wanted with equal right.
    for objection in (claims.objection, claims.rivalry):
        reasons = [objection(claim) for _, claim in searched]
        for (result, claim), reason in zip(searched, reasons, strict=True):
            if reason:
                claims.withdraw(claim)
                _refuse(result, claim, reason, index.root, options)
        searched = [pair for pair, reason in zip(searched, reasons, strict=True) if not reason]
    for result, claim in searched:
        if not claims.is_usual(claim):
            _report(result, claim, index.root)


def _report(result: PictureResult, claim: Claim, root: Path) -> None:
    """Reports a picture that is elsewhere, unless a problem says so already."""
    if not any(problem.code in _SAID for problem in result.problems):
        problems = Problems(name_below(root, claim.source))
        problems.add("picture-elsewhere", f"It names '{_named(claim, root)}'; '{claim.picture}' is used.")
        result.problems += problems.found


def _refuse(result: PictureResult, claim: Claim, reason: str, root: Path, options: ReadOptions) -> None:
    """Takes the picture away from its labels, in place; ``reason`` is the end of a sentence about the picture."""
    problems = Problems(name_below(root, claim.source))
    code = "picture-skipped" if options.skip_missing else "picture-missing"
    problems.add(code, f"The picture '{_named(claim, root)}' was not found; '{claim.picture}' {reason}.")
    result.problems = [problem for problem in result.problems if problem.code not in _SAID] + problems.found
    result.labelled = result.path = result.claim = None


def _named(claim: Claim, root: Path) -> str:
    return named_picture(claim.source, claim.reference, claim.by_path, root)


class _Group:
    """Labels whose pictures belong together: those of one file that lists many, or of all files of one folder.

    Args:
        folder: The folder that they lie in.
        names: The names of that folder and those around it, below the source.
        words: The words in the name of a file that lists many.
    """

    def __init__(self, folder: Path, names: frozenset[str], words: frozenset[str]) -> None:
        self.folder = folder
        self.names = names
        self.words = words
        self.stems: dict[Path, set[str]] = defaultdict(set)
        self.bases: Counter[Path] = Counter()
        self.references: set[tuple[str, ...]] = set()

    @cached_property
    def main(self) -> Path:
        """The folder with most of the pictures."""
        return max(self.stems, key=lambda folder: len(self.stems[folder]))

    def nearness(self, folder: Path, names: tuple[str, ...]) -> int:
        """How near a folder with these names is to the labels."""
        return _BESIDE if folder == self.folder else len(self.names.intersection(names))

    def fit(self, folder: Path, names: tuple[str, ...]) -> int:
        """As `nearness`, but the name of the annotation file counts as well."""
        return self.nearness(folder, names) + len((self.words - self.names).intersection(names))


class _Claims:
    """The pictures that labels got, compared with each other.

    Args:
        results: What became of each picture.
        files: The annotation files.
        index: The pictures.
    """

    def __init__(self, results: list[PictureResult], files: LabelFiles, index: PictureIndex) -> None:
        self._lists = label_format(files.format).lists_pictures
        self._root = index.root
        self._files = {} if self._lists else {(path.parent, comparable(path.stem)): path for path in files.files}
        self._stems: dict[Path, set[str]] = defaultdict(set)
        self._names: dict[Path, tuple[str, ...]] = {}
        for entry in index.entries.values():
            self._stems[entry.path.parent].add(comparable(entry.path.stem))
            self._names.setdefault(entry.path.parent, _parts(PurePosixPath(entry.relative).parent))
        self._splits = {split_in_folders(names) for names in self._names.values()}
        self._groups: dict[Path, _Group] = {}
        self._by_picture: dict[Path, list[Claim]] = defaultdict(list)
        self._by_folder: dict[Path, list[_Group]] = defaultdict(list)
        for result in results:
            if result.claim is not None:
                self._add(result.claim)

    def _add(self, claim: Claim) -> None:
        """Counts a picture in its group and its folder."""
        group = self._group(claim)
        self._by_picture[claim.path].append(claim)
        folder = claim.path.parent
        if folder not in group.stems:
            self._by_folder[folder].append(group)
        group.stems[folder].add(comparable(claim.path.stem))
        group.bases[self._base(claim)] += 1
        group.references.add(self._named_folders(claim))

    def _group(self, claim: Claim) -> _Group:
        key = claim.source if self._lists else claim.source.parent
        if key not in self._groups:
            below = Path(name_below(self._root, claim.source))
            words = re.split(r"[\W_]+", comparable(below.stem)) if self._lists else []
            names = frozenset(_parts(below.parent))
            self._groups[key] = _Group(claim.source.parent, names, frozenset([*words, comparable(below.stem)]))
        return self._groups[key]

    def objection(self, claim: Claim) -> str:
        """What speaks against a picture that was searched for, as the end of a sentence; empty if nothing does."""
        owner = self._owner(claim)
        if owner:
            return f"belongs to {owner}"
        named, names = self._named_folders(claim), self._names[claim.path.parent]
        if named and _agrees(claim.reference, named, names):
            return ""
        if claim.path.parent == claim.source.parent and (not named or is_elsewhere(claim.reference)):
            return ""
        if self._is_of_other_split(claim):
            return "is in another split"
        if self._is_of_other_name(claim, named):
            return "lies in another folder than the one that is named"
        if self._is_of_other_labels(claim):
            return "lies in another folder than the pictures of these labels"
        return ""

    def _named_folders(self, claim: Claim) -> tuple[str, ...]:
        """The folders of the picture that labels name, in a form that can be compared; none where it is a mere name."""
        path = spellings(posix_path(claim.reference))[-1]
        if len(path.parts) > 1 and not is_elsewhere(claim.reference) and (claim.by_path or path.parts[0] == ".."):
            path = PurePosixPath(named_picture(claim.source, str(path), True, self._root))
        return _parts(path.parent)

    def is_usual(self, claim: Claim) -> bool:
        """Whether a picture lies where the format says nothing else and most pictures of these labels lie."""
        named, names = self._named_folders(claim), self._names[claim.path.parent]
        bases = self._group(claim).bases
        is_main = 2 * bases[self._base(claim)] > sum(bases.values())
        return not claim.by_path and is_main and _agrees(claim.reference, named, names)

    def _base(self, claim: Claim) -> Path:
        """The folder from which the path that labels name leads to the picture, as far as its folders agree."""
        folder = claim.path.parent
        common = common_end(self._named_folders(claim), self._names[folder])
        return folder.parents[common - 1] if common else folder

    def withdraw(self, claim: Claim) -> None:
        """Forgets that labels wanted a picture."""
        self._by_picture[claim.path].remove(claim)

    def _owner(self, claim: Claim) -> str:
        """The other labels that a picture belongs to; empty if there are none."""
        for name in (claim.path.stem, claim.path.name):
            path = self._files.get((claim.path.parent, comparable(name)), claim.source)
            if path != claim.source:
                return f"'{name_below(self._root, path)}'"
        return next((self._label(other, claim) for other in self._by_picture[claim.path] if not other.searched), "")

    def rivalry(self, claim: Claim) -> str:
        """What speaks against a picture to which other names of such a file led as well; empty if none did."""
        others = self._by_picture[claim.path] if self._lists else []
        name = comparable(claim.reference)
        rivals = (self._label(other, claim) for other in others if comparable(other.reference) != name)
        return next((f"may as well be {rival}" for rival in rivals), "")

    def _label(self, other: Claim, claim: Claim) -> str:
        """What other labels are called in a message about labels: their file, or in the same file what they name."""
        return f"'{other.reference if other.source == claim.source else name_below(self._root, other.source)}'"

    def _is_of_other_split(self, claim: Claim) -> bool:
        """Whether labels and picture are of two splits, and there are pictures of the labels' own split."""
        below = PurePosixPath(name_below(self._root, claim.source))
        own = split_in_folders(self._named_folders(claim)) or split_in_folders(
            _parts(below if self._lists else below.parent)
        )
        other = split_in_folders(self._names[claim.path.parent])
        return bool(own and other) and own != other and own in self._splits

    def _is_of_other_name(self, claim: Claim, named: tuple[str, ...]) -> bool:
        """Whether the labels name a folder that is there, or others name the one that the picture lies in."""
        group, folder = self._group(claim), claim.path.parent
        name = comparable(claim.folder)
        if name not in self._names[folder] and any(name in self._names[other] for other in group.stems):
            return True
        common = common_end(named, self._names[folder])
        if any(common_end(named, self._names[other]) > common for other in group.stems):
            return True
        if named and any(common_end(other, self._names[folder]) > common for other in group.references):
            return True
        bases = (claim.source.parent, self._root)
        path = posix_path(claim.reference)
        return bool(named) and any(Path(os.path.normpath(base / path)).parent in self._stems for base in bases)

    def _is_of_other_labels(self, claim: Claim) -> bool:
        """Whether these labels have their pictures in a nearer folder, or nearer labels have theirs in this one."""
        group, folder = self._group(claim), claim.path.parent
        names = self._names[folder]
        fit = group.fit(folder, names)
        rivals = [other for other in group.stems if _place(self._names[other]) != _place(names)]
        if any(group.fit(other, self._names[other]) > fit for other in rivals):
            return True
        nearness = group.nearness(folder, names)
        if any(other.nearness(folder, names) > nearness for other in self._by_folder[folder]):
            return True
        # Of two folders that are equally near, one has most of the pictures, and the other has pictures of the same
        # names: the other one is another day's, whose numbers begin again.
        is_nearer = fit > group.fit(group.main, self._names[group.main])
        return not is_nearer and folder != group.main and not self._stems[group.main].isdisjoint(self._stems[folder])


def _parts(folder: PurePosixPath | Path) -> tuple[str, ...]:
    """The names of a path's folders, in a form that can be compared."""
    return tuple(comparable(part) for part in folder.parts if part not in ("/", ".", "..") and part[1:2] != ":")


def _place(names: tuple[str, ...]) -> tuple[str, ...]:
    """A folder without names such as ``images``, which do not tell one place from another."""
    return tuple(name for name in names if name not in GENERAL_WORDS)


def _agrees(reference: str, named: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether the folders that labels name are those of a picture, as far as they can be compared."""
    common = common_end(named, names)
    return common == len(named) or (is_elsewhere(reference) and common == len(names) > 0)
