"""Pictures whose names are percent-encoded, or follow ``?d=``, in the labels of every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape, quoteattr

import pytest

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, labelme_document, picture, read, shape
from yolact_kit.annotations.problems import SourceError

FLAT = [number for point in TRIANGLE for number in point]


def labelme(reference: str) -> tuple[str, str]:
    return "label.json", json.dumps(labelme_document(reference, [shape()]))


def voc(reference: str) -> tuple[str, str]:
    points = "".join(f"<x{i}>{x}</x{i}><y{i}>{y}</y{i}>" for i, (x, y) in enumerate(TRIANGLE, start=1))
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    item = f"<object><name>nut</name><polygon>{points}</polygon></object>"
    return "label.xml", f"<annotation><filename>{escape(reference)}</filename>{size}{item}</annotation>"


def coco(reference: str) -> tuple[str, str]:
    image = {"id": 1, "file_name": reference, "width": WIDTH, "height": HEIGHT}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [FLAT], "iscrowd": 0}
    document = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "nut"}]}
    return "label.json", json.dumps(document)


def cvat(reference: str) -> tuple[str, str]:
    points = ";".join(f"{x},{y}" for x, y in TRIANGLE)
    image = f'<image id="0" name={quoteattr(reference)} width="{WIDTH}" height="{HEIGHT}">'
    return "label.xml", f'<annotations>{image}<polygon label="nut" points="{points}"/></image></annotations>'


def via(reference: str) -> tuple[str, str]:
    outline = {"name": "polygon", "all_points_x": FLAT[::2], "all_points_y": FLAT[1::2]}
    region = {"shape_attributes": outline, "region_attributes": {"class": "nut"}}
    entry = {"filename": reference, "size": 9, "regions": [region], "file_attributes": {}}
    return "label.json", json.dumps({"a": entry})


def yolo(reference: str) -> tuple[str, str]:
    """YOLO names no picture: its text file is named like it."""
    return f"{PurePosixPath(reference).stem}.txt", "0 0.1 0.1 0.6 0.2 0.3 0.8"


NAMING = [labelme, voc, coco, cvat, via]
Format = Callable[[str], tuple[str, str]]


def write(folder: Path, format: Format, reference: str) -> None:
    name, text = format(reference)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    if format is yolo:
        (folder / "classes.txt").write_text("nut", encoding="utf-8")


ENCODED = [
    ("한.png", "%ED%95%9C.png"),
    ("한.png", "%ed%95%9c.png"),
    ("a b.png", "a%20b.png"),
    ("images/a b.png", "a%20b.png"),
    ("a b.png", "79296a5a-a%20b.png"),
    ("100%.png", "100%25.png"),
]
ADDRESSES = [
    ("a.png", "/data/local-files/?d=a.png"),
    ("imgs/a.png", "/data/local-files/?d=imgs/a.png"),
    ("deep/imgs/a.png", "/data/local-files/?d=imgs/a.png"),
    ("folder/a.png", "/data/local-files/?d=folder%2Fa.png"),
    ("folder/a.png", "/data/local-files/?d=folder%5Ca.png"),
    ("my folder/a b.png", "http://localhost:8080/data/local-files/?d=my%20folder%2Fa%20b.png"),
    ("my folder/a.png", "my%20folder/a.png"),
]


@pytest.mark.parametrize(
    ("format", "image", "reference"),
    [(format, *names) for format in NAMING for names in ENCODED + ADDRESSES] + [(yolo, *names) for names in ENCODED],
)
def test_pictures_are_found_by_decoded_names(tmp_path: Path, format: Format, image: str, reference: str) -> None:
    picture(tmp_path / image)
    write(tmp_path, format, reference)
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == [image]
    assert codes(result) == ["F picture-name-differs"]


@pytest.mark.parametrize("format", [*NAMING, yolo])
@pytest.mark.parametrize(
    ("image", "decoded", "reference"),
    [
        ("100%25.png", "100%.png", "100%25.png"),
        ("50%.png", "50.png", "50%.png"),
        ("images/a%20b.png", "a b.png", "a%20b.png"),
    ],
)
def test_the_name_as_it_is_written_comes_first(
    tmp_path: Path, format: Format, image: str, decoded: str, reference: str
) -> None:
    picture(tmp_path / image)
    picture(tmp_path / decoded, 1)
    write(tmp_path, format, reference)
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == [image]
    assert codes(result) == ([] if format is not labelme or "/" not in image else ["F picture-elsewhere"])


@pytest.mark.parametrize("format", NAMING)
def test_the_path_after_the_address_tells_equal_names_apart(tmp_path: Path, format: Format) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "imgs" / "a.png", 1)
    write(tmp_path, format, "/data/local-files/?d=imgs/a.png")
    assert [item.picture.file for item in read(tmp_path).labelled] == ["imgs/a.png"]


@pytest.mark.parametrize("format", NAMING)
@pytest.mark.parametrize(
    "reference",
    [
        "/data/local-files/?d=../../secret.png",
        "/data/local-files/?d=..%2F..%2Fsecret.png",
        "%2e%2e/%2e%2e/secret.png",
        "%2e%2e%5c%2e%2e%5csecret.png",
        "/data/local-files/?d={root}/secret.png",
        "secret.png%00.png",
    ],
)
def test_decoded_paths_lead_nowhere_outside(tmp_path: Path, format: Format, reference: str) -> None:
    picture(tmp_path / "secret.png")
    source = tmp_path / "deep" / "in"
    picture(source / "good.png", 1)
    write(source, format, reference.format(root=tmp_path))
    with pytest.raises(SourceError) as caught:
        read(source)
    assert [problem.code for problem in caught.value.problems] == ["picture-missing"]
