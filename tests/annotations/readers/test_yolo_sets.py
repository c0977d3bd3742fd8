"""Files of names that lie beside each other, contradict each other, or count from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.annotations.making import codes, picture, read
from yolact_kit.errors import UserError

TRIANGLE = "0.1 0.1 0.5 0.1 0.3 0.75"


def labels_of(root: Path) -> dict[str, list[str]]:
    """The labels of each picture, by its name."""
    return {
        Path(item.picture.file).stem: [instance.label for instance in item.picture.instances]
        for item in read(root).labelled
    }


def yolo(root: Path, name: str, rows: str = f"0 {TRIANGLE}\n", seed: int = 0) -> None:
    """A picture in ``images`` and its text file in ``labels``."""
    picture(root / "images" / f"{name}.png", seed)
    (root / "labels").mkdir(exist_ok=True)
    (root / "labels" / f"{name}.txt").write_text(rows, encoding="utf-8")


def write_names(folder: Path, kind: str, names: list[str]) -> None:
    """A file of names, as one program or another writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "data.yaml":
        (folder / kind).write_text(yaml.safe_dump({"train": "images", "names": names}), encoding="utf-8")
    elif kind == "notes.json":
        categories = [{"id": str(number), "name": name} for number, name in enumerate(names)]
        (folder / kind).write_text(json.dumps({"categories": categories}), encoding="utf-8")
    else:
        (folder / kind).write_text("\n".join(names), encoding="utf-8")


KINDS = ["data.yaml", "classes.txt", "obj.names", "notes.json"]


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_sets_side_by_side_keep_their_own_numbers(tmp_path: Path, first: str, second: str) -> None:
    for seed, (folder, kind, names) in enumerate(
        (("하나", first, ["cup", "plate"]), ("둘", second, ["plate", "fork"]))
    ):
        yolo(tmp_path / folder, folder, seed=seed)
        write_names(tmp_path / folder, kind, names)
    assert labels_of(tmp_path) == {"하나": ["cup"], "둘": ["plate"]}
    result = read(tmp_path)
    assert sorted(result.classes) == ["cup", "fork", "plate"]
    assert "W class-lists-differ" in codes(result)


@pytest.mark.parametrize("kind", KINDS)
def test_sets_with_the_same_names_say_nothing(tmp_path: Path, kind: str) -> None:
    for seed, folder in enumerate("ab"):
        yolo(tmp_path / folder, folder, seed=seed)
        write_names(tmp_path / folder, kind, ["cup"])
    assert "W class-lists-differ" not in codes(read(tmp_path))


@pytest.mark.parametrize("inner", KINDS)
@pytest.mark.parametrize("outer", KINDS)
def test_the_outer_file_of_names_holds_for_the_inner_folders(tmp_path: Path, outer: str, inner: str) -> None:
    yolo(tmp_path / "a", "a")
    write_names(tmp_path / "a", inner, ["fork"])
    write_names(tmp_path, outer, ["cup"])
    assert labels_of(tmp_path) == {"a": ["cup"]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_names_in_a_folder_without_labels_holds_for_all(tmp_path: Path, kind: str) -> None:
    yolo(tmp_path, "a")
    write_names(tmp_path / "config", kind, ["cup"])
    assert labels_of(tmp_path) == {"a": ["cup"]}


def test_splits_of_sets_side_by_side(tmp_path: Path) -> None:
    for seed, folder in enumerate("ab"):
        for number, split in enumerate(("train", "valid")):
            yolo(tmp_path / folder / split, f"{folder}-{split}", seed=2 * seed + number)
        document = {"train": "../train/images", "val": "../valid/images", "names": [folder]}
        (tmp_path / folder / "data.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    splits = {Path(file).stem: split for file, split in read(tmp_path).splits.items()}
    assert splits == {"a-train": "train", "a-valid": "val", "b-train": "train", "b-valid": "val"}


@pytest.mark.parametrize("noted", [["plate", "cup"], ["cup", "fork"]])
def test_notes_that_contradict_the_list_are_refused(tmp_path: Path, noted: list[str]) -> None:
    yolo(tmp_path, "a")
    write_names(tmp_path, "classes.txt", ["cup", "plate"])
    write_names(tmp_path, "notes.json", noted)
    with pytest.raises(UserError, match="contradict each other"):
        read(tmp_path)
    (tmp_path / "classes.txt").unlink()
    assert labels_of(tmp_path) == {"a": [noted[0]]}


@pytest.mark.parametrize("document", [[], {"categories": 1}, {"categories": [1, {"id": "x", "name": "a"}]}, {"a": 1}])
def test_other_notes_are_no_names(tmp_path: Path, document: Any) -> None:
    yolo(tmp_path, "a")
    write_names(tmp_path, "classes.txt", ["cup"])
    (tmp_path / "notes.json").write_text(json.dumps(document), encoding="utf-8")
    assert labels_of(tmp_path) == {"a": ["cup"]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "numbers"), [(["cup", "fork"], (1, 2)), (["cup"], (1,)), (["a", "b", "c"], (2, 3))])
def test_numbers_that_count_from_one_are_refused(
    tmp_path: Path, kind: str, names: list[str], numbers: tuple[int, ...]
) -> None:
    for number in numbers:
        yolo(tmp_path, f"p{number}", f"{number} {TRIANGLE}\n", number)
    write_names(tmp_path, kind, names)
    with pytest.raises(UserError, match=f"numbered up to {len(names)} and none is 0") as caught:
        read(tmp_path)
    assert "names: {1: " in caught.value.advice
    document = {"train": "images", "names": dict(enumerate(names, start=1))}
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert list(labels_of(tmp_path).values()) == [[names[number - 1]] for number in numbers]


@pytest.mark.parametrize("numbers", [(0, 2), (1, 3), (1,)])
def test_a_number_without_a_name_or_a_class_without_objects_is_no_such_case(
    tmp_path: Path, numbers: tuple[int, ...]
) -> None:
    for number in numbers:
        yolo(tmp_path, f"p{number}", f"{number} {TRIANGLE}\n", number)
    write_names(tmp_path, "data.yaml", ["cup", "fork"])
    unknown = [number for number in numbers if number > 1]
    assert [code for code in codes(read(tmp_path)) if code.startswith("E")] == ["E category-unknown"] * len(unknown)
