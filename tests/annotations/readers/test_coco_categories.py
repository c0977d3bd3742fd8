"""Categories within a COCO file, and those of several files together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import codes, instances, read
from tests.annotations.readers.test_coco import IMAGE, OTHER, coco, entry
from yolact_kit.annotations.problems import SourceError

NUT, BOLT, RING = ({"id": number, "name": name} for number, name in enumerate(("nut", "bolt", "ring"), start=1))

LISTS: dict[str, tuple[list[Any], int, str]] = {
    # What val lists beside train's nut and bolt, the id of its object, and the beginning of the message
    "one class missing": ([NUT], 1, "'instances_val.json' does not list 'bolt', which 'instances_train.json' lists."),
    "one class more": ([NUT, BOLT, RING], 1, "'instances_train.json' does not list 'ring'"),
    "one class more in front": (
        [{"id": 1, "name": "ring"}, {"id": 2, "name": "nut"}, {"id": 3, "name": "bolt"}],
        2,
        "'instances_train.json' does not list 'ring', which 'instances_val.json' lists. The id 1 is 'nut'",
    ),
    "another order": (
        [{"id": 1, "name": "bolt"}, {"id": 2, "name": "nut"}],
        2,
        "The id 1 is 'nut' in 'instances_train.json' and 'bolt' in 'instances_val.json'.",
    ),
    "ids from 0": (
        [{"id": 0, "name": "nut"}, {"id": 1, "name": "bolt"}],
        0,
        "The id 1 is 'nut' in 'instances_train.json' and 'bolt' in 'instances_val.json'.",
    ),
    "other classes": ([NUT, {"id": 2, "name": "너트"}], 1, "'instances_train.json' does not list '너트'"),
}


@pytest.mark.parametrize(("categories", "number", "message"), LISTS.values(), ids=LISTS)
def test_lists_of_classes_that_differ_are_joined_by_name(
    tmp_path: Path, categories: list[Any], number: int, message: str
) -> None:
    coco(tmp_path, [entry()], "instances_train.json", images=[IMAGE], categories=[NUT, BOLT])
    coco(tmp_path, [entry(image=2, category=number)], "instances_val.json", images=[OTHER], categories=categories)
    result = read(tmp_path)
    assert codes(result) == ["W class-lists-differ"]
    assert result.problems[0].message.startswith(message)
    assert set(result.classes) == {"nut", "bolt"} | {category["name"] for category in categories}
    assert [instance.label for instance in instances(result)] == ["nut", "nut"]
    assert result.splits == {"a.png": "train", "b.png": "val"}


@pytest.mark.parametrize("categories", [[BOLT, NUT], [{**NUT, "id": "1"}, {**BOLT, "id": 2.0}]])
def test_the_same_ids_in_another_order_or_form_are_no_difference(tmp_path: Path, categories: list[Any]) -> None:
    coco(tmp_path, [entry()], "instances_train.json", images=[IMAGE], categories=[NUT, BOLT])
    coco(tmp_path, [entry(image=2)], "instances_val.json", images=[OTHER], categories=categories)
    assert codes(read(tmp_path)) == []


def test_a_file_without_categories_and_objects_is_no_difference(tmp_path: Path) -> None:
    coco(tmp_path, [entry()], "instances_train.json", images=[IMAGE])
    coco(tmp_path, [], "instances_val.json", images=[OTHER], categories=[])
    assert codes(read(tmp_path)) == []


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([NUT, {"id": 1, "name": "bolt"}], "The category id 1 stands for 'nut' and for 'bolt'."),
        ([NUT, {"id": "1", "name": "bolt"}], "The category id 1 stands for 'nut' and for 'bolt'."),
        ([NUT, {"id": 2, "name": "nut"}], "The category 'nut' has the ids 1 and 2, each with objects."),
    ],
)
def test_what_contradicts_itself_in_one_file_is_an_error(tmp_path: Path, categories: list[Any], message: str) -> None:
    coco(tmp_path, [entry(), entry(image=2, category=2)], categories=categories)
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [(problem.code, problem.message) for problem in caught.value.problems] == [("category-contradicts", message)]
    coco(tmp_path, [entry()], "good.json", images=[IMAGE])
    result = read(tmp_path)
    assert codes(result) == ["E category-contradicts"]
    assert [item.picture.file for item in result.labelled] == ["a.png"]


def test_a_category_that_is_listed_twice_is_read_once(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry(image=2)], categories=[NUT, dict(NUT)])
    assert codes(read(tmp_path)) == ["F category-repeated"]


def test_an_id_without_objects_may_have_the_name_of_another_one(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry(image=2)], categories=[NUT, {"id": 7, "name": "nut"}])
    assert codes(read(tmp_path)) == ["W name-of-class-repeated"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ({"category_id": "1"}, []),
        ({"category_id": " 1"}, []),
        ({"category_id": 1.0}, []),
        ({"category_id": "1.0"}, []),
        ({"category_id": "nut"}, ["F category-by-name"]),
        ({"category_id": None, "category": "nut"}, ["F category-by-name"]),
        ({"category_id": None, "category_name": "nut"}, ["F category-by-name"]),
        ({"category_id": "screw"}, ["E category-unknown"]),
        ({"category_id": [1]}, ["E category-unknown"]),
        ({"category_id": None}, ["E category-unknown"]),
    ],
)
def test_categories_of_annotations_in_other_forms(
    tmp_path: Path, annotation: dict[str, Any], expected: list[str]
) -> None:
    coco(tmp_path, [{**entry(), **annotation}, entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == expected
    assert len(instances(result)) == (1 if "E category-unknown" in expected else 2)


def test_numbers_as_names_are_no_ids(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "2"}, {"id": 2, "name": "1"}]
    coco(tmp_path, [entry(category=1), entry(image=2, category="2")], categories=categories)
    assert [instance.label for instance in instances(read(tmp_path))] == ["2", "1"]
