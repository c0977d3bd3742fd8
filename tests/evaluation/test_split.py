from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.errors import UserError
from yolact_kit.evaluation.split import load_split


@pytest.fixture
def folder(tmp_path: Path, shared_data: Path) -> Path:
    """Four photos of fruit and nuts as a data set folder."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for file in sorted((shared_data / "fruitnuts_labelme" / "images").glob("*.json"))[:4]:
        for one in file.parent.glob(f"{file.stem}.*"):
            shutil.copy(one, photos)
    convert(photos, tmp_path / "data", ConvertOptions(val=0.5))
    return tmp_path / "data"


def change_first_annotation(folder: Path, **changes: Any) -> None:
    file = folder / "annotations" / "val.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["annotations"][0].update(changes)
    file.write_text(json.dumps(document), encoding="utf-8")


def test_it_is_the_annotation_file_itself(folder: Path) -> None:
    split = load_split(folder, "val")
    pictures = load_dataset(folder).splits["val"]
    assert [image["file_name"] for image in split.document["images"]] == [picture.file for picture in pictures]
    assert len(split.document["annotations"]) == sum(len(picture.instances) for picture in pictures)
    assert all((split.folder / picture.file).is_file() for picture in pictures)


def test_files_that_begin_with_a_mark_of_their_byte_order(folder: Path) -> None:
    before = load_split(folder, "val")
    for file in (folder / "dataset.yaml", folder / "annotations" / "val.json"):
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load_split(folder / "dataset.yaml", "val").document == before.document


@pytest.mark.parametrize("segmentation", [None, [], [[]], [[5, 5, 9, 9]]])
def test_objects_without_a_mask_are_not_part_of_the_truth(folder: Path, segmentation: Any) -> None:
    before = load_split(folder, "val").document
    change_first_annotation(folder, segmentation=segmentation)
    assert load_split(folder, "val").document == {**before, "annotations": before["annotations"][1:]}


def test_a_polygon_that_encloses_nothing_is_not_part_of_the_truth(folder: Path) -> None:
    before = load_split(folder, "val").document
    outline = before["annotations"][0]["segmentation"]
    change_first_annotation(folder, segmentation=[*outline, [3, 3], [4, 4, 8, 8]])
    assert load_split(folder, "val").document == before


def test_a_split_that_is_not_there(folder: Path) -> None:
    with pytest.raises(UserError, match="has no split 'test'") as caught:
        load_split(folder, "test")
    assert caught.value.advice == "Its splits: train, val."
