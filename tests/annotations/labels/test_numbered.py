"""Labels that people numbered: those whose numbers count objects become one class, others stay apart."""

from __future__ import annotations

from collections import Counter

import pytest

from yolact_kit.annotations.labels.numbered import describe_singles, find_numbered, split_number, suggested_map


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
