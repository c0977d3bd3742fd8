"""Every object of a source is in the data set, or in the list of those that are not, by its name."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.annotations.making import TRIANGLE, instances, labelled, picture, read, shape
from tests.user_reports.report import SQUARE, annotation, coco, cvat, cvat_image, image, shares, write_json, write_text

OUTSIDE = [[70.0, 5.0], [85.0, 5.0], [85.0, 20.0]]
LINE = [[3.0, 3.0], [9.0, 9.0]]


def of_labelme(folder: Path) -> list[tuple[str, str]]:
    shapes = [shape(), shape(OUTSIDE), shape(LINE, kind="line"), shape(label=""), shape(), shape(SQUARE, group_id=1)]
    labelled(folder, "a", [*shapes, shape([[50.0, 30.0], [55.0, 30.0], [55.0, 35.0]], group_id=1)])
    labelled(folder, "b", [shape(), shape([["x", 1.0]])], seed=1)
    (folder / "없음.json").write_bytes((folder / "a.json").read_bytes().replace(b"a.png", b"gone.png"))
    missing = [("없음.json", f"shape {number} (nut)") for number in (1, 2)]
    missing += [("없음.json", "shape 3 (nut)"), ("없음.json", "shape 4"), ("없음.json", "shape 5 (nut)")]
    return [
        ("a.json", "shape 2 (nut)"), ("a.json", "shape 3 (nut)"), ("a.json", "shape 4"), ("a.json", "shape 5 (nut)"),
        ("b.json", "shape 1 (nut)"), ("b.json", "shape 2 (nut)"), *missing, ("없음.json", "shape 6 (nut)"),
    ]  # fmt: skip


def of_coco(folder: Path) -> list[tuple[str, str]]:
    for seed, name in enumerate(("a.png", "b.png")):
        picture(folder / name, seed)
    images = [image(1, "a.png"), image(2, "b.png"), image(3, "gone.png")]
    annotations = [
        annotation(1, 1, 1), annotation(2, 1, 1, OUTSIDE), annotation(3, 1, 1, segmentation=[]), annotation(4, 9, 1),
        annotation(5, 2, 1), annotation(6, 2, 7), annotation(7, 3, 1), annotation(8, 1, 1),
    ]  # fmt: skip
    write_json(folder / "a.json", coco(images, annotations, {1: "nut"}))
    names = {2: "nut", 3: "nut", 4: "", 5: "nut", 6: "", 7: "nut", 8: "nut"}
    return [("a.json", f"annotation {number}" + (f" ({name})" if name else "")) for number, name in names.items()]


def of_yolo(folder: Path) -> list[tuple[str, str]]:
    for seed, (name, rows) in enumerate(
        {"a": f"0 {shares(SQUARE)}\n0 {shares(OUTSIDE)}\n", "b": f"0 {shares(TRIANGLE)}\n9 {shares(SQUARE)}\n"}.items()
    ):
        picture(folder / f"{name}.png", seed)
        write_text(folder / f"{name}.txt", rows)
    write_text(folder / "gone.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "classes.txt", "nut\n")
    return [("a.txt", "line 2 (nut)"), ("b.txt", "line 1 (nut)"), ("b.txt", "line 2"), ("gone.txt", "line 1 (nut)")]


def of_cvat(folder: Path) -> list[tuple[str, str]]:
    def element(tag: str, points: str) -> str:
        return f'<{tag} label="nut" points="{points}"></{tag}>'

    picture(folder / "a.png")
    shapes = element("polygon", "1,1;9,1;9,9") + element("points", "3,3") + element("polygon", "200,1;209,1;209,9")
    cvat(folder, cvat_image(0, "a.png", shapes), cvat_image(1, "gone.png", element("polygon", "1,1;9,1;9,9")))
    return [
        ("annotations.xml", "a.png: points 2 (nut)"), ("annotations.xml", "a.png: polygon 3 (nut)"),
        ("annotations.xml", "gone.png: polygon 1 (nut)"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def account(repository: Path) -> ModuleType:
    """``benchmarks/account_for_objects.py``, which counts the objects of a folder without the package."""
    spec = importlib.util.spec_from_file_location(
        "account_for_objects", repository / "benchmarks" / "account_for_objects.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["account_for_objects"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("make", [of_labelme, of_coco, of_yolo, of_cvat])
def test_every_object_is_accounted_for(
    tmp_path: Path, account: ModuleType, make: Callable[[Path], list[tuple[str, str]]]
) -> None:
    expected = make(tmp_path)
    result = read(tmp_path)
    names = [(item.file, item.object) for item in result.left_out_objects]
    assert sorted(names) == sorted(expected)
    assert all(item.reason for item in result.left_out_objects)
    [count] = account.count_folder(tmp_path).values()
    assert count.entries - count.joined == len(instances(result)) + len(names)


def test_an_object_that_two_files_list_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    for name in ("one", "two"):
        write_json(tmp_path / f"{name}.json", coco([image(1, "a.png")], [annotation(5, 1, 1)], {1: "nut"}))
    result = read(tmp_path)
    assert [item.to_dict() for item in result.left_out_objects] == [
        {"file": "two.json", "picture": "a.png", "object": "annotation 5 (nut)", "reason": "duplicate"}
    ]
    assert [problem.file for problem in result.problems if problem.code == "duplicate"] == ["two.json"]


def test_an_object_that_merging_numbers_doubles_is_named(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape(label="cup_1"), shape(label="cup_2"), shape(SQUARE, label="cup_3")])
    result = read(tmp_path, merge_numbered=True)
    assert len(instances(result)) == 2
    assert [(item.file, item.object, item.reason) for item in result.left_out_objects] == [
        ("a.png", "cup_2", "duplicate")
    ]


def test_an_object_of_which_a_part_is_left_is_not_listed(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    entry = annotation(1, 1, 1, segmentation=[[5, 5, 9, 5, 9, 9], [200, 5, 240, 5, 240, 20]])
    write_json(tmp_path / "a.json", coco([image(1, "a.png")], [entry], {1: "nut"}))
    result = read(tmp_path)
    assert (len(instances(result)), result.left_out_objects) == (1, [])
    assert json.dumps([item.to_dict() for item in result.left_out_objects]) == "[]"
