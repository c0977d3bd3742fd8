"""Lists of pictures make splits."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.annotations.making import codes, labelled, picture, read, shape
from tests.annotations.readers.test_voc import item, voc
from yolact_kit.annotations.split_lists import SplitLists, read_lists


@pytest.mark.parametrize("name", ["a", "a.jpg", "./x/a.jpg", "C:\\data\\x\\A.JPG", "/home/me/x/a.png", "  x/a  "])
def test_a_list_may_name_a_picture_in_many_ways(name: str) -> None:
    lists = SplitLists({"train": ["y/a.jpg"], "val": [name, "x/b"]})
    assert lists.split_of(PurePosixPath("photos/x/a.jpg")) == ("val" if "x" in name.lower() else "train")
    assert lists.split_of(PurePosixPath("c.jpg")) == ""


def test_one_list_makes_no_splits(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\n", encoding="utf-8")
    assert not read_lists(tmp_path.iterdir())
    (tmp_path / "Validation.txt").write_text("b\n", encoding="utf-8")
    (tmp_path / "cat_train.txt").write_text("b 1\n", encoding="utf-8")
    assert read_lists(tmp_path.iterdir()).split_of(PurePosixPath("b.png")) == "val"


@pytest.mark.parametrize("kind", ["Main", "Segmentation"])
def test_image_sets_divide_vocs_pictures(tmp_path: Path, kind: str) -> None:
    for number, stem in enumerate("abc"):
        picture(tmp_path / f"{stem}.png", number)
        voc(tmp_path, stem, [item("nut", (5, 5, 20, 20))])
    folder = tmp_path / "ImageSets" / kind
    folder.mkdir(parents=True)
    (folder / "train.txt").write_text("a\n", encoding="utf-8")
    (folder / "val.txt").write_text("b\n", encoding="utf-8")
    result = read(tmp_path, box_as_mask=True)
    assert {Path(file).stem: split for file, split in result.splits.items()} == {"a": "train", "b": "val"}
    assert codes(result)[-1] == "W split-partial"


def test_lists_beside_labelmes_files(tmp_path: Path) -> None:
    for number, stem in enumerate("ab"):
        labelled(tmp_path / "사진", stem, [shape()], number)
    (tmp_path / "train.txt").write_text("사진/a.png\n", encoding="utf-8")
    (tmp_path / "val.txt").write_text("사진/b.png\n", encoding="utf-8")
    assert read(tmp_path).splits == {"사진/a.png": "train", "사진/b.png": "val"}
