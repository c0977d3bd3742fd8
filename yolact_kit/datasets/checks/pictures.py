"""Checks of picture files: missing, damaged, of another size, twice, or in training and validation at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.pictures import EXTENSIONS
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject

_NEAR = 2.0
"""Thumbnails whose values differ by less than this on average, of 255, are of nearly the same picture: saving as JPEG
again changes them by about 0.3, a hand's breadth of another view by more than 10."""
_LEAK_ADVICE = (
    "Scores on pictures that training has seen mean nothing. Convert again and keep such pictures in one split "
    "(`--split group --group-by`), or delete one of them."
)


@check("picture-missing", "E", "Put the picture back, or convert again without it.", "pictures")
def picture_missing(subject: Subject) -> Iterator[Finding]:
    """A picture is not there."""
    for picture in subject.dataset.pictures():
        error = subject.scans[picture.path].error
        if error is not None and error.code == "picture-missing":
            yield Finding("The picture is missing.", picture.file)


@check("picture-undecodable", "E", "Replace the picture by a good copy, or remove it and its labels.", "pictures")
def picture_undecodable(subject: Subject) -> Iterator[Finding]:
    """A picture cannot be decoded: it is damaged, cut off, or no picture."""
    for picture in subject.dataset.pictures():
        error = subject.scans[picture.path].error
        if error is not None and error.code != "picture-missing":
            yield Finding(error.message, picture.file)


@check("picture-size", "E", "The labels belong to a picture of another size. Restore the right one.", "pictures")
def picture_size(subject: Subject) -> Iterator[Finding]:
    """A picture has another size than its labels say."""
    for picture in subject.dataset.pictures():
        scan = subject.scans[picture.path]
        if scan.error is None and scan.size != (picture.width, picture.height):
            found = f"{scan.size[0]}x{scan.size[1]}"
            yield Finding(f"It is {found}, its labels say {picture.width}x{picture.height}.", picture.file)


@check("picture-twice", "W", "Keep one of them: a picture that is there twice weighs twice.", "pictures")
def picture_twice(subject: Subject) -> Iterator[Finding]:
    """The same picture is there twice in one split."""
    for split, members in subject.dataset.splits.items():
        for same in _identical(subject, {split: members}):
            names = [picture.file for _, picture in same]
            yield Finding(f"It is the same picture as {names[0]}.", names[1])


@check("leakage", "W", _LEAK_ADVICE, "pictures")
def picture_leak(subject: Subject) -> Iterator[Finding]:
    """The same picture is in two splits."""
    for same in _identical(subject, subject.dataset.splits):
        (first, picture), *others = same
        for split, other in others:
            if split != first:
                yield Finding(f"It is in '{split}' and, as {picture.file}, in '{first}'.", other.file)


@check("leakage-near", "W", _LEAK_ADVICE, "pictures")
def picture_near_leak(subject: Subject) -> Iterator[Finding]:
    """Nearly the same picture is in training and in another split."""
    train = _decoded(subject, subject.dataset.splits.get("train", []))
    if not train:
        return
    thumbnails = np.stack([_flat(subject, picture) for picture in train])
    for split, members in subject.dataset.splits.items():
        for picture in _decoded(subject, members) if split != "train" else []:
            distances = np.abs(thumbnails - _flat(subject, picture)).mean(axis=1)
            nearest = int(distances.argmin())
            same = subject.scans[train[nearest].path].digest == subject.scans[picture.path].digest
            if distances[nearest] < _NEAR and not same:
                yield Finding(f"In '{split}', it is nearly the same as {train[nearest].file} in 'train'.", picture.file)


@check("picture-unlisted", "W", "It is not used. Label it and convert again, or delete it.", "pictures")
def picture_unlisted(subject: Subject) -> Iterator[Finding]:
    """A picture lies in the data set's picture folder, but no annotation file speaks of it."""
    root = subject.dataset.root
    folder = root / "images" if root is not None else None
    if folder is None or not folder.is_dir():
        return
    listed = {picture.path.resolve() for picture in subject.dataset.pictures()}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXTENSIONS and path.is_file() and path.resolve() not in listed:
            yield Finding("No annotation file speaks of it.", Path(path).relative_to(folder).as_posix())


def _identical(subject: Subject, splits: dict[str, list[Picture]]) -> list[list[tuple[str, Picture]]]:
    by_digest: dict[bytes, list[tuple[str, Picture]]] = defaultdict(list)
    for split, members in splits.items():
        for picture in _decoded(subject, members):
            by_digest[subject.scans[picture.path].digest].append((split, picture))
    return [same for same in by_digest.values() if len(same) > 1]


def _decoded(subject: Subject, pictures: list[Picture]) -> list[Picture]:
    return [picture for picture in pictures if subject.scans[picture.path].error is None]


def _flat(subject: Subject, picture: Picture) -> NDArray[np.int16]:
    return subject.scans[picture.path].thumbnail.reshape(-1).astype(np.int16)
