from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.annotations.making import labelled, shape
from tests.datasets.folders import good_folder, polygon
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import validate_folder
from yolact_kit.datasets.mending import mend

MODEL = template("yolact_nano").model


def _contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_what_is_wrong_is_mended_and_counted_and_the_input_stays(tmp_path: Path) -> None:
    maker = good_folder(tmp_path / "데이터")
    train = maker.documents["train"]["annotations"]
    train[1]["segmentation"] = polygon(86, 30)
    train[2]["id"] = train[3]["id"]
    maker.annotate("train", 1, "너트", polygon(2, 10))
    maker.annotate("train", 2, "bolt", [[50, 40, 70, 60, 70, 40, 50, 60]])
    maker.annotate("train", 2, "bolt", polygon(60, 60, side=1.2))
    maker.annotate("train", 3, "bolt", [[10, 10, 20, 20, 30, 30]])
    root = maker.write()
    before = _contents(root)
    done = mend(root, tmp_path / "mended", MODEL).counts
    assert _contents(root) == before
    assert done["objects that were clipped to the picture"] == 1
    assert done["objects that were labelled twice"] == 1
    assert done["polygons whose outline crossed itself, mended"] == 1
    assert done["left out: objects without an area"] == 1
    assert done["left out: objects with a side below 4 px at the training size of 256"] == 1
    assert validate_folder(tmp_path / "mended", MODEL).problems == []
    assert json.loads((tmp_path / "mended" / "mended.json").read_text(encoding="utf-8"))["done"] == done


def test_what_is_right_comes_out_unharmed(tmp_path: Path) -> None:
    root = good_folder(tmp_path / "data").write()
    assert mend(root, tmp_path / "mended", MODEL).counts == {}
    old, new = load_dataset(root), load_dataset(tmp_path / "mended")
    assert new.classes == old.classes
    assert list(new.splits) == list(old.splits)
    renewed = {picture.file: picture for picture in new.pictures()}
    assert len(renewed) == len(old.pictures())
    for one in old.pictures():
        other = renewed[one.file]
        assert one.path.read_bytes() == other.path.read_bytes()
        assert [item.label for item in one.instances] == [item.label for item in other.instances]
        assert [item.polygons[0].tolist() for item in one.instances] == [
            item.polygons[0].tolist() for item in other.instances
        ]


def test_a_class_that_the_description_forgets_is_put_in_order(tmp_path: Path) -> None:
    root = good_folder(tmp_path / "data").write()
    described = root / "dataset.yaml"
    described.write_text(described.read_text(encoding="utf-8").replace("- bolt\n", ""), encoding="utf-8")
    mend(root, tmp_path / "mended", MODEL)
    assert load_dataset(tmp_path / "mended").classes == ["너트", "bolt"]


def test_a_picture_with_an_object_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    maker = good_folder(tmp_path / "data")
    maker.documents["train"]["annotations"][0]["segmentation"] = [[1, 2, 3, 4, 5]]
    mended = mend(maker.write(), tmp_path / "mended", MODEL)
    assert mended.counts == {"left out with their picture: objects with an odd number of coordinates": 1}
    assert "사진 0.png" not in {picture.file for picture in mended.dataset.pictures()}


@pytest.mark.parametrize(("copy", "kept"), [("사진 2.png", "사진 0.png"), ("v0.png", "v0.png")])
def test_of_the_same_picture_twice_one_is_kept(copy: str, kept: str, tmp_path: Path) -> None:
    maker = good_folder(tmp_path / "data")
    split, other = ("val", "사진 0.png") if copy == "v0.png" else ("train", copy)
    for document in maker.documents.values():
        document["annotations"].clear()
    maker.annotate("train", 1, "bolt", polygon(2, 10))
    maker.annotate(split, 1 if split == "val" else 3, "bolt", polygon(2, 10))
    root = maker.write()
    shutil.copy(root / "images" / "사진 0.png", root / "images" / copy)
    mended = mend(root, tmp_path / "mended", MODEL)
    assert mended.counts == {"left out: pictures that appeared twice with the same labels": 1}
    files = {picture.file for picture in mended.dataset.pictures()}
    assert kept in files
    assert other not in files


def test_copies_with_other_labels_stay(tmp_path: Path) -> None:
    root = good_folder(tmp_path / "data").write()
    shutil.copy(root / "images" / "사진 0.png", root / "images" / "v0.png")
    assert mend(root, tmp_path / "mended", MODEL).counts == {}


def test_a_folder_of_labels_becomes_a_data_set(tmp_path: Path) -> None:
    for number in range(3):
        labelled(tmp_path / "사진", str(number), [shape()], seed=number)
    labelled(tmp_path / "사진", "3", [shape([[-20, 5], [20, 6], [10, 30]])], seed=3)
    mended = mend(tmp_path / "사진", tmp_path / "mended", MODEL)
    assert mended.counts == {"objects that were clipped to the picture": 1}
    assert len(load_dataset(tmp_path / "mended").pictures()) == 4
