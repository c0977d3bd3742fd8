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
from yolact_kit.reports.views import draw_view, window_around

LONGEST = 320
"""Longer side of a thumbnail in pixels."""
_OBJECT = re.compile(r"^object (\d+) \(")
_LABEL = re.compile(r"\((.+)\)$")
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(slots=True)
class Place:
    """Where a problem is.

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


def find_places(found: Validation) -> list[Place]:
    """Where each problem of a data set is.

    Args:
        found: The data set and its problems.

    Returns:
        A place for each problem, in their order, without thumbnails.
    """
    pictures = {picture.file: picture for picture in reversed(found.dataset.pictures())}
    return [_place(problem, pictures, found) for problem in found.problems]


def _place(problem: Problem, pictures: dict[str, Picture], found: Validation) -> Place:
    name = problem.object.partition(" in ")[2] or problem.file  # "annotation 5 in a.jpg"
    place = Place(problem, pictures.get(name) or found.files.get(name))
    if place.picture is not None:
        place.focus = _focus(problem, place.picture)
        if problem.code in CHECKS and CHECKS[problem.code].level == "copies":
            place.other = _named_in(problem.message, pictures, place.picture)
    place.labels = _labels(place, found.dataset)
    return place


def _focus(problem: Problem, picture: Picture) -> Instance | None:
    match = _OBJECT.match(problem.object)
    number = int(match.group(1)) if match else 0
    return picture.instances[number - 1] if 0 < number <= len(picture.instances) else None


def _named_in(message: str, pictures: dict[str, Picture], own: Picture) -> Picture | None:
    """The picture that a message names; the one with the longest name, since names may hold others."""
    named = [file for file in pictures if file in message and pictures[file] is not own]
    return pictures[max(named, key=len)] if named else None


def _labels(place: Place, dataset: Dataset) -> list[str]:
    label = _LABEL.search(place.problem.object)
    if label and label.group(1) in dataset.classes:
        return [label.group(1)]
    if place.picture is not None:
        return sorted({instance.label for instance in place.picture.instances})
    return [name for name in dict.fromkeys(_QUOTED.findall(place.problem.message)) if name in dataset.classes]


def add_thumbnails(places: list[Place], found: Validation) -> Iterator[None]:
    """Draws what problems look like; each picture is decoded once.

    Args:
        places: Where the problems are; their ``thumbnail`` is set.
        found: The data set.

    Yields:
        None for each picture that is done.
    """
    by_picture: dict[str, list[Place]] = {}
    for place in places:
        if place.picture is not None:
            by_picture.setdefault(place.picture.file, []).append(place)
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(lambda members: _draw(members, found), by_picture.values())


def pictures_to_draw(places: Iterable[Place]) -> int:
    """How many pictures `add_thumbnails` decodes for these problems."""
    return len({place.picture.file for place in places if place.picture is not None})


def _draw(places: list[Place], found: Validation) -> None:
    picture = places[0].picture
    pixels = _pixels(picture, found)
    if picture is None or pixels is None:
        return
    for place in places:
        drawn = _drawn(picture, pixels, place.focus, found)
        other = _pixels(place.other, found)
        if place.other is not None and other is not None:
            drawn = _beside(drawn, _drawn(place.other, other, None, found))
        place.thumbnail = data_url(drawn, quality=75, optimize=True)


def _pixels(picture: Picture | None, found: Validation) -> NDArray[np.uint8] | None:
    if picture is None:
        return None
    try:
        return found.read(picture)
    except PictureError:
        return None


def _drawn(picture: Picture, pixels: NDArray[np.uint8], focus: Instance | None, found: Validation) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    window = window_around(focus.box(), width, height) if focus is not None else None
    return draw_view(pixels, picture.instances, found.dataset.classes, LONGEST, focus, window)


def _beside(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two pictures side by side with a white line between them; below the lower one it is white."""
    height = max(left.shape[0], right.shape[0])
    tall = [np.pad(part, ((0, height - part.shape[0]), (0, 0), (0, 0)), constant_values=255) for part in (left, right)]
    return np.hstack([tall[0], np.full((height, 6, 3), 255, np.uint8), tall[1]])
