"""Pictures that show the same: they belong in one split, otherwise training would see test pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.source import Labelled
from yolact_kit.components import connected_components
from yolact_kit.datasets.photo_copies import copies_of_photos
from yolact_kit.pixels.fingerprints import THUMBNAIL
from yolact_kit.pixels.hashes import near_pairs, thumbnail_hash

_FURTHEST = 12.0
"""Pictures with similar hashes show the same if the mean grey difference of their thumbnails is at most this.

Hashes alone cannot tell plain pictures apart.
"""
_NO_NOISE = 2
"""Largest difference of two thumbnails, in grey levels, that comes from saving a picture again."""


def same_pictures(labelled: list[Labelled]) -> list[list[str]]:
    """Groups of pictures that are the same, or nearly the same, and should stay in one split.

    Copies that were augmented, or cut out of one photo, are told by their names. A group of more than half of all
    pictures, as from a camera that never moves, must be divided anyway: then only identical pictures and copies of one
    photo stay together, if these are not more than half themselves. `find_leakage` reports what ends up in two splits.

    Args:
        labelled: The pictures, with their fingerprints and thumbnails.

    Returns:
        Paths of the pictures of each group of at least two.
    """
    half = len(labelled) / 2
    groups: list[list[str]] = []
    photos = _photos(labelled)
    for group in connected_components((), [*_near(labelled), *photos]):
        groups += [group] if len(group) <= half else _within(set(group), labelled, photos, half)
    return groups


def _within(group: set[str], labelled: list[Labelled], photos: list[list[str]], most: float) -> list[list[str]]:
    """Groups of at most ``most`` pictures within a larger one: identical pictures, and copies of one photo."""
    same = _identical([item for item in labelled if item.picture.file in group])
    same += [photo for photo in photos if photo[0] in group]
    smaller = [members for members in same if len(members) <= most]
    return [joint for joint in connected_components((), smaller) if len(joint) <= most]


def _photos(labelled: list[Labelled]) -> list[list[str]]:
    """Groups of pictures that were made from one photo."""
    thumbnails = {item.picture.file: item.thumbnail for item in labelled if item.thumbnail is not None}
    return copies_of_photos([item.picture.file for item in labelled], thumbnails)


def find_leakage(splits: dict[str, list[Picture]], labelled: list[Labelled]) -> list[Problem]:
    """Finds pictures of val and test that are also in the training split: exactly, nearly, or as an altered copy.

    Args:
        splits: The pictures of each split.
        labelled: The pictures, with their fingerprints and thumbnails.

    Returns:
        A problem for each.
    """
    problems = Problems()
    by_file = {item.picture.file: item for item in labelled}
    train = _TrainingPictures([by_file[picture.file] for picture in splits.get("train", [])])
    copies = copies_in_splits(splits, _photos(labelled))
    for split, pictures in splits.items():
        for picture in pictures if split != "train" else []:
            problems.file = picture.file
            twin = train.twin_of(by_file[picture.file])
            if twin is not None:
                problems.add("leakage", f"This picture of '{split}' is {twin} of 'train'.")
            elif picture.file in copies:
                problems.add("leakage-copies", copies[picture.file])
    return problems.found


def copies_in_splits(splits: dict[str, list[Picture]], photos: list[list[str]]) -> dict[str, str]:
    """Says which pictures are copies of a photo that is in an earlier split as well.

    Args:
        splits: The pictures of each split, those to train on first.
        photos: Paths of the pictures that were made from one photo, for each photo.

    Returns:
        A sentence for each such picture, by its path.
    """
    split_of = {picture.file: split for split, pictures in splits.items() for picture in pictures}
    order = list(splits)
    sentences: dict[str, str] = {}
    for photo in photos:
        first, *others = sorted(photo, key=lambda file: order.index(split_of[file]))
        for file in others:
            if split_of[file] != split_of[first]:
                sentences[file] = (
                    f"By its name, this picture of '{split_of[file]}' was made from the same photo as '{first}' of "
                    f"'{split_of[first]}'."
                )
    return sentences


class _TrainingPictures:
    """The pictures of the training split, to look up whether one shows the same as another picture.

    Args:
        train: The pictures, with their fingerprints and thumbnails.
    """

    def __init__(self, train: list[Labelled]) -> None:
        self.files = {item.digest: item.picture.file for item in train if item.digest}
        decoded = [item for item in train if item.thumbnail is not None]
        self.decoded_files = [item.picture.file for item in decoded]
        # Signed and wider than the thumbnails, since differences are below 0 as well.
        thumbnails = np.array([item.thumbnail for item in decoded], dtype=np.int16)
        self.thumbnails = thumbnails.reshape(len(decoded), THUMBNAIL**2)

    def twin_of(self, item: Labelled) -> str | None:
        """The training picture that shows the same, and how similar it is, in words; None if there is none.

        Equal digests are equal pixels. Otherwise the thumbnail whose largest difference is smallest is the nearest
        picture; it is a twin if it differs by no more than what saving a picture again does.
        """
        if item.digest in self.files:
            return f"the same as '{self.files[item.digest]}'"
        if item.thumbnail is None or not self.decoded_files:
            return None
        differences = np.abs(self.thumbnails - item.thumbnail.reshape(-1)).max(axis=1)
        nearest = int(differences.argmin())
        if differences[nearest] > _NO_NOISE:
            return None
        return f"nearly the same as '{self.decoded_files[nearest]}'"


def _near(labelled: list[Labelled]) -> Iterable[tuple[str, str]]:
    """Pairs of pictures that show nearly the same: both their hashes and their thumbnails are similar."""
    decoded = [(item.picture.file, item.thumbnail) for item in labelled if item.thumbnail is not None]
    for first, second in near_pairs([thumbnail_hash(thumbnail) for _, thumbnail in decoded]):
        (file, thumbnail), (other_file, other_thumbnail) = decoded[first], decoded[second]
        if np.abs(thumbnail.astype(np.int16) - other_thumbnail).mean() <= _FURTHEST:
            yield file, other_file


def _identical(labelled: list[Labelled]) -> list[list[str]]:
    """Groups of at least two pictures with the same pixels."""
    by_digest: dict[str, list[str]] = defaultdict(list)
    for item in labelled:
        if item.digest:
            by_digest[item.digest].append(item.picture.file)
    return [files for files in by_digest.values() if len(files) > 1]
