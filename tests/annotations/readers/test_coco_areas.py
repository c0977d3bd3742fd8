"""Areas in COCO files that do not fit the masks, and those that mean something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotations.making import codes, picture, read
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.coco import read_coco
from yolact_kit.shapes.rle import encode_mask

SIDE = 100


def square(number: int) -> list[int]:
    """A square of 10 to 28 px a side."""
    low, high = 5 + number, 15 + 3 * number
    return [low, low, high, low, high, high, low, high]


def area(number: int) -> int:
    return (10 + 2 * number) ** 2


def write(folder: Path, areas: list[Any], pictures: int = 1, **more: Any) -> None:
    """Writes a COCO file of squares with these areas, divided among the pictures."""
    images = []
    for number in range(pictures):
        picture(folder / f"{number}.png", number, (SIDE, SIDE))
        images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE})
    annotations = []
    for number, value in enumerate(areas):
        ring = square(number % 10)
        box = [ring[0], ring[1], ring[2] - ring[0], ring[5] - ring[1]]
        entry = {"id": number + 1, "image_id": number % pictures, "category_id": 1, "segmentation": [ring], "bbox": box}
        annotations.append({**entry, **({} if value == "missing" else {"area": value}), **more})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "nut"}]}
    (folder / "a.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("stated", [20, 70, 140, 400, 5000.5])
def test_an_area_far_from_the_mask_is_reported_with_both(tmp_path: Path, stated: float) -> None:
    write(tmp_path, [stated, area(1), area(2)])
    result = read(tmp_path)
    assert codes(result) == ["W area-differs"]
    message = f"Its mask has 100 px, but the file says that its area is {stated:,.0f} px."
    assert (result.problems[0].object, result.problems[0].message) == ("annotation 1 (nut)", message)


def test_an_area_far_from_a_mask_of_run_lengths_is_reported(tmp_path: Path) -> None:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[10:30, 10:30] = True
    write(tmp_path, [200], segmentation=dict(encode_mask(mask)), bbox=[10, 10, 20, 20])
    assert codes(read(tmp_path)) == ["W area-differs"]
    write(tmp_path, [399], segmentation=dict(encode_mask(mask)), bbox=[10, 10, 20, 20])
    assert codes(read(tmp_path)) == []


INNOCENT: dict[str, Callable[[int], Any]] = {
    "exact": area,
    "counted in pixels with the border": lambda number: (11 + 2 * number) ** 2,
    "missing": lambda number: "missing",
    "null": lambda number: None,
    "zero": lambda number: 0,
    "below zero": lambda number: -1,
    "text": lambda number: str(area(number)),
    "a share of the picture": lambda number: area(number) / SIDE**2,
    "the same number for all": lambda number: 100,
    "of pictures of twice the size": lambda number: 4 * area(number),
    "of smaller pictures": lambda number: area(number) / 7.3,
}


@pytest.mark.parametrize("meaning", INNOCENT)
def test_areas_that_mean_something_else_are_not_reported(tmp_path: Path, meaning: str) -> None:
    write(tmp_path, [INNOCENT[meaning](number) for number in range(6)])
    assert codes(read(tmp_path)) == []


def test_areas_of_pictures_that_were_resized_differently_are_not_reported(tmp_path: Path) -> None:
    factors = (0.25, 4, 9)
    write(tmp_path, [area(number % 10) * factors[number % 3] for number in range(12)], pictures=3)
    assert codes(read(tmp_path)) == []


def test_the_area_of_the_box_is_not_reported(tmp_path: Path) -> None:
    triangle = [10, 10, 50, 10, 10, 50]
    write(tmp_path, [1600], segmentation=[triangle], bbox=[10, 10, 40, 40])
    assert codes(read(tmp_path)) == []


@pytest.mark.parametrize(
    ("segmentation", "stated"),
    [([[10, 10, 40, 10, 40, 40, 10, 40], [30, 10, 60, 10, 60, 40, 30, 40]], 1500), ([[-30, 10, 30, 10, 30, 70]], 900)],
    ids=["outlines that overlap", "clipped"],
)
def test_masks_whose_area_is_unclear_are_not_reported(tmp_path: Path, segmentation: Any, stated: float) -> None:
    write(tmp_path, [stated], segmentation=segmentation, bbox=None)
    assert "W area-differs" not in codes(read(tmp_path))


def test_crowds_are_not_reported(tmp_path: Path) -> None:
    write(tmp_path, [9999], iscrowd=1)
    assert codes(read(tmp_path)) == []


def test_one_wrong_object_among_areas_of_resized_pictures_is_reported(tmp_path: Path) -> None:
    write(tmp_path, [4 * area(0), 4 * area(1), 4 * area(2), 30 * area(3), 4 * area(4)])
    result = read(tmp_path)
    assert [problem.object for problem in result.problems] == ["annotation 4 (nut)"]


def test_a_file_of_wrong_areas_is_reported_once(tmp_path: Path) -> None:
    write(tmp_path, [area(number % 10) * (2 + 3 * number) for number in range(20)], pictures=4)
    result = read(tmp_path)
    assert codes(result) == ["W area-differs"]
    assert result.problems[0].message.startswith("The areas of 20 of its 20 objects are far off: annotation 1 (nut)")


def test_areas_of_the_original_pass(shared_data: Path) -> None:
    problems = Problems()
    document = read_coco(
        shared_data / "coco_subset" / "annotations" / "instances_train2017.json", ReadOptions(), problems
    )
    assert document is not None
    every = problems.found + [problem for _, own in document.pictures for problem in own.found]
    assert "area-differs" not in {problem.code for problem in every}
