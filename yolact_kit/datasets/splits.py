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
    # 0.15 * 10 is 1.4999... in binary; the half that the user meant is rounded up.
    return max(1, math.floor(round(count * share, 9) + 0.5)) if share > 0 else 0


def split_pictures(
    pictures: list[Picture],
    options: SplitOptions | None = None,
    kept: Mapping[str, str] | None = None,
    alike: Iterable[Iterable[str]] = (),
) -> dict[str, list[Picture]]:
    """Divides pictures into splits.

    Args:
        pictures: The pictures.
        options: How.
        kept: Name of the split by a picture's path, for pictures whose split is settled.
        alike: Paths of pictures that stay together, such as those that show the same.

    Returns:
        Pictures by the name of the split, in their given order; splits without pictures are left out.

    Raises:
        UserError: The shares or the regular expression make no sense.

    Example:
        >>> from pathlib import Path
        >>> pictures = [Picture(f"{number}.jpg", 8, 8, Path(f"{number}.jpg")) for number in range(5)]
        >>> {name: len(found) for name, found in split_pictures(pictures).items()}
        {'train': 4, 'val': 1}
    """
    options, kept = options or SplitOptions(), kept or {}
    sizes = split_sizes(len(pictures), options.val, options.test)
    chosen = {picture.file: kept[picture.file] for picture in pictures if picture.file in kept}
    drawn = sorted(pictures, key=lambda picture: picture.file)
    random.Random(options.seed).shuffle(drawn)  # noqa: S311  (drawn to be repeated, not to be secret)
    by_group = options.method == "group" or options.group_by is not None
    groups = _groups(drawn, options, bool(chosen)) if by_group else []
    units = _join([picture for picture in drawn if picture.file not in chosen], chosen, [*alike, *groups])
    present = Counter(chosen.values())
    wanted = {name: max(0, sizes[name] - present[name]) for name in SPLITS}
    if options.method == "stratified":
        chosen.update(_stratified(units, wanted))
    elif by_group:
        chosen.update(_largest_first(units, wanted))
    else:
        chosen.update(_in_order(units, wanted))
    names = [*SPLITS, *sorted(set(chosen.values()) - set(SPLITS))]
    whole = {name: [picture for picture in pictures if chosen[picture.file] == name] for name in names}
    return {name: found for name, found in whole.items() if found}


def _join(free: list[Picture], chosen: dict[str, str], groups: Iterable[Iterable[str]]) -> list[_Unit]:
    """What is to be divided: pictures that stay together; those that stay with settled ones are settled as well."""
    leader: dict[str, str] = {}

    def lead(file: str) -> str:
        while leader.setdefault(file, file) != file:
            file = leader[file]
        return file

    for group in groups:
        first, *others = group
        for file in others:
            leader[lead(file)] = lead(first)
    settled: dict[str, Counter[str]] = defaultdict(Counter)
    for file, split in chosen.items():
        settled[lead(file)][split] += 1
    units: dict[str, list[Picture]] = defaultdict(list)
    for picture in free:
        if lead(picture.file) in settled:
            chosen[picture.file] = settled[lead(picture.file)].most_common(1)[0][0]
        else:
            units[lead(picture.file)].append(picture)
    return list(units.values())


def _in_order(units: list[_Unit], wanted: Mapping[str, int]) -> dict[str, str]:
    """Fills val, then test, with what fits; the rest is train."""
    room = dict(wanted)
    chosen: dict[str, str] = {}
    for unit in units:
        split = next((name for name in ("val", "test") if 0 < len(unit) <= room[name]), "train")
        room[split] -= len(unit)
        chosen.update((picture.file, split) for picture in unit)
    return chosen


def _stratified(units: list[_Unit], wanted: Mapping[str, int]) -> dict[str, str]:
    """Assigns the pictures of the rarest class first, each to the split that lacks the largest part of its quota of it.

    This is iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data",
    2011), by objects instead of pictures and with the sizes of the splits fixed. A split's quota of a class is its
    share of the pictures. Pictures with many objects of the class come first, so that those with few can even things
    out. If splits lack the same part, the largest comes first, so that a class in a single picture can be learnt.
    """
    count = sum(len(unit) for unit in units)
    room = {name: min(wanted[name], count) for name in ("val", "test")}
    room = {"train": count - sum(room.values()), **room}
    labels = [Counter(instance.label for picture in unit for instance in picture.instances) for unit in units]
    totals: Counter[str] = sum(labels, Counter())
    due = {(name, label): room[name] / max(1, count) * total for name in room for label, total in totals.items()}
    lacking = dict(due)
    chosen: dict[str, str] = {}
    left = list(range(len(units)))
    while left:
        remaining: Counter[str] = sum((labels[number] for number in left), Counter())
        rarest = min(remaining, key=lambda label: (remaining[label], label), default="")
        batch = [number for number in left if not remaining or labels[number][rarest] > 0]
        batch.sort(key=lambda number: -labels[number][rarest])
        for number in batch:
            size = len(units[number])
            fitting = [name for name in room if room[name] >= size] or ["train"]
            keys = {name: (name, rarest) for name in fitting}
            best = max(keys, key=lambda name: (lacking.get(keys[name], 0.0) / due.get(keys[name], 1.0), room[name]))
            chosen.update((picture.file, best) for picture in units[number])
            room[best] -= size
            for label, found in labels[number].items():
                lacking[best, label] -= found
        dealt = set(batch)
        left = [number for number in left if number not in dealt]
    return chosen


def _largest_first(units: list[_Unit], wanted: Mapping[str, int]) -> dict[str, str]:
    """Assigns whole groups, the largest first, each to the split that lacks most pictures."""
    lacking = {name: wanted[name] for name in SPLITS}
    chosen: dict[str, str] = {}
    for unit in sorted(units, key=lambda unit: -len(unit)):
        best = max(lacking, key=lambda name: lacking[name])
        lacking[best] -= len(unit)
        chosen.update((picture.file, best) for picture in unit)
    return chosen


def _groups(pictures: list[Picture], options: SplitOptions, settled: bool) -> list[list[str]]:
    """Paths of the pictures of each group that ``group_by`` tells."""
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
            "Give --group-by a REGEX that finds something else in the path of each group's pictures, such as the name "
            "of a video; without it, the folders are the groups.",
        )
    return list(groups.values())


def group_pattern(text: str | None) -> re.Pattern[str] | None:
    """The expression of ``--group-by``, which tells a picture's group by its path.

    Args:
        text: The expression; None where there is none.

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
    if pattern is None:
        return PurePosixPath(file).parent.as_posix()
    found = pattern.search(file)
    if found is None:
        return file
    return found.group(1) or "" if pattern.groups else found.group(0)
