from __future__ import annotations

from pathlib import Path

import pytest

import yolact_kit as yk
from tests.annotations.making import labelled, shape
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.errors import UserError


@pytest.fixture
def photos(repository: Path) -> Path:
    return repository / "examples" / "parts" / "pictures"


def test_labels_are_saved_as_the_command_converts_them(photos: Path, tmp_path: Path) -> None:
    labels = yk.read_labels(photos)
    data = labels.split(val=0.2, test=0.1, seed=3).save(tmp_path / "a" / "data")
    convert(photos, tmp_path / "b" / "data", ConvertOptions(split="random", val=0.2, test=0.1, seed=3))
    for name in ("train", "val", "test"):
        file = Path("data", "annotations", f"{name}.json")
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert data.classes == labels.classes == load_dataset(tmp_path / "a" / "data").classes
    assert all(picture.path.is_file() for picture in data.pictures())


def test_saving_leaves_the_labels_as_they_were(photos: Path, tmp_path: Path) -> None:
    labels = yk.read_labels(photos)
    paths = [item.picture.path for item in labels.result.labelled]
    first, second = (labels.split(val=0.25).save(tmp_path / name) for name in ("first", "second"))
    assert [item.picture.path for item in labels.result.labelled] == paths
    assert {picture.file for picture in first.splits["val"]} == {picture.file for picture in second.splits["val"]}
    with pytest.raises(UserError, match="not empty"):
        labels.save(tmp_path / "first")


def test_labels_and_data_sets_print_in_a_few_lines(photos: Path, tmp_path: Path) -> None:
    labels = yk.read_labels(photos)
    assert "read as labelme; " in repr(labels) and "bolt" in repr(labels)
    data = labels.split(val=0.2, test=0.1).save(tmp_path / "data")
    lines = repr(data).splitlines()
    assert len(lines) == 3 + len(data.classes) and len(repr(data)) < 1000
    assert lines[1].split() == ["train", "val", "test"]
    assert lines[2].split() == ["pictures", *(str(len(pictures)) for pictures in data.splits.values())]
    assert "<td>bolt</td>" in data._repr_html_()


def test_numbered_labels_are_merged_as_the_command_merges_them(tmp_path: Path) -> None:
    for number in range(1, 7):
        labelled(tmp_path / "in", f"p{number}", [shape(label=f"cup_{number}")], number)
    assert len(yk.read_labels(tmp_path / "in").classes) == 6
    assert yk.read_labels(tmp_path / "in", merge_numbered=True).classes == ["cup"]
    labels = yk.read_labels(tmp_path / "in", merge_numbered=True, keep_numbered=["cup_2"])
    assert labels.save(tmp_path / "out").classes == ["cup", "cup_2"]
    assert (tmp_path / "out-labels.json").is_file()
