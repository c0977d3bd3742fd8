"""Checks for copies of pictures, exact or nearly: in one split they count twice, in two splits they are leakage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from yolact_kit.annotations.dataset import Picture
from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.datasets.leakage import copies_in_splits
from yolact_kit.datasets.photo_copies import copies_of_photos
from yolact_kit.pixels.hashes import near_groups, near_pairs

_NAMED = 3
"""At most this many of the pictures that are nearly the same are named."""


@check("picture-twice", "copies")
def picture_twice(subject: Subject) -> Iterator[Finding]:
    """The same picture is there twice in one split."""
    for split, members in subject.dataset.splits.items():
        for same in identical(subject, {split: members}):
            names = [picture.file for _, picture in same]
            yield Finding(f"It is the same picture as {names[0]}.", names[1])


@check("picture-near-twice", "copies")
def picture_near_twice(subject: Subject) -> Iterator[Finding]:
    """Several pictures of one split are nearly the same, such as frames of one video."""
    for members in subject.dataset.splits.values():
        # Exact copies have a check of their own, so only the first picture of each digest is compared here: going
        # backwards, the first one is what remains in the dictionary.
        firsts = {subject.scans[picture.path].digest: picture for picture in reversed(subject.decoded(members))}
        different = list(reversed(firsts.values()))
        for group in near_groups([subject.scans[picture.path].hash for picture in different]):
            first, *others = (different[index].file for index in group)
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            yield Finding(f"It is nearly the same as {', '.join(others[:_NAMED])}{more}.", first)


@check("leakage", "copies")
def picture_leak(subject: Subject) -> Iterator[Finding]:
    """The same picture is in two splits."""
    for same in identical(subject, subject.dataset.splits):
        (first, picture), *others = same
        for split, other in others:
            if split != first:
                yield Finding(f"It is in '{split}' and, as {picture.file}, in '{first}'.", other.file)


@check("leakage-near", "copies")
def picture_near_leak(subject: Subject) -> Iterator[Finding]:
    """Nearly the same picture is in two splits."""
    if len(subject.dataset.splits) < 2:
        return
    members: list[tuple[str, Picture]] = []
    for split, pictures in subject.dataset.splits.items():
        members += [(split, picture) for picture in subject.decoded(pictures)]
    scans = [subject.scans[picture.path] for _, picture in members]
    reported: set[int] = set()
    for first, second in near_pairs([scan.hash for scan in scans]):
        (split, picture), (other_split, other) = members[first], members[second]
        if split != other_split and second not in reported and scans[first].digest != scans[second].digest:
            reported.add(second)
            yield Finding(f"In '{other_split}', it is nearly the same as {picture.file} in '{split}'.", other.file)


@check("leakage-copies", "copies")
def picture_copy_leak(subject: Subject) -> Iterator[Finding]:
    """Pictures that were made from one photo, as their names say, are in two splits."""
    splits = subject.dataset.splits
    if len(splits) < 2:
        return
    thumbnails = {}
    for picture in subject.dataset.pictures():
        thumbnail = subject.scans[picture.path].thumbnail
        if thumbnail is not None:
            thumbnails[picture.file] = thumbnail
    photos = copies_of_photos([picture.file for picture in subject.dataset.pictures()], thumbnails)
    identical_files = {finding.file for finding in picture_leak(subject)}
    for file, sentence in copies_in_splits(splits, photos).items():
        if file not in identical_files:
            yield Finding(sentence, file)


def identical(subject: Subject, splits: dict[str, list[Picture]]) -> list[list[tuple[str, Picture]]]:
    """Groups of at least two pictures with the same pixels, each picture with its split.

    Args:
        subject: Has the pictures as they decode.
        splits: The pictures to compare.
    """
    by_digest: dict[str, list[tuple[str, Picture]]] = defaultdict(list)
    for split, members in splits.items():
        for picture in subject.decoded(members):
            by_digest[subject.scans[picture.path].digest].append((split, picture))
    return [same for same in by_digest.values() if len(same) > 1]
