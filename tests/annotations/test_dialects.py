"""Files as the programs that people label with really write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, instances, labelme_document, picture, read
from tests.annotations.readers.test_labelme import mask_shape
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


def coco(root: Path, categories: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> None:
    """A COCO file of one picture."""
    picture(root / "a.png")
    images = [{"id": 0, "width": WIDTH, "height": HEIGHT, "file_name": "a.png"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (root / "_annotations.coco.json").write_text(json.dumps(document), encoding="utf-8")


def annotation(category: int, **more: Any) -> dict[str, Any]:
    flat = [value for point in TRIANGLE for value in point]
    return {"id": category, "image_id": 0, "category_id": category, "segmentation": [flat], **more}


def test_the_group_that_roboflow_puts_before_the_classes_is_none(tmp_path: Path) -> None:
    parts = [{"id": 0, "name": "parts", "supercategory": "none"}, {"id": 1, "name": "nut", "supercategory": "parts"}]
    coco(tmp_path, parts, [annotation(1)])
    result = read(tmp_path)
    assert (result.classes, codes(result)) == (["nut"], ["F category-group"])


def test_a_group_of_the_name_of_a_class_is_that_class(tmp_path: Path) -> None:
    parts = [{"id": 0, "name": "nut", "supercategory": "none"}, {"id": 1, "name": "nut", "supercategory": "nut"}]
    coco(tmp_path, parts, [annotation(1)])
    result = read(tmp_path)
    assert (result.classes, codes(result)) == (["nut"], ["W name-of-class-repeated"])


def test_a_group_with_objects_and_a_class_that_is_its_own_group_are_classes(tmp_path: Path) -> None:
    parts = [{"id": 0, "name": "parts", "supercategory": "none"}, {"id": 1, "name": "nut", "supercategory": "parts"},
             {"id": 2, "name": "person", "supercategory": "person"}]  # fmt: skip
    coco(tmp_path, parts, [annotation(0), annotation(1)])
    assert read(tmp_path).classes == ["nut", "parts", "person"]


def test_the_background_that_labelme_writes_as_a_category_is_no_class(tmp_path: Path) -> None:
    coco(tmp_path, [{"id": 0, "name": "_background_"}, {"id": 1, "name": "nut"}], [annotation(1)])
    assert read(tmp_path).classes == ["nut"]


def test_label_studio_puts_a_number_before_the_names_of_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    images = [{"id": 0, "width": WIDTH, "height": HEIGHT, "file_name": "images/1/79296a5a-a.png"}]
    document = {"images": images, "annotations": [annotation(1)], "categories": [{"id": 1, "name": "nut"}]}
    (tmp_path / "result.json").write_text(json.dumps(document), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == ["F picture-name-differs"]
    assert result.labelled[0].picture.file == "a.png"


def test_a_map_to_a_label_that_means_none_drops(tmp_path: Path) -> None:
    coco(tmp_path, [{"id": 1, "name": "nut"}, {"id": 2, "name": "dirt"}], [annotation(1), annotation(2)])
    result = read(tmp_path, label_map={"dirt": "_background_"})
    assert (result.classes, codes(result)) == (["nut"], ["S label-dropped"])


def test_a_wrong_box_is_shown_rounded(tmp_path: Path) -> None:
    coco(tmp_path, [{"id": 1, "name": "nut"}], [annotation(1, bbox=[1.1234567, 2.0, 50, 30.00000001])])
    assert read(tmp_path).problems[0].message == "Its box [1.12346, 2, 50, 30] does not fit its mask."


def test_panoptic_segments_are_no_objects(tmp_path: Path) -> None:
    coco(tmp_path, [{"id": 1, "name": "nut"}], [annotation(1)])
    (tmp_path / "panoptic.json").write_text(
        json.dumps({"images": [], "categories": [], "annotations": [{"image_id": 0, "segments_info": []}]}),
        encoding="utf-8",
    )
    result = read(tmp_path)
    assert codes(result) == ["S file-not-annotation"]
    assert "panopticapi" in result.problems[0].message


def test_masks_of_labelmes_converter_to_voc(tmp_path: Path) -> None:
    """Its older versions put the pictures into folders of their own, and arrays into those that VOC has."""
    objects = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    objects[5:15, 5:15], objects[20:30, 30:40] = 1, 2
    for folder, values in (("SegmentationObjectPNG", objects), ("SegmentationClassPNG", np.minimum(objects, 1))):
        (tmp_path / folder).mkdir()
        image = Image.fromarray(values)
        image.putpalette(voc_palette().tobytes())
        image.save(tmp_path / folder / "a.png")
    (tmp_path / "class_names.txt").write_text("_background_\nnut", encoding="utf-8")
    picture(tmp_path / "JPEGImages" / "a.jpg")
    picture(tmp_path / "SegmentationClassVisualization" / "a.jpg", seed=1)
    picture(tmp_path / "SegmentationObjectVisualization" / "a.jpg", seed=2)
    result = read(tmp_path)
    assert (result.classes, codes(result)) == (["nut"], [])
    assert result.labelled[0].picture.file == "JPEGImages/a.jpg"
    assert [entry.box() for entry in instances(result)] == [(5, 5, 10, 10), (30, 20, 10, 10)]


def of_the_web(objects: str) -> str:
    return f"<annotation><filename>a.png</filename><folder>x</folder>{objects}<imagesize><nrows>{HEIGHT}</nrows>" \
           f"<ncols>{WIDTH}</ncols></imagesize></annotation>"  # fmt: skip


def test_xml_of_the_labelme_of_the_web(tmp_path: Path) -> None:
    """It keeps deleted objects, and sets of it come with mask pictures that the outlines make needless."""
    polygon = "<polygon>" + "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in TRIANGLE) + "</polygon>"
    (tmp_path / "a.xml").write_text(
        of_the_web(
            "".join(f"<object><name>nut</name><deleted>{deleted}</deleted>{polygon}</object>" for deleted in "01")
        ),
        encoding="utf-8",
    )
    picture(tmp_path / "a.png")
    (tmp_path / "masks").mkdir()
    Image.new("L", (WIDTH, HEIGHT), 7).save(tmp_path / "masks" / "a.png")
    result = read(tmp_path)
    assert codes(result) == []
    assert [entry.polygons[0].tolist() for entry in instances(result)] == [TRIANGLE]
    assert result.labelled[0].picture.file == "a.png"


def test_drawn_pictures_of_few_colours_are_no_masks(tmp_path: Path) -> None:
    box = "<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
    (tmp_path / "a.xml").write_text(of_the_web(f"<object><name>nut</name>{box}</object>"), encoding="utf-8")
    Image.new("RGB", (WIDTH, HEIGHT), (9, 9, 9)).save(tmp_path / "a.png")
    assert codes(read(tmp_path, box_as_mask=True)) == []
