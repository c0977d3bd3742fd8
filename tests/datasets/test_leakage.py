"""Pictures that show the same are found, however they were saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import labelled, read, shape
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.datasets.leakage import find_leakage, same_pictures


def names(groups: list[list[str]]) -> list[list[str]]:
    return sorted(sorted(Path(name).stem for name in group) for group in groups)


def test_copies_are_found_although_they_were_changed(tmp_path: Path) -> None:
    for number in range(8):
        labelled(tmp_path, f"p{number}", [shape()], number)
    with Image.open(tmp_path / "p0.png") as image:
        pixels = np.asarray(image).astype(int)
    labelled(tmp_path, "same", [shape()])
    Image.fromarray(np.clip(pixels + 8, 0, 255).astype(np.uint8)).save(tmp_path / "same.png")
    labelled(tmp_path, "saved", [shape()])
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "saved.jpg", quality=90)
    (tmp_path / "saved.png").unlink()
    assert names(same_pictures(read(tmp_path).labelled)) == [["p0", "same", "saved"]]


@pytest.mark.parametrize("count", [3, 6])
def test_what_is_more_than_half_of_a_set_is_divided(tmp_path: Path, count: int) -> None:
    for number in range(6):
        labelled(tmp_path, f"p{number}", [shape()], 0 if number < count else number)
    result = read(tmp_path)
    assert len(same_pictures(result.labelled)) == (count == 3)
    halves = {
        "train": [item.picture for item in result.labelled[:2]],
        "val": [item.picture for item in result.labelled[2:]],
    }
    found = find_leakage(halves, result.labelled)
    assert [problem.code for problem in found] == ["leakage"] * (count - 2)


def test_plain_pictures_are_told_apart_by_their_colour(tmp_path: Path) -> None:
    for number in range(6):
        labelled(tmp_path, f"p{number}", [shape()])
        Image.new("RGB", (60, 40), (40 * number,) * 3).save(tmp_path / f"p{number}.png")
    assert same_pictures(read(tmp_path).labelled) == []


@pytest.mark.parametrize("seed", range(3))
def test_convert_does_not_divide_copies(tmp_path: Path, seed: int) -> None:
    for number in range(9):
        labelled(tmp_path / "in", f"p{number}", [shape()], number // 3)
    made = convert(tmp_path / "in", tmp_path / "out", ConvertOptions(val=0.34, seed=seed))
    assert made.problems == []
    assert {name: len(inside) for name, inside in made.dataset.splits.items()} == {"train": 6, "val": 3}
    assert len({int(found.file[1]) // 3 for found in made.dataset.splits["val"]}) == 1


def test_real_photos_are_all_different(shared_data: Path) -> None:
    assert same_pictures(read(shared_data / "fruitnuts_labelme" / "images").labelled) == []
