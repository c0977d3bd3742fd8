"""The files of a source are listed once, whoever asks for them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.annotations.making import labelled, picture, read, shape
from yolact_kit.annotations.source_folder import REPORT, SourceFolder


def _labelme(root: Path) -> None:
    labelled(root / "in", "a", [shape()])


def _voc(root: Path) -> None:
    picture(root / "in" / "a.png")
    box = "<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
    text = f"<annotation><filename>a.png</filename><object><name>nut</name>{box}</object></annotation>"
    (root / "in" / "a.xml").write_text(text, encoding="utf-8")


def _coco(root: Path) -> None:
    picture(root / "in" / "a.png")
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[5, 5, 20, 5, 9, 30]]}
    document = {
        "images": [{"id": 1, "file_name": "a.png"}], "annotations": [annotation],
        "categories": [{"id": 1, "name": "nut"}],
    }  # fmt: skip
    (root / "in" / "labels.json").write_text(json.dumps(document), encoding="utf-8")


def _yolo(root: Path) -> None:
    picture(root / "in" / "a.png")
    (root / "in" / "a.txt").write_text("0 0.1 0.1 0.5 0.1 0.3 0.75\n", encoding="utf-8")
    (root / "data.yaml").write_text(yaml.safe_dump({"train": "in", "names": ["nut"]}), encoding="utf-8")


@pytest.mark.parametrize("write", [_labelme, _voc, _coco, _yolo], ids=["labelme", "voc", "coco", "yolo"])
def test_reading_a_source_lists_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any) -> None:
    root = tmp_path / "photos"
    write(root)
    walk, walked = os.walk, []

    def counting(folder: Any, **options: Any) -> Any:
        walked.append(Path(folder))
        return walk(folder, **options)

    monkeypatch.setattr(os, "walk", counting)
    result = read(root, box_as_mask=True, pictures=root / "in")
    assert len(result.labelled) == 1
    assert result.format == write.__name__.removeprefix("_")
    assert walked == [root]


def test_files_are_in_order_without_hidden_ones_and_links_are_followed_once(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".hidden/a.txt", "b/.a.txt", "__MACOSX/a.txt", "c/deep/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "c" / "loop").symlink_to(tmp_path)
    (tmp_path / "lost.txt").symlink_to(tmp_path / "nowhere")
    folder = SourceFolder(tmp_path)
    names = [folder.name(path) for path in folder.files]
    assert names == ["a.txt", "lost.txt", "b/1.txt", "b/2.txt", "c/deep/a.txt"]
    assert folder.under(tmp_path / "b") == [tmp_path / "b" / "1.txt", tmp_path / "b" / "2.txt"]
    assert folder.top_files == [tmp_path / "a.txt", tmp_path / "lost.txt"]
    # A folder that the listing passed over is listed when it is asked for.
    assert folder.under(tmp_path / ".hidden") == [tmp_path / ".hidden" / "a.txt"]
    assert [folder.name(path) for path in folder.files] == names


def test_one_file_of_a_folder_and_a_yaml_file_that_describes_one(tmp_path: Path) -> None:
    labels = labelled(tmp_path, "a", [shape()])
    (tmp_path / REPORT).write_text("{}", encoding="utf-8")
    (tmp_path / "data.yaml").write_text("names: [nut]", encoding="utf-8")
    single = SourceFolder(labels)
    assert (single.source, single.root, single.candidates) == (labels, tmp_path, [labels])
    assert single.picture_stems == set()
    described = SourceFolder(tmp_path / "data.yaml")
    assert (described.source, described.description) == (tmp_path, tmp_path / "data.yaml")
    assert [path.name for path in described.candidates] == ["a.json", "a.png", "data.yaml"]
    assert described.picture_stems == {tmp_path / "a"}
    assert (described.has("data.yaml"), single.has("data.yaml")) == (True, False)


def test_files_elsewhere_are_named_by_their_whole_path(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    folder = SourceFolder(tmp_path / "photos")
    assert folder.name(tmp_path / "other" / "a.json") == (tmp_path / "other" / "a.json").as_posix()
