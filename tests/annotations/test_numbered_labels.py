"""Labels that people numbered: those whose numbers count objects become one class, others stay apart."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.annotations.making import codes, instances, labelled, read, shape
from yolact_kit.annotations.class_lists import read_label_map
from yolact_kit.annotations.numbered_labels import describe_singles, find_numbered, split_number, suggested_map
from yolact_kit.annotations.result import ReadResult

SQUARES = [[[x, y], [x + 8, y], [x + 8, y + 8], [x, y + 6]] for y in (1, 12, 25) for x in range(1, 50, 12)]


@pytest.mark.parametrize("name", ["cup", "컵", "hex nut", "Ø_rod", "cup_lid"])
@pytest.mark.parametrize(
    "style",
    [
        "{}_1", "{}1", "{} 1", "{}-1", "{}.1", "{}:1", "{}#1", "{} #1", "{}(1)", "{} (1)", "{}[1]", "{}_001", "{}_no1",
        "{} no. 1", "{}_1번", "{} 번호 1", "{}（１）", "{}＿１", "1_{}", "1. {}", "(1) {}", "#1 {}", "1번 {}", " {}_1 ",
    ],
)  # fmt: skip
def test_numbers_are_told_from_names(name: str, style: str) -> None:
    assert split_number(style.format(name)) == (name, 1)


@pytest.mark.parametrize("label", ["cup", "1", "2024", "10-1", "", "3d_box", "cup1_", "#3", "one cup", "컵"])
def test_labels_without_a_number_or_a_name_have_none(label: str) -> None:
    assert split_number(label) is None


def merged(*pictures: str, **given: list[str]) -> dict[str, bool]:
    """Whether the labels of each name become one class; the labels of a picture stand in one text."""
    found = find_numbered([Counter(picture.split(",")) for picture in pictures], **given)
    assert all(labels.reason for labels in found)
    return {labels.base: labels.counts_objects for labels in found}


COUNTED = {
    "on over the set": [f"cup_{number}" for number in range(1, 13)],
    "on over the set, with gaps": [f"cup_{number}" for number in (2, 3, 5, 6, 8, 9, 11, 12, 15, 40)],
    "anew in each picture": [",".join(f"cup{k}" for k in range(1, 2 + n % 4)) for n in range(12)],
    "anew, from 0": [",".join(f"cup_{k}" for k in range(1 + n % 4)) for n in range(12)],
    "anew, always two": ["cup 1,cup 2"] * 12,
    "anew, first without a number": ["cup,cup 2", "cup", "cup,cup 2,cup 3"] * 4,
    "two objects": ["cup-1,cup-2"],
    "first without a number": ["cup,cup (2)"],
    "written in several ways": ["cup_1,cup2", "cup-3", "cup (4)"],
    "an object in two parts": ["cup_1,cup_1,cup_2", "cup_3"],
    "a short name, numbered on": [f"A{number}" for number in range(1, 7)],
}
NAMED = {
    "types": ["type1,type1", "type2", "type1,type2"] * 10,
    "types, one in a picture": ["type 1", "type 2"] * 12,
    "classes": ["class 2", "class 3"],
    "Korean kinds": ["나사 유형 1", "나사 유형 2"],
    "parts of a machine": ["valve1", "valve2"] * 12,
    "several in a picture": ["valve1,valve1,valve2,valve2,valve2"],
    "teeth": [",".join(f"tooth_{k}" for k in range(1 + n % 5, 28)) for n in range(10)],
    "screws": ["M3", "M4", "M5", "M6,M8"],
    "paper": ["A4", "A5", "A3"],
    "aircraft": ["F15", "F16", "F-18"],
    "cameras": ["cam1", "cam2"] * 5,
    "years": ["model_2019", "model_2020", "model_2021"],
    "far numbers": ["part_204", "part_207"],
}


@pytest.mark.parametrize("case", COUNTED)
def test_numbers_that_count_objects_make_one_class(case: str) -> None:
    assert list(merged(*COUNTED[case]).values()) == [True]


@pytest.mark.parametrize("case", NAMED)
def test_numbers_that_may_name_classes_keep_them_apart(case: str) -> None:
    assert list(merged(*NAMED[case]).values()) == [False]


def test_numbers_that_run_on_over_several_names_count_objects() -> None:
    over_set = ["cup_1,plate_2", "cup_3", "plate_4,fork_5", "fork_6", "spoon_7"]
    assert merged(*over_set) == {"cup": True, "plate": True, "fork": True, "spoon": True}
    in_picture = ["cup_1,plate_2,cup_3", "plate_1,cup_2", "cup_1", "plate_1"] * 6
    assert merged(*in_picture) == {"cup": True, "plate": True}


def test_names_are_never_mixed_and_a_lone_number_follows_the_others() -> None:
    assert merged("cup_1,Cup_1", "cup_2,Cup_2", "bottle12") == {"cup": True, "Cup": True, "bottle": True}
    assert merged("bottle12", "type 1,type 2") == {"type": False}
    assert merged("cup_1,cup_2", "M6") == {"cup": True}


def test_labels_to_keep_and_given_names() -> None:
    assert merged("cup_1", "cup_2", "cup_3", kept=["cup_1", "cup_2"]) == {}
    assert merged("type 1", "type 2", names=["type"]) == {"type": True}
    (labels,) = find_numbered([Counter(["cup_1", "cup_2"])], listed=["cup_1", "cup_2", "cup_9", "plate"])
    assert labels.label_map == {"cup_1": "cup", "cup_2": "cup", "cup_9": "cup"}


@pytest.mark.parametrize(
    ("objects", "is_said"),
    [
        ({f"cup_{number}": 1 for number in range(5)}, True),
        ({f"cup_{number}": 1 for number in range(4)}, False),
        ({**dict.fromkeys("abcde", 1), **dict.fromkeys("fghijklmnopqrst", 2)}, True),
        ({**dict.fromkeys("abcde", 1), **dict.fromkeys("fghijklmnopqrstu", 2)}, False),
        (dict.fromkeys("abcdef", 0), False),
    ],
)
def test_many_classes_of_one_object_are_spoken_of(objects: dict[str, int], is_said: bool) -> None:
    assert (describe_singles(objects) is not None) == is_said


def test_a_suggested_map_does_what_an_earlier_one_did() -> None:
    numbered = find_numbered([Counter(["cup_1", "cup_2", "type 1", "type 2"])])
    assert suggested_map(numbered, {"mug": "plate", "bin": None, "Cup": "cup_1"}) == {
        "cup_1": "cup", "cup_2": "cup", "type 1": "type 1", "type 2": "type 2",
        "mug": "plate", "bin": None, "Cup": "cup",
    }  # fmt: skip


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
def test_numbered_labels_of_every_format_are_merged(to: str, tmp_path: Path) -> None:
    from yolact_kit.datasets.convert import ConvertOptions, convert

    numbered_photos(tmp_path / "in")
    convert(tmp_path / "in", tmp_path / "other", ConvertOptions(to=to, workers=1))  # type: ignore[arg-type]
    result = read(tmp_path / "other", merge_numbered=True)
    assert sorted(result.classes) == ["bottle", "cup", "type 1", "type 2"]
    assert len(instances(result)) == 18
