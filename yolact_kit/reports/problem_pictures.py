"""Pictures of problems: where each is, and what it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.problems import Problem
from yolact_kit.datasets.checks import CHECKS, Validation
from yolact_kit.pixels.pictures import PictureError
from yolact_kit.reports.pages import data_url
from yolact_kit.reports.views import draw_view, part_around

LONGEST = 320
"""Longer side of a thumbnail in pixels."""
_OBJECT = re.compile(r"^object (\d+) \(")
_LABEL = re.compile(r"\((.+)\)$")
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(slots=True)
class ProblemPicture:
    """Where a problem is, and what it looks like.

    Attributes:
        problem: The problem.
        picture: The picture with the problem; None if there is none that can be used.
        focus: The object with the problem; None if it concerns the whole picture, or an object that cannot be used.
        other: A second picture of the problem, such as the copy of the first.
        labels: The classes that it concerns.
        thumbnail: A drawing of it, as a ``data:`` URL; empty if there is none.
    """

    problem: Problem
    picture: Picture | None = None
    focus: Instance | None = None
    other: Picture | None = None
    labels: list[str] = field(default_factory=list)
    thumbnail: str = ""


def locate_problems(validation: Validation) -> list[ProblemPicture]:
    """Where each problem of a data set is.

    Args:
        validation: The data set and its problems.

    Returns:
        An entry for each problem, in their order, without thumbnails.
    """
    pictures = {picture.file: picture for picture in reversed(validation.dataset.pictures())}
    return [_locate(problem, pictures, validation) for problem in validation.problems]


def _locate(problem: Problem, pictures: dict[str, Picture], validation: Validation) -> ProblemPicture:
    name = problem.object.partition(" in ")[2] or problem.file  # "annotation 5 in a.jpg"
    entry = ProblemPicture(problem, pictures.get(name) or validation.files.get(name))
    if entry.picture is not None:
        entry.focus = _focus(problem, entry.picture)
        if problem.code in CHECKS and CHECKS[problem.code].level == "copies":
            entry.other = _mentioned_in(problem.message, pictures, entry.picture)
    entry.labels = _labels(entry, validation.dataset)
    return entry


def _focus(problem: Problem, picture: Picture) -> Instance | None:
    """The object that a problem names by its number."""
    match = _OBJECT.match(problem.object)
    number = int(match.group(1)) if match else 0
    return picture.instances[number - 1] if 0 < number <= len(picture.instances) else None


def _mentioned_in(message: str, pictures: dict[str, Picture], own: Picture) -> Picture | None:
    """The picture that a message names; the one with the longest name, since names may hold others."""
    mentioned = [file for file in pictures if file in message and pictures[file] is not own]
    return pictures[max(mentioned, key=len)] if mentioned else None


def _labels(entry: ProblemPicture, dataset: Dataset) -> list[str]:
    label = _LABEL.search(entry.problem.object)
    if label and label.group(1) in dataset.classes:
        return [label.group(1)]
    if entry.picture is not None:
        return sorted({instance.label for instance in entry.picture.instances})
    return [name for name in dict.fromkeys(_QUOTED.findall(entry.problem.message)) if name in dataset.classes]


def add_thumbnails(entries: list[ProblemPicture], validation: Validation) -> Iterator[None]:
    """Draws what problems look like; each picture is decoded once.

    Args:
        entries: Where the problems are; their ``thumbnail`` is set.
        validation: The data set.

    Yields:
        None for each picture that is done.
    """
    by_picture: dict[str, list[ProblemPicture]] = {}
    for entry in entries:
        if entry.picture is not None:
            by_picture.setdefault(entry.picture.file, []).append(entry)
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(lambda members: _draw(members, validation), by_picture.values())


def pictures_to_draw(entries: Iterable[ProblemPicture]) -> int:
    """How many pictures `add_thumbnails` decodes for these problems."""
    return len({entry.picture.file for entry in entries if entry.picture is not None})


def _draw(entries: list[ProblemPicture], validation: Validation) -> None:
    picture = entries[0].picture
    pixels = _pixels(picture, validation)
    if picture is None or pixels is None:
        return
    for entry in entries:
        thumbnail = _draw_picture(picture, pixels, entry.focus, validation)
        other = _pixels(entry.other, validation)
        if entry.other is not None and other is not None:
            thumbnail = _beside(thumbnail, _draw_picture(entry.other, other, None, validation))
        entry.thumbnail = data_url(thumbnail, quality=75, optimize=True)


def _pixels(picture: Picture | None, validation: Validation) -> NDArray[np.uint8] | None:
    """A picture, decoded; None where there is none or it cannot be decoded."""
    if picture is None:
        return None
    try:
        return validation.read(picture)
    except PictureError:
        return None


def _draw_picture(
    picture: Picture, pixels: NDArray[np.uint8], focus: Instance | None, validation: Validation
) -> NDArray[np.uint8]:
    """A picture with its labels; if one object matters, the part around it."""
    height, width = pixels.shape[:2]
    part = part_around(focus.box(), width, height) if focus is not None else None
    return draw_view(pixels, picture.instances, validation.dataset.classes, LONGEST, focus, part)


def _beside(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two pictures side by side with a white line between them; below the lower one it is white."""
    height = max(left.shape[0], right.shape[0])
    tall = [np.pad(part, ((0, height - part.shape[0]), (0, 0), (0, 0)), constant_values=255) for part in (left, right)]
    return np.hstack([tall[0], np.full((height, 6, 3), 255, np.uint8), tall[1]])
