"""YOLO's folders, as ultralytics, Roboflow, CVAT and people lay them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, picture, read
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import SourceError
from yolact_kit.annotations.readers.yolo_sets import read_sets
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError

TRIANGLE = "0.1 0.1 0.5 0.1 0.3 0.75"
POINTS = [[6, 4], [30, 4], [18, 30]]


def yolo(root: Path, image: str, label: str, text: str = f"0 {TRIANGLE}\n", seed: int = 0) -> None:
    """A picture and its text file."""
    picture(root / image, seed)
    (root / label).parent.mkdir(parents=True, exist_ok=True)
    (root / label).write_text(text, encoding="utf-8")


def described(root: Path, **values: Any) -> None:
    (root / "data.yaml").write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("image", "label", "train", "val"),
    [
        ("images/{}/a{}.png", "labels/{}/a{}.txt", "images/train", "images/val"),
        ("{}/images/a{}.png", "{}/labels/a{}.txt", "../train/images", "../val/images"),
        ("{}/a{}.png", "{}/a{}.txt", "train", "./val"),
        ("images/{}/컵.1.{}.png", "labels/{}/컵.1.{}.txt", ["images/train"], ["images/val"]),
        ("images/{}/a{}.png", "labels/{}/a{}.txt", "train.txt", "val.txt"),
    ],
)
@pytest.mark.parametrize("names", [["nut", "볼트"], {0: "nut", 1: "볼트"}, {"0": "nut", "1": "볼트"}])
def test_layouts(tmp_path: Path, image: str, label: str, train: Any, val: Any, names: Any) -> None:
    for number, split in enumerate(("train", "val")):
        yolo(tmp_path, image.format(split, 1), label.format(split, 1), f"1 {TRIANGLE}\n", number)
        (tmp_path / f"{split}.txt").write_text(f"./{image.format(split, 1)}\n", encoding="utf-8")
    described(tmp_path, path="../datasets/parts", train=train, val=val, names=names)
    result = read(tmp_path)
    assert codes(result) == []
    assert (result.format, result.classes) == ("yolo", ["nut", "볼트"])
    assert [entry.polygons[0].tolist() for entry in instances(result)] == [POINTS, POINTS]
    assert {("train" if "train" in file else "val"): split for file, split in result.splits.items()} == {
        "train": "train", "val": "val",
    }  # fmt: skip
    assert read(tmp_path / "data.yaml").splits == result.splits


@pytest.mark.parametrize("file", ["obj.names", "class.names"])
def test_the_names_may_lie_beside(tmp_path: Path, file: str) -> None:
    yolo(tmp_path, "obj_train_data/a.png", "obj_train_data/a.txt")
    (tmp_path / file).write_text("nut\nbolt\n", encoding="utf-8")
    (tmp_path / "train.txt").write_text("data/obj_train_data/a.png\n", encoding="utf-8")
    assert read(tmp_path).classes == ["nut", "bolt"]
    (tmp_path / file).unlink()
    with pytest.raises(UserError, match="which classes the numbers"):
        read(tmp_path)
    assert [entry.label for entry in instances(read(tmp_path, classes=("cup",)))] == ["cup"]


def test_a_text_file_of_label_studio_belongs_to_the_picture_that_was_uploaded(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.1.png", "labels/79296a5a-a.1.txt")
    (tmp_path / "classes.txt").write_text("nut", encoding="utf-8")
    result = read(tmp_path)
    assert (len(instances(result)), codes(result)) == (1, ["F picture-name-differs"])


def test_an_empty_file_is_a_background_and_none_leaves_its_picture_out(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    yolo(tmp_path, "images/b.png", "labels/b.txt", "", 1)
    picture(tmp_path / "images/c.png", 2)
    described(tmp_path, train="images", names=["nut"])
    result = read(tmp_path)
    assert codes(result) == []
    assert [len(item.picture.instances) for item in result.labelled] == [1, 0]
    assert result.without_labels == ["images/c.png"]
    assert result.splits == {}


ROWS = [
    (f"9 {TRIANGLE}", "E category-unknown"),
    (f"-1 {TRIANGLE}", "E category-unknown"),
    (f"0.5 {TRIANGLE}", "E category-unknown"),
    (f"nut {TRIANGLE}", "E shape-malformed"),
    ("0 0.1 0.1", "E shape-malformed"),
    ("0", "E shape-malformed"),
    ("0 0.1 0.1 0.5 0.1 0.3", "E coordinates-odd"),
    ("0 0.1 0.1 0.5 nan 0.3 0.75", "E coordinates-not-finite"),
    ("0 0.1 0.1 inf 0.1 0.3 0.75", "E coordinates-not-finite"),
    ("0 0.1 0.1 x 0.1 0.3 0.75", "E shape-malformed"),
    ("0 6 4 30 4 18 30", "E shares-too-large"),
    ("0 0.5 0.5 0.2 0.2", "E mask-missing"),
    ("0 0.5 0.5 0 0.2", "S area-zero"),
    ("0 0.1 0.1 0.5 0.1 0.3 0.1", "S area-zero"),
    ("0 -0.1 0.1 0.5 0.1 0.3 0.75", "F clipped"),
    ("0 1.1 0.1 1.5 0.1 1.3 0.75", "S outside"),
    ("0 0.1 0.1 0.5 0.5 0.5 0.1 0.1 0.5", "W self-intersecting"),
    (f"0 {TRIANGLE}", "F duplicate"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "code"), ROWS, ids=[f"{code} {n}" for n, (_, code) in enumerate(ROWS)])
def test_a_bad_row(tmp_path: Path, row: str, code: str) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt", f"0 {TRIANGLE}\n\n{row}\n")
    yolo(tmp_path, "images/b.png", "labels/b.txt", seed=1)
    described(tmp_path, train="images", names=["nut"])
    result = read(tmp_path)
    assert codes(result) == [code]
    assert result.problems[0].object.startswith("line 3")
    assert result.problems[0].file == "labels/a.txt"
    assert (len(result.labelled), result.left_out) == ((1, 1) if code.startswith("E") else (2, 0))


def test_boxes_only_on_request(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt", "0 0.5 0.5 0.2 0.5\n")
    described(tmp_path, train="images", names=["nut"])
    with pytest.raises(UserError, match="boxes only"):
        read(tmp_path)
    [entry] = instances(read(tmp_path, box_as_mask=True))
    assert entry.polygons[0].tolist() == [[24, 10], [36, 10], [36, 30], [24, 30]]


def test_parts_that_another_program_joined_come_apart(tmp_path: Path) -> None:
    joined = "0 0.1 0.1 0.2 0.1 0.2 0.2 0.5 0.5 0.7 0.5 0.7 0.7 0.5 0.5 0.2 0.2 0.1 0.2\n"
    yolo(tmp_path, "images/a.png", "labels/a.txt", joined)
    described(tmp_path, train="images", names=["nut"])
    result = read(tmp_path)
    assert codes(result) == []
    [entry] = instances(result)
    assert sorted(np.ptp(ring, axis=0).tolist() for ring in entry.polygons) == [[6, 4], [12, 8]]
    assert entry.mask(HEIGHT, WIDTH)[14, 20] == 0


def test_a_picture_or_a_split_that_is_missing(tmp_path: Path) -> None:
    yolo(tmp_path, "images/train/a.png", "labels/train/a.txt")
    yolo(tmp_path, "images/train/b.png", "labels/train/b.txt", seed=1)
    (tmp_path / "images/train/b.png").unlink()
    described(tmp_path, train="images/train", val="images/valid", names=["nut"])
    assert codes(read(tmp_path)) == ["W split-missing", "E picture-missing"]


def test_a_split_outside_of_the_source_is_not_read(tmp_path: Path) -> None:
    yolo(tmp_path / "in", "images/a.png", "labels/a.txt")
    picture(tmp_path / "out" / "b.png")
    described(tmp_path / "in", train=str(tmp_path / "out"), val="../out", names=["nut"])
    problems = Problems()
    found = read_sets(tmp_path / "in" / "data.yaml", SourceFolder(tmp_path / "in"), [], ReadOptions(), problems)
    assert found.sets[0].folders == {}
    assert [problem.code for problem in problems.found] == ["split-missing", "split-missing"]


@pytest.mark.parametrize("text", ["names: [a\ntrain: b", "names: {a: b}\ntrain: images", "- names\n- train"])
def test_a_broken_yaml_is_an_error_or_passed_over(tmp_path: Path, text: str) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError):
        read(tmp_path)
    with pytest.raises(UserError):
        read(tmp_path / "data.yaml")


def test_a_broken_yaml_is_named_where_it_may_have_held_the_names(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    (tmp_path / "data.yaml").write_text("names: [a\ntrain: b", encoding="utf-8")
    with pytest.raises(UserError, match=r"data\.yaml.* is broken YAML"):
        read(tmp_path)


def test_names_without_end_by_aliases_are_refused(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    text = "\n".join([*lines, "names: *a11", "train: *a11", "val: images"])
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="is a list"):
        read(tmp_path)


def test_a_folder_of_two_splits_counts_for_the_first(tmp_path: Path) -> None:
    for seed in range(3):
        yolo(tmp_path, f"images/train/{seed}.png", f"labels/train/{seed}.txt", seed=seed)
    described(tmp_path, train="images/train", val="images/train", names=["nut"])
    result = read(tmp_path)
    assert (codes(result), result.splits) == (["W split-repeated"], {})


def test_a_folder_of_val_and_test_is_vals_wherever_the_file_names_them(tmp_path: Path) -> None:
    yolo(tmp_path, "train/images/a.png", "train/labels/a.txt")
    yolo(tmp_path, "val/images/b.png", "val/labels/b.txt", seed=1)
    described(tmp_path, names=["nut"], train="train/images", test="val/images", val="val/images")
    result = read(tmp_path)
    assert result.splits == {"train/images/a.png": "train", "val/images/b.png": "val"}
    assert codes(result) == ["W split-repeated"]


def test_a_yaml_file_may_lie_outside_of_the_folder_that_it_names(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val")):
        yolo(tmp_path / "sets" / "nuts", f"images/{split}/a{number}.png", f"labels/{split}/a{number}.txt", seed=number)
    described(tmp_path, path="../sets/nuts", train="images/train", val="images/val", names=["nut"])
    result = read(tmp_path)
    assert codes(result) == []
    assert sorted(result.splits.values()) == ["train", "val"]


@pytest.mark.parametrize("where", ["/content/drive/parts", "C:\\Users\\me\\parts", "//server/parts"])
@pytest.mark.parametrize("place", ["images/{}", "{}/images", "{}", "{}.txt"])
def test_splits_that_another_machine_named(tmp_path: Path, where: str, place: str) -> None:
    for number, split in enumerate(("train", "val")):
        folder = place.format(split).removesuffix(".txt") + "/images"
        yolo(tmp_path, f"{folder}/a{number}.png", f"{folder.replace('images', 'labels')}/a{number}.txt", seed=number)
        (tmp_path / f"{split}.txt").write_text(f"{where}/{folder}/a{number}.png\n", encoding="utf-8")
    described(tmp_path, train=f"{where}/{place.format('train')}", val=f"{where}/{place.format('val')}", names=["nut"])
    result = read(tmp_path)
    assert codes(result) == []
    assert sorted(result.splits.values()) == ["train", "val"]


def test_a_folder_of_another_machine_is_not_mistaken_for_one_here(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    described(tmp_path, train="/content/train/images", val="/content/val/images", names=["nut"])
    assert codes(read(tmp_path)) == ["W split-missing", "W split-missing"]


def test_names_that_yaml_takes_for_something_else(tmp_path: Path) -> None:
    yolo(tmp_path, "a.png", "a.txt", "".join(f"{number} {TRIANGLE}\n" for number in range(4)))
    (tmp_path / "data.yaml").write_text("train: .\nnames: [on, no, 007, 1_0]\n", encoding="utf-8")
    assert read(tmp_path).classes == ["on", "no", "007", "1_0"]


def test_classes_written_as_fractions(tmp_path: Path) -> None:
    yolo(tmp_path, "a.png", "a.txt", f"1.0 {TRIANGLE}\n1.000000 0.5 0.5 0.9 0.5 0.7 0.9\n")
    (tmp_path / "classes.txt").write_text("bolt\nnut\n", encoding="utf-8")
    assert [entry.label for entry in instances(read(tmp_path))] == ["nut", "nut"]


@pytest.mark.parametrize(("row", "code"), [("0 nan 0.1 0.5 0.1 0.3 0.7", "coordinates-not-finite"),
                                           ("0,0.1,0.1,0.5,0.1,0.3,0.7", "shape-malformed"),
                                           ("nut 0.1 0.1 0.5 0.1 0.3 0.7", "shape-malformed")])  # fmt: skip
def test_rows_that_all_are_bad_are_named(tmp_path: Path, row: str, code: str) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt", row)
    described(tmp_path, train="images", names=["nut"])
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [(problem.code, problem.file) for problem in caught.value.problems] == [(code, "labels/a.txt")]


def test_an_export_of_label_studio(tmp_path: Path) -> None:
    yolo(tmp_path, "images/a.png", "labels/a.txt")
    (tmp_path / "classes.txt").write_text("nut\n", encoding="utf-8")
    notes = '{"categories": [{"id": 0, "name": "nut"}], "info": {"contributor": "Label Studio"}}'
    (tmp_path / "notes.json").write_text(notes, encoding="utf-8")
    result = read(tmp_path)
    assert (result.format, result.classes, len(instances(result))) == ("yolo", ["nut"], 1)
