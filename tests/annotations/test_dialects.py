"""Files as the programs that people label with really write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, instances, labelme_document, picture, read
from tests.annotations.test_labelme import mask_shape
from yolact_kit.annotations.writers.labelme import labelme_document as written
from yolact_kit.annotations.writers.voc import voc_palette

SQUARE = [[30.0, 5.0], [40.0, 5.0], [40.0, 15.0], [30.0, 15.0]]


def of_labelme_2() -> dict[str, Any]:
    shape = {"label": "nut", "points": TRIANGLE, "line_color": None, "fill_color": [0, 255, 0, 128]}
    return {"shapes": [shape], "lineColor": [0, 255, 0, 128], "fillColor": [255, 0, 0, 128], "imagePath": "a.png",
            "imageData": None}  # fmt: skip


def of_labelme_3() -> dict[str, Any]:
    return {**of_labelme_2(), "version": "3.16.7", "flags": {},
            "shapes": [{**of_labelme_2()["shapes"][0], "shape_type": "polygon", "flags": {}}],
            "imageHeight": HEIGHT, "imageWidth": WIDTH}  # fmt: skip


def of_labelme_4() -> dict[str, Any]:
    shape = {"label": "nut", "points": TRIANGLE, "group_id": None, "shape_type": "polygon", "flags": {}}
    return labelme_document("a.png", [shape], version="4.6.0")


def of_labelme_6() -> dict[str, Any]:
    shape = {"label": "nut", "points": TRIANGLE, "group_id": None, "description": "", "shape_type": "polygon",
             "flags": {}, "mask": None}  # fmt: skip
    return labelme_document("a.png", [shape], version="6.3.1")


def of_x_anylabeling() -> dict[str, Any]:
    shape = {"label": "nut", "score": None, "points": [*TRIANGLE, TRIANGLE[0]], "group_id": None, "description": "",
             "difficult": False, "shape_type": "polygon", "flags": None, "attributes": {"색": "빨강"},
             "kie_linking": []}  # fmt: skip
    return labelme_document("a.png", [shape], version="2.5.4", description="")


@pytest.mark.parametrize("make", [of_labelme_2, of_labelme_3, of_labelme_4, of_labelme_6, of_x_anylabeling])
def test_a_polygon_of_every_version(tmp_path: Path, make: Any) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "a.json").write_text(json.dumps(make(), ensure_ascii=False), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == []
    [entry] = instances(result)
    assert entry.polygons[0].tolist()[:3] == TRIANGLE
    document = written(result.labelled[0].picture)
    [before], [after] = make()["shapes"], document["shapes"]
    assert after["points"] == before["points"]
    for key in before.keys() - {"flags", "mask", "points"}:
        assert after[key] == before[key]
    assert document.get("lineColor") == make().get("lineColor")


def x_shape(kind: str, points: Any, **more: Any) -> dict[str, Any]:
    return {**of_x_anylabeling()["shapes"][0], "shape_type": kind, "points": points, **more}


def test_shapes_of_x_anylabeling(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    turned = [[10.0, 20.0], [15.0, 25.0], [10.0, 30.0], [5.0, 25.0]]
    shapes = [
        x_shape("rotation", turned, direction=0.785),
        x_shape("rectangle", SQUARE),
        x_shape("circle", [[50.0, 20.0], [54.0, 20.0]]),
        x_shape("linestrip", SQUARE),
        x_shape("cuboid", [*SQUARE, *SQUARE]),
    ]
    document = labelme_document("a.png", shapes, version="3.1.0")
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == ["S shape-type-skipped"] * 2
    assert [len(entry.polygons[0]) for entry in instances(result)][:2] == [4, 4]
    after = written(result.labelled[0].picture)["shapes"]
    assert [(entry["shape_type"], entry["points"]) for entry in after] == [
        (entry["shape_type"], entry["points"]) for entry in shapes[:4]
    ]
    assert after[0]["direction"] == 0.785


@pytest.mark.parametrize(("difficult", "count", "crowds"), [("keep", 2, 0), ("crowd", 2, 1), ("drop", 1, 0)])
def test_difficult_shapes_of_x_anylabeling(tmp_path: Path, difficult: str, count: int, crowds: int) -> None:
    picture(tmp_path / "a.png")
    shapes = [x_shape("polygon", TRIANGLE), x_shape("polygon", SQUARE, difficult=True)]
    (tmp_path / "a.json").write_text(json.dumps(labelme_document("a.png", shapes)), encoding="utf-8")
    found = instances(read(tmp_path, difficult=difficult))
    assert (len(found), sum(entry.crowd for entry in found)) == (count, crowds)


def test_regions_to_ignore(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    shapes = [
        *of_labelme_6()["shapes"],
        {**mask_shape(np.ones((5, 5), dtype=bool), 40, 20), "label": "__ignore__"},
        {**x_shape("polygon", SQUARE), "label": ""},
        {**x_shape("polygon", SQUARE), "label": "_background_"},
        {**x_shape("line", SQUARE[:2]), "label": "__ignore__"},
    ]
    (tmp_path / "a.json").write_text(json.dumps(labelme_document("a.png", shapes)), encoding="utf-8")
    assert codes(read(tmp_path)) == ["S label-empty"] * 4
    result = read(tmp_path, ignore_as_crowd=True)
    assert codes(result) == ["S shape-type-skipped", "S label-empty"]
    assert [(entry.label, entry.crowd) for entry in instances(result)] == [("nut", False), ("nut", True), ("nut", True)]


def test_vocs_export_of_cvat(tmp_path: Path) -> None:
    """Mask pictures are RGB there: of objects in VOC's palette, of classes in the colours of ``labelmap.txt``."""
    objects = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    objects[5:15, 5:15], objects[5:15, 15:25], objects[20:30, 30:40] = 1, 2, 3
    colours = np.array([(0, 0, 0), (250, 50, 83), (250, 50, 83), (51, 221, 255)], dtype=np.uint8)
    for folder, pixels in (("SegmentationObject", voc_palette()[objects]), ("SegmentationClass", colours[objects])):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    picture(tmp_path / "JPEGImages" / "a.png")
    (tmp_path / "labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\n너트:250,50,83::\nbackground:0,0,0::\nbolt:51,221,255::\n", encoding="utf-8"
    )
    lists = tmp_path / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "default.txt").write_text("a\n", encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == []
    assert (result.classes, result.without_labels) == (["bolt", "너트"], [])
    assert sorted((entry.box(), entry.label) for entry in instances(result)) == [
        ((5, 5, 10, 10), "너트"), ((15, 5, 10, 10), "너트"), ((30, 20, 10, 10), "bolt"),
    ]  # fmt: skip


def test_cocos_export_of_via(tmp_path: Path) -> None:
    """VIA writes flat lists, ids as text or counted from 0, and no areas."""
    picture(tmp_path / "a.png")
    flat = [value for point in TRIANGLE for value in point]
    document = {
        "info": {"description": "exported using VGG Image Annotator (VIA)"},
        "licenses": [{"id": 0, "name": "Unknown License", "url": ""}],
        "images": [{"id": "1", "width": WIDTH, "height": HEIGHT, "file_name": "a.png", "license": 0}],
        "annotations": [{"id": 0, "image_id": "1", "category_id": 0, "segmentation": flat, "bbox": [5, 5, 20.5, 25.25],
                         "area": 0, "iscrowd": 0}],
        "categories": [{"id": 0, "name": "nut", "supercategory": "type"}],
    }  # fmt: skip
    (tmp_path / "via.json").write_text(json.dumps(document), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == ["F segmentation-flat"]
    assert instances(result)[0].polygons[0].tolist() == TRIANGLE
