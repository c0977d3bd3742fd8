"""Formats of other programs that are not read: each is named, with the way to labels that are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import labelled, picture, shape
from tests.annotations.readers.test_cvat import cvat, image
from tests.annotations.readers.test_via import entry, export, region, via
from tests.annotations.readers.test_yolo import TRIANGLE, described, yolo
from yolact_kit.annotations.detect_format import detect_format
from yolact_kit.annotations.readers.foreign import FOREIGN, foreign_format
from yolact_kit.annotations.readers.registry import FormatName
from yolact_kit.errors import UserError

CORNERS = [[10, 10], [60, 12], [30, 70]]
POINTS = [{"x": x, "y": y} for x, y in CORNERS]
FLAT = [number for corner in CORNERS for number in corner]
DARWIN = "https://darwin-public.s3.eu-west-1.amazonaws.com/darwin_json/2.0/schema.json"


def label_studio_min(kind: str = "polygonlabels", **more: Any) -> str:
    """The JSON-MIN of Label Studio: a task's data, its regions by the name of the control, who made them and when."""
    value = {"points": CORNERS, "closed": True, kind: ["nut"], "original_width": 120, "original_height": 90}
    by = {"annotator": 1, "annotation_id": 1, "created_at": "2024-03-05T07:11:12.5Z", "lead_time": 3.2}
    return json.dumps([{"image": "/data/upload/1/ab12cd34-a.png", "id": 1, "label": [value], **by, **more}])


def darwin(**data: Any) -> str:
    """V7's Darwin JSON 2.0 of a picture, as it is exported."""
    slot = {"type": "image", "slot_name": "0", "width": 120, "height": 90, "source_files": [{"file_name": "a.png"}]}
    annotation = {"id": "e0", "name": "nut", "properties": [], "slot_names": ["0"], **data}
    source = {"dataset": {"name": "parts", "slug": "parts"}, "item_id": "01", "team": {"name": "T", "slug": "t"}}
    item = {"name": "a.png", "path": "/", "source_info": source, "slots": [slot]}
    return json.dumps({"version": "2.0", "schema_ref": DARWIN, "item": item, "annotations": [annotation]}, indent=2)


def old_darwin() -> str:
    """V7's Darwin JSON 1.0, whose beginning looks like COCO's."""
    box = {"h": 60.0, "w": 50.0, "x": 10.0, "y": 10.0}
    annotation = {"bounding_box": box, "name": "nut", "polygon": {"path": POINTS}}
    return json.dumps({"annotations": [annotation], "dataset": "parts", "image": {"width": 120, "filename": "a.png"}})


def superannotate(**data: Any) -> str:
    """SuperAnnotate's JSON of a picture."""
    instance = {"type": "polygon", "classId": 72274, "probability": 100, "points": FLAT, "groupId": 0, **data}
    metadata = {"name": "a.png", "width": 120, "height": 90, "status": "Completed", "isPredicted": None}
    return json.dumps({"metadata": metadata, "instances": [instance], "tags": [], "comments": []})


def feature(**properties: Any) -> dict[str, Any]:
    """An annotation of QuPath."""
    geometry = {"type": "Polygon", "coordinates": [[*CORNERS, CORNERS[0]]]}
    return {"type": "Feature", "id": "5b", "geometry": geometry, "properties": properties}


def labelbox() -> str:
    """Labelbox's export: a line for each picture."""
    outline = {"feature_id": "f", "name": "nut", "annotation_kind": "ImagePolygon", "polygon": POINTS}
    labels = [{"label_kind": "Default", "annotations": {"objects": [outline], "classifications": []}}]
    row = {"id": "ck", "external_id": "a.png", "global_key": "a", "row_data": "https://example.com/a.png"}
    line = {"data_row": row, "media_attributes": {"width": 120, "height": 90}, "projects": {"p": {"labels": labels}}}
    return f"{json.dumps(line)}\n" * 2


QUPATH = {"objectType": "annotation", "classification": {"name": "nut", "color": [200, 0, 0]}, "isLocked": False}
OUTLINE = {"label": "car", "polygon": CORNERS}
CITYSCAPES = {"imgHeight": 1024, "imgWidth": 2048, "objects": [OUTLINE]}
VIA_CSV = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
VIA_ROW = 'a.png,9,"{}",1,0,"{""name"":""polygon"",""all_points_x"":[10,60,30],""all_points_y"":[10,12,70]}","{}"'
VIA_3_CSV = "# Exported using VGG Image Annotator\n# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates"
STUDIO_CSV = "image,id,label,annotator,annotation_id,created_at,updated_at,lead_time"
OLD_STUDIO_CSV = "annotation_id,annotator,created_at,id,image,label,lead_time,updated_at"
VOTT = {
    "asset": {"format": "png", "id": "ab", "name": "a.png", "size": {"width": 120, "height": 90}},
    "regions": [{"id": "r", "type": "POLYGON", "tags": ["nut"], "points": POINTS}],
    "version": "2.1.0",
}

SAMPLES = [
    ("export.json", label_studio_min(), "Label Studio's JSON-MIN"),
    ("export.json", label_studio_min("brushlabels"), "Label Studio's JSON-MIN"),
    ("export.json", label_studio_min("labels"), "Label Studio's JSON-MIN"),
    ("export.csv", f"{STUDIO_CSV}\n/data/a.png,1,[],1,1,2024,2024,3.2\n", "Label Studio's JSON-MIN"),
    ("export.tsv", OLD_STUDIO_CSV.replace(",", "\t") + "\n", "Label Studio's JSON-MIN"),
    (
        "export.csv",
        'image,id,label\n/data/a.png,1,"[{""points"":[],""polygonlabels"":[""nut""]}]"\n',
        "Label Studio's JSON-MIN",
    ),
    (
        "_annotations.csv",
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,120,90,nut,1,2,30,40\n",
        "a table of boxes",
    ),
    (
        "train-annotations-object-segmentation.csv",
        "MaskPath,ImageID,LabelName,BoxID,BoxXMin\na,b,/m/01,c,0\n",
        "Open Images",
    ),
    ("train-annotations-bbox.csv", "ImageID,Source,LabelName,Confidence,XMin\nb,xclick,/m/01,1,0\n", "Open Images"),
    ("a-asset.json", json.dumps(VOTT), "VoTT's own JSON"),
    ("parts-export.json", json.dumps({"name": "parts", "tags": [], "assets": {"ab": VOTT}}), "VoTT's own JSON"),
    ("via_export_csv.csv", f"{VIA_CSV}\n{VIA_ROW}\n", "the CSV of VIA"),
    ("via_region_data.csv", f"#{VIA_CSV}\n{VIA_ROW}\n", "the CSV of VIA"),
    ("VIA.CSV", f"\ufeff{VIA_CSV.replace(',', ';')}\r\n", "the CSV of VIA"),
    ("via3.csv", f"{VIA_3_CSV},spatial_coordinates,metadata\n", "the CSV of VIA 3"),
    ("a.json", darwin(polygon={"paths": [POINTS]}, bounding_box={}), "V7's Darwin JSON"),
    ("a.json", darwin(tag={}), "V7's Darwin JSON"),
    ("a.json", old_darwin(), "V7's Darwin JSON"),
    ("a.json", old_darwin().replace('"path"', '"additional_paths": [], "path"'), "V7's Darwin JSON"),
    ("a_gtFine_polygons.json", json.dumps(CITYSCAPES, indent=4), "Cityscapes' JSON"),
    ("a_gtCoarse_polygons.json", json.dumps(CITYSCAPES | {"objects": []}), "Cityscapes' JSON"),
    ("a.json", superannotate(className="nut"), "SuperAnnotate's own JSON"),
    ("a.png___objects.json", superannotate(type="bbox", points={"x1": 1, "y1": 2}), "SuperAnnotate's own JSON"),
    ("a.geojson", json.dumps({"type": "FeatureCollection", "features": [feature(**QUPATH)]}), "QuPath's"),
    ("a.json", json.dumps([feature(classification={"name": "nut"}, isLocked=False)], indent=2), "QuPath's"),
    ("e.ndjson", labelbox(), "Labelbox's own JSON"),
    ("e.jsonl", labelbox(), "Labelbox's own JSON"),
    ("e.json", labelbox(), "Labelbox's own JSON"),
]
"""Names of files, what is in them, and a part of what the format is called."""


@pytest.mark.parametrize("asked", ["auto", "coco", "yolo"])
@pytest.mark.parametrize(("name", "text", "program"), SAMPLES, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(SAMPLES)])
def test_a_format_that_is_not_read_is_named(tmp_path: Path, name: str, text: str, program: str, asked: Any) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / name).write_text(text, encoding="utf-8")
    for source in (tmp_path, tmp_path / name):
        with pytest.raises(UserError, match=rf"{name}' holds labels in .*{program}.*, which is not read\.") as error:
            detect_format(source, asked)
        assert "COCO" in error.value.advice


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, _ in SAMPLES], ids=range(len(SAMPLES)))
def test_beside_labels_that_are_read_it_does_not_stop_them(tmp_path: Path, name: str, text: str) -> None:
    labelled(tmp_path, "b", [shape()])
    (tmp_path / name).write_text(text, encoding="utf-8")
    labels = detect_format(tmp_path)
    assert (labels.format, [path.name for path in labels.files]) == ("labelme", ["b.json"])
    with pytest.raises(UserError, match="format 'voc'") as error:
        detect_format(tmp_path, "voc")
    assert error.value.advice == "Give --from labelme: it holds such labels."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prices.csv", "filename,file_size,region\na.png,9,Seoul\n"),
        ("photos.csv", "filename,width,height\na.png,120,90\n"),
        ("a.json", '{"asset": {"regions": 2}}'),
        ("orders.csv", "order,lead_time\n1,3\n"),
        ("a.json", '{"imgHeight": 20, "imgWidth": 30, "url": "a.png"}'),
        ("a.json", '{"instances": [{"id": "i-1", "state": "running"}]}'),
        ("a.json", '{"slots": [{"start": 1}], "polygon": [[1, 2]]}'),
        ("a.json", '{"data_row": 2, "type": "feature"}'),
        ("a.txt", f"{VIA_CSV}\n"),
    ],
)
def test_other_files_are_not_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="no annotation file"):
        detect_format(tmp_path)


def labelme_file(folder: Path) -> None:
    """A labelme file whose words are those of the other formats."""
    labelled(folder, "a", [shape(label="className"), shape(label="Feature"), shape(label="annotation_id lead_time")])


def coco_file(folder: Path) -> None:
    """A COCO file without pictures at its beginning, with attributes that are called like keys of other formats."""
    more = {"className": "nut", "annotation_id": 4, "attributes": {"imgHeight": 9, "instances": 2, "slots": "all"}}
    annotations = [{"id": i, "image_id": 1, "category_id": 1, "segmentation": [FLAT], **more} for i in range(99)]
    data = {"annotations": annotations, "categories": [], "images": []}
    (folder / "a.json").write_text(json.dumps(data), encoding="utf-8")


def voc_file(folder: Path) -> None:
    """A VOC file."""
    (folder / "a.xml").write_text("<annotation><filename>a.png</filename></annotation>", encoding="utf-8")


def yolo_set(folder: Path) -> None:
    """A YOLO set."""
    yolo(folder, "images/a.png", "labels/a.txt", f"0 {TRIANGLE}")
    described(folder, train="images", names=["nut"])


def cvat_file(folder: Path) -> None:
    """A file of CVAT."""
    cvat(folder, image())


def via_file(folder: Path) -> None:
    """A file of VIA 2."""
    via(folder, export(entry(region(), filename="a.png")))


@pytest.mark.parametrize(
    ("write", "format"),
    [
        (labelme_file, "labelme"),
        (coco_file, "coco"),
        (voc_file, "voc"),
        (yolo_set, "yolo"),
        (cvat_file, "cvat"),
        (via_file, "via"),
    ],
)
def test_labels_that_are_read_have_no_sign_of_another_format(tmp_path: Path, write: Any, format: FormatName) -> None:
    write(tmp_path)
    labels = detect_format(tmp_path)
    assert labels.format == format
    assert [foreign_format(path.read_text(encoding="utf-8")) for path in labels.files] == [None] * len(labels.files)
    assert labels.files


def test_every_format_has_a_name_of_its_own() -> None:
    assert len({format.name for format in FOREIGN}) == len(FOREIGN)
