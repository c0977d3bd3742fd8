"""Ids and names in COCO's lists, in the forms that programs write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import codes, picture, read
from tests.annotations.readers.test_coco import IMAGE, OTHER, coco, entry
from yolact_kit.annotations.entries import entry_id, picture_name


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (7.0, "7"), ("7.0", "7"), (" 7 ", "7"), ("a.0b", "a.0b"),
                                             ("007", "007"), (2**62, str(2**62)), (-1, "-1"), (0, "0")])  # fmt: skip
def test_an_id_is_the_same_in_every_form(value: Any, text: str) -> None:
    assert entry_id(value) == text


@pytest.mark.parametrize("image", [{}, {"file_name": None}, {"file_name": ""}, {"file_name": " "}, {"file_name": True}])
def test_a_picture_without_a_name_has_none(image: dict[str, Any]) -> None:
    assert picture_name(image) == ""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"file_name": "a.png", "path": "/x/other.png"}, []),
        ({"file_name": " a.png "}, []),
        ({"file_name": "images\\a.png"}, ["F picture-elsewhere"]),
        ({"file_name": "C:\\Users\\me\\a.png"}, []),
        ({"file_name": "file:///C:/photos/a.png"}, []),
        ({"file_name": "https://a.org/b/a.png"}, []),
        ({"file_name": "https://a.org/b/a.png?signature=x&expires=1"}, []),
        ({"file_name": "s3://bucket/b/a.png"}, []),
        ({"file_name": "/data/local-files/?d=b/a.png"}, ["F picture-name-differs"]),
        ({"file_name": "http://localhost:8080/data/local-files/?d=b%2Fa.png"}, ["F picture-name-differs"]),
        ({"file_name": "/data/upload/3/0a1b2c3d-a.png"}, ["F picture-name-differs"]),
        ({"path": "/datasets/b/a.png"}, ["F picture-by-other-key"]),
        ({"filename": "a.png"}, ["F picture-by-other-key"]),
        ({"coco_url": "http://images.cocodataset.org/train2017/a.png"}, ["F picture-by-other-key"]),
        ({"file_name": "", "flickr_url": "http://a.org/a.png"}, ["F picture-by-other-key"]),
    ],
)
def test_names_of_pictures_in_every_form(tmp_path: Path, names: dict[str, Any], expected: list[str]) -> None:
    image = {**{key: value for key, value in IMAGE.items() if key != "file_name"}, **names}
    coco(tmp_path, [entry(), entry(image=2)], images=[image, OTHER])
    result = read(tmp_path)
    assert codes(result) == expected
    assert {item.picture.file: len(item.picture.instances) for item in result.labelled} == {"a.png": 1, "b.png": 1}


def test_a_number_as_the_name_of_a_picture(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry(image=2)], images=[{**IMAGE, "file_name": 12}, OTHER])
    picture(tmp_path / "12.png", 5)
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == ["12.png", "b.png"]


@pytest.mark.parametrize(("image", "expected"), [("a.png", ["F image-by-name"]), ("c.png", ["E image-unknown"])])
def test_annotations_that_name_their_picture(tmp_path: Path, image: str, expected: list[str]) -> None:
    coco(tmp_path, [entry(image=image), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == expected
    assert len(result.labelled[0].picture.instances) == (expected != ["E image-unknown"])
