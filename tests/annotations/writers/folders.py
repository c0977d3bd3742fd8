"""Data sets to write in the format of another program and to read back."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from tests.annotations.making import HEIGHT, WIDTH, picture, read
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.result import ReadResult
from yolact_kit.annotations.writers import LAYOUTS
from yolact_kit.shapes.rle import encode_mask

CLASSES = ["nut", "너트", "볼트 1"]


def save(dataset: Dataset, out: Path, name: str) -> list[str]:
    """Writes a data set with its pictures; returns the codes of the problems."""
    out.mkdir(parents=True)
    layout, problems = LAYOUTS[name], Problems()
    layout.write(dataset, out, problems)
    for split, pictures in dataset.splits.items():
        for number, found in enumerate(pictures):
            picture(out / layout.pictures.format(split=split) / found.file, number, (found.width, found.height))
    return [problem.code for problem in problems.found]


def through(dataset: Dataset, out: Path, name: str, **options: object) -> ReadResult:
    """A data set after it was written and read back."""
    save(dataset, out, name)
    return read(out, format=name, **options)


def dataset_of(*instances: Instance, file: str = "사진 1.png") -> Dataset:
    """A data set of one picture."""
    return Dataset("parts", CLASSES, {"train": [Picture(file, WIDTH, HEIGHT, Path(file), list(instances))]})


def ring(*values: float) -> np.ndarray:
    """An outline from x y x y ..."""
    return np.array(values, dtype=np.float64).reshape(-1, 2)


def mask_of(*boxes: tuple[int, int, int, int], holes: tuple[tuple[int, int, int, int], ...] = ()) -> Instance:
    """A mask of boxes x1 y1 x2 y2 with holes."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for value, some in ((1, boxes), (0, holes)):
        for x1, y1, x2, y2 in some:
            mask[y1:y2, x1:x2] = value
    return Instance("nut", rle=encode_mask(mask))


@st.composite
def outlines(draw: st.DrawFn) -> np.ndarray:
    """A polygon that does not cross itself, inside of the picture: points around a centre."""
    radius = draw(st.floats(2, 9))
    centre = draw(st.floats(10, WIDTH - 10)), draw(st.floats(10, HEIGHT - 10))
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(0.5, 1), min_size=count, max_size=count))
    angles = [2 * math.pi * number / count for number in range(count)]
    points = [
        (math.cos(angle) * radius * r, math.sin(angle) * radius * r) for angle, r in zip(angles, radii, strict=True)
    ]
    return np.round(np.array(points) + centre, draw(st.integers(1, 6)))


@st.composite
def masks(draw: st.DrawFn) -> Instance:
    """A mask of boxes and holes, which may touch the border of the picture."""
    box = st.tuples(st.integers(0, WIDTH - 2), st.integers(0, HEIGHT - 2), st.integers(2, 30), st.integers(2, 30))
    boxes = [(x, y, x + w, y + h) for x, y, w, h in draw(st.lists(box, min_size=1, max_size=3))]
    holes = [(x, y, x + w // 2, y + h // 2) for x, y, w, h in draw(st.lists(box, max_size=3))]
    found = mask_of(*boxes, holes=tuple(holes))
    return found if found.mask(HEIGHT, WIDTH).any() else mask_of(*boxes)


@st.composite
def objects(draw: st.DrawFn) -> list[Instance]:
    """The objects of a picture: polygons, of several parts at times, and masks."""
    polygons = st.builds(Instance, st.sampled_from(CLASSES), st.lists(outlines(), min_size=1, max_size=3))
    found = draw(st.lists(polygons | masks(), max_size=5))
    for instance in found:
        instance.label = draw(st.sampled_from(CLASSES))
    return found
