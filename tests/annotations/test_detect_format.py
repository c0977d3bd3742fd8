"""What a folder is taken for, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.annotations.making import instances, labelled, picture, read, shape
from tests.annotations.readers.test_cvat import cvat, image
from tests.annotations.readers.test_via import entry, export, region, via
from tests.annotations.readers.test_yolo import TRIANGLE, described, yolo
from yolact_kit.annotations.detect_format import detect_format
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.errors import UserError


def test_it_says_why(tmp_path: Path) -> None:
    labelled(tmp_path, "가", [shape()])
    assert read(tmp_path).why == "1 JSON files with 'shapes', such as '가.json'"


def test_a_yolo_set_beside_another_format_is_asked_about(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    described(tmp_path, train="images", names=["nut"])
    labelled(tmp_path / "images", "a", [shape()])
    with pytest.raises(UserError, match=r"labelme .* and yolo") as error:
        detect_format(tmp_path)
    assert "--from labelme or --from yolo" in error.value.advice
    assert detect_format(tmp_path, "yolo").files == [tmp_path / "labels" / "a.txt"]


@pytest.mark.parametrize("asked", ["voc", "yolo"])
def test_what_there_is_instead_of_what_was_asked_for_is_said(tmp_path: Path, asked: SourceFormat) -> None:
    labelled(tmp_path, "a", [shape()])
    with pytest.raises(UserError, match=f"format '{asked}'") as error:
        detect_format(tmp_path, asked)
    assert error.value.advice == "Give --from labelme: it holds such labels."


def test_coco_beside_labelme_is_asked_about(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    coco = {"images": [], "annotations": [], "categories": []}
    (tmp_path / "coco.json").write_text(json.dumps(coco), encoding="utf-8")
    with pytest.raises(UserError, match=r"labelme .* and coco"):
        detect_format(tmp_path)


@pytest.mark.parametrize("text", ["주의: 이 폴더는 ...", "1 2 3", "", "a.png\nb.png", "1 0.5 0 0 0\n0 1 0.5 0 0"])
def test_other_text_files_are_no_labels(tmp_path: Path, text: str) -> None:
    labelled(tmp_path, "a", [shape()])
    (tmp_path / "readme.txt").write_text(text, encoding="utf-8")
    assert detect_format(tmp_path).format == "labelme"


def test_a_report_of_convert_is_no_label(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt", f"0 {TRIANGLE}")
    described(tmp_path, train="images", names=["nut"])
    (tmp_path / "conversion.json").write_text('{"counts": {}, "problems": []}', encoding="utf-8")
    assert read(tmp_path).problems == []


def test_a_folder_without_labels(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(UserError, match="no annotation file of labelme, VOC, COCO, YOLO, CVAT or VIA"):
        detect_format(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "program"),
    [
        ("a.json", '{"info": {"description": "ISAT", "width": 9}, "objects": []}', "ISAT"),
        ("a.json", '{"project": {"pid": "__VIA_PROJECT_ID__", "vid_list": []}, "metadata": {}}', "VIA 3"),
        ("a.json", '[{"id": 1, "annotations": [{"id": 2, "completed_by": 1, "result": []}]}]', "Label Studio"),
        ("a.json", '[{"image": "a.jpg", "annotations": [{"label": "nut", "coordinates": {"x": 1}}]}]', "CreateML"),
        ("a.json", '{"image": {"image_id": 1}, "annotations": [{"segmentation": {}}]}', "SA-1B"),
        ("a.json", '{"description": "", "objects": [{"classTitle": "nut"}]}', "Supervisely"),
        ("a.json", '{"infos": {}, "items": [{"id": "a", "annotations": []}]}', "Datumaro"),
    ],
)
@pytest.mark.parametrize("asked", ["auto", "same"])
def test_labels_that_a_program_keeps_for_itself_are_named(
    tmp_path: Path, name: str, text: str, program: str, asked: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    chosen: SourceFormat = "auto" if asked == "auto" else "voc" if name.endswith("xml") else "coco"
    with pytest.raises(UserError, match=f"{program}.*which is not read") as error:
        detect_format(tmp_path, chosen)
    assert "COCO" in error.value.advice


def test_a_coco_file_that_another_program_wrote_is_coco(tmp_path: Path) -> None:
    text = '{"info": {"description": "ISAT"}, "annotations": [], "categories": [], "images": []}'
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert detect_format(tmp_path).format == "coco"


def test_via_beside_labelme_is_asked_about(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    via(tmp_path, export(entry(region(), filename="a.png")))
    with pytest.raises(UserError, match=r"labelme .* and via") as error:
        detect_format(tmp_path)
    assert "--from labelme or --from via" in error.value.advice
    assert detect_format(tmp_path, "via").files == [tmp_path / "via.json"]
    assert [instance.label for instance in instances(read(tmp_path, format="via"))] == ["nut"]


def test_cvat_beside_voc_is_asked_about(tmp_path: Path) -> None:
    cvat(tmp_path, image())
    (tmp_path / "a.xml").write_text("<annotation><filename>a.png</filename></annotation>", encoding="utf-8")
    with pytest.raises(UserError, match=r"voc .* and cvat"):
        detect_format(tmp_path)
    assert detect_format(tmp_path, "cvat").files == [tmp_path / "annotations.xml"]
    assert detect_format(tmp_path, "voc").files == [tmp_path / "a.xml"]


@pytest.mark.parametrize(
    "text", ["<annotations><note>of another program</note></annotations>", "<page><annotations/></page>"]
)
def test_other_xml_is_not_cvats(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="no annotation file"):
        detect_format(tmp_path)
