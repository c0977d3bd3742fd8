"""Pictures that show the same: they belong in one split, since training would otherwise have seen test pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.source import Labelled
from yolact_kit.pixels.fingerprints import THUMBNAIL
from yolact_kit.pixels.hashes import near_pairs, thumbnail_hash

_FURTHEST = 12.0
"""Mean difference of two thumbnails, in grey levels, up to which pictures of nearly one hash show the same; hashes
alone cannot tell plain ones apart."""
_NO_NOISE = 2
"""Largest difference of two thumbnails, in grey levels, that comes from saving a picture again."""


def same_pictures(labelled: list[Labelled]) -> list[list[str]]:
    """Groups of pictures that are the same, or nearly, and should not be divided.

    A group of more than half of all pictures, as of a camera that never moves, is divided all the same: first into
    those that are the very same, then wholly. `find_leakage` says so.

    Args:
        labelled: The pictures, with what was kept of their pixels.

    Returns:
        Paths of the pictures of each group of at least two.
    """
    found: list[list[str]] = []
    for group in _connected(labelled, _near(labelled)):
        if 2 * len(group) <= len(labelled):
            found.append(group)
        else:
            members = [item for item in labelled if item.picture.file in set(group)]
            found += [same for same in _identical(members) if 2 * len(same) <= len(labelled)]
    return found


def find_leakage(splits: dict[str, list[Picture]], labelled: list[Labelled]) -> list[Problem]:
    """Finds pictures of val and test that are also in the training split, exactly or nearly.

    Args:
        splits: The pictures of each split.
        labelled: The pictures, with what was kept of their pixels.

    Returns:
        A problem for each.
    """
    problems = Problems()
    by_file = {item.picture.file: item for item in labelled}
    train = [by_file[picture.file] for picture in splits.get("train", [])]
    digests = {item.digest: item.picture.file for item in train if item.digest}
    shown = [item for item in train if item.thumbnail is not None]
    thumbnails = np.array([item.thumbnail for item in shown], dtype=np.int16).reshape(len(shown), THUMBNAIL**2)
    for name in (name for name in splits if name != "train" and train):
        for item in (by_file[picture.file] for picture in splits[name]):
            twin, how = digests.get(item.digest), "the same as"
            if twin is None and item.thumbnail is not None and shown:
                apart = np.abs(thumbnails - item.thumbnail.reshape(-1)).max(axis=1)
                nearest = int(apart.argmin())
                twin, how = (shown[nearest].picture.file if apart[nearest] <= _NO_NOISE else None), "nearly the same as"
            if twin is not None:
                problems.file = item.picture.file
                problems.add("leakage", f"This picture of '{name}' is {how} '{twin}' of 'train'.")
    return problems.found


def _near(labelled: list[Labelled]) -> Iterable[tuple[str, str]]:
    shown = [(item.picture.file, item.thumbnail) for item in labelled if item.thumbnail is not None]
    for first, second in near_pairs([thumbnail_hash(thumbnail) for _, thumbnail in shown]):
        (file, one), (other_file, other) = shown[first], shown[second]
        if np.abs(one.astype(np.int16) - other).mean() <= _FURTHEST:
            yield file, other_file


def _identical(labelled: list[Labelled]) -> list[list[str]]:
    by_digest: dict[str, list[str]] = defaultdict(list)
    for item in (item for item in labelled if item.digest):
        by_digest[item.digest].append(item.picture.file)
    return [files for files in by_digest.values() if len(files) > 1]


def _connected(labelled: list[Labelled], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of pictures that are joined by pairs, directly or by way of others."""
    group_of = {item.picture.file: [item.picture.file] for item in labelled}
    for one, other in pairs:
        if group_of[one] is not group_of[other]:
            small, large = sorted((group_of[one], group_of[other]), key=len)
            large.extend(small)
            group_of.update(dict.fromkeys(small, large))
    groups = {id(group): group for group in group_of.values() if len(group) > 1}
    return list(groups.values())
