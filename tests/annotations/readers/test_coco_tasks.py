"""COCO's own download, with the files of other tasks beside the instances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import codes, instances, read
from tests.annotations.readers.test_coco import IMAGE, NUT, OTHER, TRIANGLE, coco, entry
from yolact_kit.annotations.problems import SourceError

PERSON = {"id": 1, "name": "person", "keypoints": ["nose"], "skeleton": []}
TASKS: dict[str, dict[str, Any]] = {
    "person_keypoints": {"categories": [PERSON], "annotations": [entry(id=1, keypoints=[9, 9, 2], num_keypoints=1)]},
    "captions": {"annotations": [{"id": 1, "image_id": 1, "caption": "a nut"}]},
    "panoptic": {"categories": [NUT], "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": []}]},
    "stuff": {"categories": [{"id": 92, "name": "sky"}], "annotations": [entry(id=1, category=92)]},
    "image_info": {},
    "labels": {"categories": [NUT], "annotations": [{"id": 1, "image_id": 1, "category_id": 1}]},
}


def write(folder: Path, name: str, content: dict[str, Any], images: list[Any]) -> None:
    (folder / name).write_text(json.dumps({"images": images, **content}), encoding="utf-8")


@pytest.mark.parametrize("year", ["2017", ""])
@pytest.mark.parametrize("task", TASKS)
def test_the_instances_are_read_and_the_others_named(tmp_path: Path, task: str, year: str) -> None:
    coco(tmp_path, [entry()], f"instances_train{year}.json", images=[IMAGE])
    coco(tmp_path, [entry(image=2)], f"instances_val{year}.json", images=[OTHER])
    for split, image in (("train", IMAGE), ("val", OTHER)):
        write(tmp_path, f"{task}_{split}{year}.json", TASKS[task], [image])
    result = read(tmp_path)
    assert codes(result) == ["S file-other-task"] * 2
    assert [problem.file for problem in result.problems] == [f"{task}_train{year}.json", f"{task}_val{year}.json"]
    assert result.splits == {"a.png": "train", "b.png": "val"}
    assert [instance.label for instance in instances(result)] == ["nut", "nut"]


def test_all_tasks_together(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry(image=2)], "instances_val2017.json")
    for task, content in TASKS.items():
        write(tmp_path, f"{task}_val2017.json", content, [IMAGE])
    result = read(tmp_path)
    assert codes(result) == ["S file-other-task"] * len(TASKS)
    assert (result.classes, len(instances(result))) == (["nut"], 2)


def test_keypoints_alone_have_masks(tmp_path: Path) -> None:
    coco(tmp_path, [entry(keypoints=[9, 9, 2])], "person_keypoints_val2017.json", categories=[PERSON])
    result = read(tmp_path)
    assert (codes(result), result.classes) == ([], ["person"])
    assert [instance.polygons[0].reshape(-1).tolist() for instance in instances(result)] == [TRIANGLE]


@pytest.mark.parametrize("task", ["captions", "panoptic"])
def test_tasks_without_objects_alone_are_refused(tmp_path: Path, task: str) -> None:
    write(tmp_path, f"{task}_val2017.json", TASKS[task], [IMAGE])
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["file-not-annotation"]


def test_files_elsewhere_with_such_names_are_labels(tmp_path: Path) -> None:
    coco(tmp_path, [entry()], "instances_a.json", images=[IMAGE])
    (tmp_path / "more").mkdir()
    coco(tmp_path / "more", [entry(image=2)], "labels_b.json", images=[OTHER])
    assert len(read(tmp_path).labelled) == 2
