"""Dividing pictures into train, val and test."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from yolact_kit.annotations.dataset import Picture
from yolact_kit.components import connected_components
from yolact_kit.errors import UserError

SPLITS = ("train", "val", "test")

_Unit = list[Picture]
"""Pictures that stay together."""


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How pictures are divided.

    Attributes:
        method: ``random``; ``stratified``: each split gets its share of the objects of each class; ``group``: pictures
            of one group stay together, as they also do with the other methods if ``group_by`` is given.
        val: Share of the pictures for validation, 0 to below 1.
        test: Share of the pictures for the test, 0 to below 1.
        seed: Random seed.
        group_by: Regular expression that is searched in a picture's path: its first group, or else the whole match,
            is the name of the picture's group. Without it, the name of the picture's folder is.
    """

    method: Literal["random", "stratified", "group"] = "random"
    val: float = 0.2
    test: float = 0.0
    seed: int = 0
    group_by: str | None = None


def split_sizes(count: int, val: float, test: float) -> dict[str, int]:
    """How many pictures each split gets: shares rounded half up, at least one where the share is above 0.

    With too few pictures for that, train is filled first, then val.

    Args:
        count: Number of pictures.
        val: Share for validation.
        test: Share for the test.

    Returns:
        The number by the name of the split.

    Raises:
        UserError: The shares are not between 0 and 1, or leave nothing to train on.

    Example:
        >>> split_sizes(18, 0.2, 0.0)
        {'train': 14, 'val': 4, 'test': 0}
    """
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise UserError(
            f"The shares --val {val:g} and --test {test:g} leave nothing to train on.",
            "Give shares of 0 or more that add up to less than 1, such as --val 0.2 --test 0.1.",
        )
    sizes = {"train": 0, "val": _rounded(count, val), "test": _rounded(count, test)}
    for name in ("test", "val"):
        while sizes[name] > 0 and sizes["val"] + sizes["test"] >= max(count, 1):
            sizes[name] -= 1
    sizes["train"] = count - sizes["val"] - sizes["test"]
    return sizes


def _rounded(count: int, share: float) -> int:
    """A share of pictures, rounded half up; at least one unless the share is 0."""
    # 0.15 * 10 is 1.4999... in binary; the half that the user meant is rounded up.
    return max(1, math.floor(round(count * share, 9) + 0.5)) if share > 0 else 0


def split_pictures(
    pictures: list[Picture],
    options: SplitOptions | None = None,
    settled: Mapping[str, str] | None = None,
    alike: Iterable[Iterable[str]] = (),
) -> dict[str, list[Picture]]:
    """Divides pictures into splits.

    Args:
        pictures: The pictures.
        options: How.
        settled: Name of the split by a picture's path, for pictures with a fixed split.
        alike: Paths of pictures that stay together, such as those that show the same.

    Returns:
        Pictures by the name of the split, in their given order; splits without pictures are left out.

    Raises:
        UserError: The shares or the regular expression make no sense.

    Example:
        >>> from pathlib import Path
        >>> pictures = [Picture(f"{number}.jpg", 8, 8, Path(f"{number}.jpg")) for number in range(5)]
        >>> {name: len(members) for name, members in split_pictures(pictures).items()}
        {'train': 4, 'val': 1}
    """
    options, settled = options or SplitOptions(), settled or {}
    sizes = split_sizes(len(pictures), options.val, options.test)
    split_of = {picture.file: settled[picture.file] for picture in pictures if picture.file in settled}
    shuffled = _shuffle(pictures, options.seed)
    groups = _groups(shuffled, options, settled=bool(split_of)) if _is_by_group(options) else []
    free = [picture for picture in shuffled if picture.file not in split_of]
    units = _join(free, split_of, [*alike, *groups])
    present = Counter(split_of.values())
    quotas = {name: max(0, sizes[name] - present[name]) for name in SPLITS}
    split_of.update(_assign(units, quotas, options))
    return _collect(pictures, split_of)


def _shuffle(pictures: list[Picture], seed: int) -> list[Picture]:
    """The pictures in an order that only their paths and the seed decide."""
    shuffled = sorted(pictures, key=lambda picture: picture.file)
    random.Random(seed).shuffle(shuffled)  # noqa: S311  (a seed that can be repeated is the point here)
    return shuffled


def _is_by_group(options: SplitOptions) -> bool:
    return options.method == "group" or options.group_by is not None


def _assign(units: list[_Unit], quotas: Mapping[str, int], options: SplitOptions) -> dict[str, str]:
    """The split of each picture, by its path; pictures of a unit have the same."""
    if options.method == "stratified":
        return _Stratification(units, quotas).run()
    return _largest_first(units, quotas) if _is_by_group(options) else _in_order(units, quotas)


def _collect(pictures: list[Picture], split_of: Mapping[str, str]) -> dict[str, list[Picture]]:
    """The pictures of each split in their given order: train, val, test, then the others by name."""
    others = sorted(set(split_of.values()) - set(SPLITS))
    splits: dict[str, list[Picture]] = {name: [] for name in (*SPLITS, *others)}
    for picture in pictures:
        splits[split_of[picture.file]].append(picture)
    return {name: members for name, members in splits.items() if members}


def _join(free: list[Picture], split_of: dict[str, str], groups: Iterable[Iterable[str]]) -> list[_Unit]:
    """The units to divide. Pictures that stay with settled ones are settled here as well, in ``split_of``."""
    files = [*split_of, *(picture.file for picture in free)]
    unit_of: dict[str, int] = {}
    for number, component in enumerate(connected_components(files, groups)):
        unit_of.update(dict.fromkeys(component, number))
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for file, split in split_of.items():
        votes[unit_of[file]][split] += 1
    units: dict[int, list[Picture]] = defaultdict(list)
    for picture in free:
        number = unit_of[picture.file]
        if number in votes:
            split_of[picture.file] = votes[number].most_common(1)[0][0]
        else:
            units[number].append(picture)
    return list(units.values())


def _in_order(units: list[_Unit], quotas: Mapping[str, int]) -> dict[str, str]:
    """Fills val, then test, with what fits; the rest is train."""
    room = dict(quotas)
    split_of: dict[str, str] = {}
    for unit in units:
        split = next((name for name in ("val", "test") if 0 < len(unit) <= room[name]), "train")
        room[split] -= len(unit)
        split_of.update((picture.file, split) for picture in unit)
    return split_of


class _Stratification:
    """Gives every split its share of the objects of each class.

    This is iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data",
    2011), by objects instead of pictures and with the sizes of the splits fixed: the pictures of the rarest class are
    assigned first, each to the split that lacks the largest part of its quota of that class. A split's quota of a
    class is its share of the pictures. Pictures with many objects of the class come first, so that those with few can
    even things out. If splits lack the same part, the largest comes first, so that a class in a single picture can be
    learnt.

    Args:
        units: Pictures that stay together.
        quotas: How many pictures each split gets.
    """

    def __init__(self, units: list[_Unit], quotas: Mapping[str, int]) -> None:
        self.units = units
        self.labels = [_count_labels(unit) for unit in units]
        count = sum(len(unit) for unit in units)
        held_out = {name: min(quotas[name], count) for name in ("val", "test")}
        self.room = {"train": count - sum(held_out.values()), **held_out}
        totals: Counter[str] = sum(self.labels, Counter())
        self.quotas: dict[tuple[str, str], float] = {}
        for name, size in self.room.items():
            for label, total in totals.items():
                self.quotas[name, label] = size / max(1, count) * total
        self.lacking = dict(self.quotas)

    def run(self) -> dict[str, str]:
        """The split of each picture, by its path."""
        split_of: dict[str, str] = {}
        remaining = list(range(len(self.units)))
        while remaining:
            label = self._rarest(remaining)
            batch = [index for index in remaining if label is None or self.labels[index][label] > 0]
            batch.sort(key=lambda index: -self.labels[index][label or ""])
            for index in batch:
                split = self._choose(index, label or "")
                split_of.update((picture.file, split) for picture in self.units[index])
            assigned = set(batch)
            remaining = [index for index in remaining if index not in assigned]
        return split_of

    def _rarest(self, indices: list[int]) -> str | None:
        """The class with the fewest objects in some units; None where they have no objects."""
        counts: Counter[str] = sum((self.labels[index] for index in indices), Counter())
        return min(counts, key=lambda label: (counts[label], label), default=None)

    def _choose(self, index: int, label: str) -> str:
        """The split for a unit that has the class; the unit's objects are subtracted from what the split lacks."""
        size = len(self.units[index])
        fitting = [name for name in self.room if self.room[name] >= size] or ["train"]

        def need(name: str) -> tuple[float, int]:
            share = self.lacking.get((name, label), 0.0) / (self.quotas.get((name, label)) or 1.0)
            return share, self.room[name]

        split = max(fitting, key=need)
        self.room[split] -= size
        for other, count in self.labels[index].items():
            self.lacking[split, other] -= count
        return split


def _count_labels(unit: _Unit) -> Counter[str]:
    """How many objects of each class the pictures of a unit have."""
    return Counter(instance.label for picture in unit for instance in picture.instances)


def _largest_first(units: list[_Unit], quotas: Mapping[str, int]) -> dict[str, str]:
    """Assigns whole groups, the largest first, each to the split that lacks most pictures."""
    lacking = {name: quotas[name] for name in SPLITS}
    split_of: dict[str, str] = {}
    for unit in sorted(units, key=lambda unit: -len(unit)):
        best = max(lacking, key=lambda name: lacking[name])
        lacking[best] -= len(unit)
        split_of.update((picture.file, best) for picture in unit)
    return split_of


def _groups(pictures: list[Picture], options: SplitOptions, settled: bool) -> list[list[str]]:
    """Paths of the pictures of each group, by ``group_by`` or by their folders."""
    pattern = group_pattern(options.group_by)
    if pattern is not None and not any(pattern.search(picture.file) for picture in pictures):
        example = f", such as '{pictures[0].file}'" if pictures else ""
        raise UserError(
            f"--group-by '{options.group_by}' matches nothing in the path of any picture{example}.",
            "Give an expression that matches what the pictures of a group have in common.",
        )
    groups: dict[str, list[str]] = defaultdict(list)
    for picture in pictures:
        groups[_group(picture.file, pattern)].append(picture.file)
    if len(groups) < 2 and not settled and options.val + options.test > 0:
        raise UserError(
            "All pictures are in one group, so they cannot be divided.",
            "Give --group-by a REGEX that matches a different text in the paths of each group, such as the name "
            "of a video; without it, the folders are the groups.",
        )
    return list(groups.values())


def group_pattern(text: str | None) -> re.Pattern[str] | None:
    """The expression of ``--group-by``, which finds a picture's group in its path.

    Args:
        text: The expression; None if there is none.

    Returns:
        It, compiled.

    Raises:
        UserError: It is not a regular expression.
    """
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise UserError(
            f"--group-by '{text}' is not a regular expression: {error}.", "For example: --group-by '^[^_]+'."
        ) from error


def _group(file: str, pattern: re.Pattern[str] | None) -> str:
    """Name of a picture's group; a picture in which the expression finds nothing is a group of its own."""
    if pattern is None:
        return PurePosixPath(file).parent.as_posix()
    match = pattern.search(file)
    if match is None:
        return file
    return match.group(1) or "" if pattern.groups else match.group(0)
