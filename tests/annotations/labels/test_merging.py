"""Labels that people numbered are reported, or merged, in every format; nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.annotations.making import codes, instances, labelled, read, shape
from yolact_kit.annotations.choices import TargetFormat
from yolact_kit.annotations.class_lists import read_label_map
from yolact_kit.annotations.labels.numbered import suggested_map
from yolact_kit.annotations.result import ReadResult
from yolact_kit.datasets.convert import ConvertOptions, convert

SQUARES = [[[x, y], [x + 8, y], [x + 8, y + 8], [x, y + 6]] for y in (1, 12, 25) for x in range(1, 50, 12)]


def numbered_photos(folder: Path, photos: int = 6) -> None:
    """Each picture has a cup and a bottle with numbers that run on, and one of two types."""
    for number in range(photos):
        labels = [f"cup_{number + 1}", f"bottle{number + 1}", f"type {number % 2 + 1}"]
        shapes = [shape(points, label) for points, label in zip(SQUARES, labels, strict=False)]
        labelled(folder, f"p{number}", shapes, number)


def test_numbered_labels_are_reported_and_stay_as_they_are(tmp_path: Path) -> None:
    numbered_photos(tmp_path)
    result = read(tmp_path)
    assert len(result.classes) == 14
    assert sorted(codes(result)) == ["W classes-single"] + ["W labels-numbered"] * 3
    messages = [problem.message for problem in result.problems if problem.code == "labels-numbered"]
    assert messages[0].startswith("The labels 'cup_1', 'cup_2', 'cup_3', 'cup_4' and 2 more (6 objects) look like")
    assert "may be classes" in messages[2] and "3 objects each" in messages[2]
    assert not any("{" in problem.message for problem in result.problems)


def test_merging_says_what_is_merged_and_what_is_left(tmp_path: Path) -> None:
    numbered_photos(tmp_path)
    result = read(tmp_path, merge_numbered=True)
    assert result.classes == ["bottle", "cup", "type 1", "type 2"]
    assert len(instances(result)) == 18
    assert sorted(codes(result)) == ["F labels-merged"] * 2 + ["W labels-left"]
    assert any("(6 objects) are the class 'cup' now: 6 of 6 numbered" in problem.message for problem in result.problems)


def classes(result: ReadResult) -> list[str]:
    return [label for label in result.classes if "bottle" not in label]


def test_labels_that_the_user_names_stay_as_they_are(tmp_path: Path) -> None:
    numbered_photos(tmp_path)
    kept = read(tmp_path, merge_numbered=True, keep_numbered=("cup_2", "type"))
    assert classes(kept) == ["cup", "cup_2", "type 1", "type 2"]
    assert "labels-left" not in {problem.code for problem in kept.problems}
    assert classes(read(tmp_path, merge_numbered=True, label_map={"cup_2": "cup_2"})) == classes(kept)
    unknown = read(tmp_path, merge_numbered=True, keep_numbered=("cpu_2",))
    assert [problem.message for problem in unknown.problems if problem.code == "keep-unused"]


def test_given_classes_decide(tmp_path: Path) -> None:
    numbered_photos(tmp_path)
    result = read(tmp_path, merge_numbered=True, classes=("type", "cup_2", "cup"))
    assert Counter(instance.label for instance in instances(result)) == {"type": 6, "cup": 5, "cup_2": 1}
    assert codes(result).count("S label-not-in-classes") == 6
    without = read(tmp_path, classes=("cup_2", "cup"))
    assert Counter(instance.label for instance in instances(without)) == {"cup_2": 1}


def test_the_suggested_map_does_the_same(tmp_path: Path) -> None:
    numbered_photos(tmp_path / "in")
    result = read(tmp_path / "in")
    file = tmp_path / "map.json"
    file.write_text(json.dumps(suggested_map(result.numbered), ensure_ascii=False), encoding="utf-8")
    by_map = read(tmp_path / "in", label_map=read_label_map(file))
    assert (codes(by_map), by_map.classes) == ([], ["bottle", "cup", "type 1", "type 2"])


def test_numbers_in_a_picture_mean_objects_and_groups_remain(tmp_path: Path) -> None:
    shapes = [
        shape(SQUARES[0], "cup_1", group_id=1),
        shape(SQUARES[1], "cup_1", group_id=1),
        shape(SQUARES[2], "cup_2"),
        shape(SQUARES[3], "cup_3"),
        shape(SQUARES[4], "cup_3"),
        shape(SQUARES[2], "cup_4"),
    ]
    labelled(tmp_path, "a", shapes)
    result = read(tmp_path, merge_numbered=True)
    assert [(instance.label, len(instance.polygons)) for instance in instances(result)] == [
        ("cup", 2), ("cup", 1), ("cup", 1), ("cup", 1),
    ]  # fmt: skip
    assert sorted(codes(result)) == ["F duplicate", "F labels-merged", "W number-repeated"]
    assert "2 shapes are labelled 'cup_3'" in str([problem.message for problem in result.problems])


@pytest.mark.parametrize("to", ["labelme", "voc", "yolo", "coco"])
def test_numbered_labels_of_every_format_are_merged(to: TargetFormat, tmp_path: Path) -> None:
    numbered_photos(tmp_path / "in")
    convert(tmp_path / "in", tmp_path / "other", ConvertOptions(to=to, workers=1))
    result = read(tmp_path / "other", merge_numbered=True)
    assert sorted(result.classes) == ["bottle", "cup", "type 1", "type 2"]
    assert len(instances(result)) == 18
