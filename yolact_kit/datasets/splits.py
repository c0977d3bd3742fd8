"""Dividing pictures into train, val and test."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from yolact_kit.annotations.dataset import Picture
from yolact_kit.errors import UserError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How pictures are divided.

    Attributes:
        method: ``random``; ``stratified``: each split with its share of the objects of each class; ``group``: pictures
            of one group stay together.
        val: Share of the pictures for validation, 0 to below 1.
        test: Share of the pictures for the test, 0 to below 1.
        seed: Seed of what is drawn.
        group_by: Regular expression that is looked for in a picture's path: its first group, or all it finds, names
            the picture's group. Without it, a picture's folder does.
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
    pictures: list[Picture], options: SplitOptions | None = None, kept: Mapping[str, str] | None = None
) -> dict[str, list[Picture]]:
    """Divides pictures into splits.

    Args:
        pictures: The pictures.
        options: How.
        kept: Name of the split by a picture's path, for pictures whose split is settled.

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
    settled = {picture.file: kept[picture.file] for picture in pictures if picture.file in kept}
    present = Counter(settled.values())
    wanted = {name: max(0, sizes[name] - present[name]) for name in SPLITS}
    free = sorted((picture for picture in pictures if picture.file not in settled), key=lambda picture: picture.file)
    random.Random(options.seed).shuffle(free)  # noqa: S311  (drawn to be repeated, not to be secret)
    if options.method == "group" or options.group_by is not None:
        drawn = _by_group(free, wanted, settled, options)
    elif options.method == "stratified":
        drawn = _stratified(free, wanted)
    else:
        drawn = _in_order(free, wanted)
    chosen = {**drawn, **settled}
    names = [*SPLITS, *sorted(set(chosen.values()) - set(SPLITS))]
    whole = {name: [picture for picture in pictures if chosen[picture.file] == name] for name in names}
    return {name: found for name, found in whole.items() if found}


def _in_order(free: list[Picture], wanted: Mapping[str, int]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    names = [name for name in ("val", "test") for _ in range(wanted[name])]
    for number, picture in enumerate(free):
        chosen[picture.file] = names[number] if number < len(names) else "train"
    return chosen


def _stratified(free: list[Picture], wanted: Mapping[str, int]) -> dict[str, str]:
    """Deals out the pictures of the rarest class first, each to the split that lacks most of its due of that class.

    A split's due is its share of the pictures. Pictures with many objects of the class come first, so that those with
    few can even things out. Where splits lack the same, the largest comes first, so that a class that is in one
    picture only can be learned.
    """
    room = {name: min(wanted[name], len(free)) for name in ("val", "test")}
    room = {"train": len(free) - sum(room.values()), **room}
    labels = {picture.file: Counter(instance.label for instance in picture.instances) for picture in free}
    totals: Counter[str] = sum(labels.values(), Counter())
    share = {name: room[name] / max(1, len(free)) for name in room}
    due = {(name, label): share[name] * total for name in room for label, total in totals.items()}
    lacking = dict(due)
    chosen: dict[str, str] = {}
    left = list(free)
    while left:
        remaining: Counter[str] = sum((labels[picture.file] for picture in left), Counter())
        rarest = min(remaining, key=lambda label: (remaining[label], label), default=None)
        batch = [picture for picture in left if rarest is None or labels[picture.file][rarest] > 0]
        batch.sort(key=lambda picture: -labels[picture.file][rarest or ""])
        for picture in batch:
            keys = {name: (name, rarest or "") for name in room if room[name] > 0}
            best = max(keys, key=lambda name: (lacking.get(keys[name], 0.0) / due.get(keys[name], 1.0), room[name]))
            chosen[picture.file] = best
            room[best] -= 1
            for label, count in labels[picture.file].items():
                lacking[best, label] -= count
        left = [picture for picture in left if picture.file not in chosen]
    return chosen


def _by_group(
    free: list[Picture], wanted: Mapping[str, int], settled: Mapping[str, str], options: SplitOptions
) -> dict[str, str]:
    """Deals out whole groups, the largest first, each to the split that lacks most pictures."""
    pattern = _pattern(options.group_by)
    place = {_group(file, pattern): name for file, name in settled.items()}
    groups: dict[str, list[str]] = defaultdict(list)
    for picture in free:
        groups[_group(picture.file, pattern)].append(picture.file)
    if len(groups) < 2 and not place and wanted["val"] + wanted["test"] > 0:
        raise UserError(
            "All pictures are in one group, so they cannot be divided.",
            "Give --group-by REGEX, which tells by a picture's path what group it is in.",
        )
    lacking = {name: wanted[name] for name in SPLITS}
    chosen: dict[str, str] = {}
    for group, files in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        best = place.get(group) or max(lacking, key=lambda name: lacking[name])
        lacking[best] = lacking.get(best, 0) - len(files)
        chosen.update(dict.fromkeys(files, best))
    return chosen


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise UserError(
            f"--group-by '{text}' is no regular expression: {error}.", "For example: --group-by '^[^_]+'."
        ) from error


def _group(file: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return PurePosixPath(file).parent.as_posix()
    found = pattern.search(file)
    if found is None:
        return file
    return found.group(1) or "" if pattern.groups else found.group(0)
