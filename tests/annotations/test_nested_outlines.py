"""Outlines within other outlines of the same object, in every format that has objects of several outlines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, labelme_document, picture, read, shape

OUTER = [[5, 5], [45, 5], [45, 35], [5, 35]]
INNER = [[15, 10], [15, 20], [35, 20], [35, 10]]
BESIDE = [[50, 5], [55, 5], [55, 35], [50, 35]]
FILLED, HOLE = 1200, 200
Outlines = list[list[list[int]]]


def write_coco(folder: Path, outlines: Outlines, **more: Any) -> None:
    image = {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}
    rings = [[number for point in outline for number in point] for outline in outlines]
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": rings, **more}
    document = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "ring"}]}
    (folder / "a.json").write_text(json.dumps(document), encoding="utf-8")


def write_labelme(folder: Path, outlines: Outlines) -> None:
    shapes = [shape(outline, "ring", group_id=1) for outline in outlines]
    (folder / "a.json").write_text(json.dumps(labelme_document("a.png", shapes)), encoding="utf-8")


def write_cvat(folder: Path, outlines: Outlines) -> None:
    lists = (";".join(f"{x},{y}" for x, y in outline) for outline in outlines)
    polygons = "".join(f'<polygon label="ring" group_id="1" points="{points}"/>' for points in lists)
    image = f'<image id="0" name="a.png" width="{WIDTH}" height="{HEIGHT}">{polygons}</image>'
    (folder / "a.xml").write_text(f"<annotations><version>1.1</version>{image}</annotations>", encoding="utf-8")


def write_voc(folder: Path, outlines: Outlines) -> None:
    polygons = ""
    for outline in outlines:
        polygons += f"<polygon>{''.join(f'<pt><x>{x}</x><y>{y}</y></pt>' for x, y in outline)}</polygon>"
    content = f"<filename>a.png</filename><object><name>ring</name>{polygons}</object>"
    (folder / "a.xml").write_text(f"<annotation>{content}</annotation>", encoding="utf-8")


@pytest.mark.parametrize("write", [write_coco, write_labelme, write_cvat, write_voc])
@pytest.mark.parametrize("outlines", [[OUTER, INNER], [INNER, OUTER], [BESIDE, INNER, OUTER]])
def test_an_outline_within_another_one_is_reported(
    tmp_path: Path, write: Callable[[Path, Outlines], None], outlines: Outlines
) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path, outlines)
    result = read(tmp_path)
    assert codes(result)[:1] == ["W hole-filled"]
    assert "An outline of 200 px lies within another one" in result.problems[0].message
    assert "ring" in result.problems[0].object
    (instance,) = instances(result)
    assert instance.mask(HEIGHT, WIDTH)[15, 25]


@pytest.mark.parametrize("write", [write_coco, write_labelme, write_cvat, write_voc])
@pytest.mark.parametrize("outlines", [[OUTER], [OUTER, BESIDE], [OUTER, [[40, 20], [50, 20], [50, 30]]]])
def test_other_outlines_are_not(tmp_path: Path, write: Callable[[Path, Outlines], None], outlines: Outlines) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path, outlines)
    assert "W hole-filled" not in codes(read(tmp_path))


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (FILLED - HOLE, "the file's area is 1,000 px, which is that with a hole. It was filled"),
        (1040.5, "the file's area is 1,040 px, which is that with a hole. It was filled"),
        (FILLED + HOLE, "the file's area is 1,400 px. It was filled"),
        (300, "the file's area is 300 px. It was filled"),
        (None, "of the object. It was filled, so that the mask has 1,200 px"),
        (0, "of the object. It was filled, so that the mask has 1,200 px"),
        (FILLED, ""),
        (1180.5, ""),
    ],
)
def test_the_area_in_the_file_tells_a_hole(tmp_path: Path, area: float | None, words: str) -> None:
    picture(tmp_path / "a.png")
    write_coco(tmp_path, [OUTER, INNER], area=area)
    result = read(tmp_path)
    assert codes(result) == (["W hole-filled"] if words else [])
    assert words in "".join(problem.message for problem in result.problems)


def test_crowds_and_specks_are_no_holes(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    write_coco(tmp_path, [OUTER, INNER], iscrowd=1)
    assert codes(read(tmp_path)) == []
    write_coco(tmp_path, [OUTER, [[10, 10], [11, 10], [11, 11], [10, 11]]])
    assert codes(read(tmp_path)) == []
