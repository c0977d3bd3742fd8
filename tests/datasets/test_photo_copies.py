"""Copies of one photo are found by name and pixels; other photos with such names are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from tests.annotations.making import TRIANGLE, codes, labelme_document, picture, read, shape
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import validate_folder, validate_source
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.datasets.photo_copies import copies_of_photos
from yolact_kit.pixels.fingerprints import grey_thumbnail

MODEL = template("yolact_nano").model
CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "same": lambda image: image,
    "mirrored": ImageOps.mirror,
    "flipped": ImageOps.flip,
    "turned": lambda image: image.rotate(90, expand=True),
    "transposed": lambda image: ImageOps.mirror(image.rotate(90, expand=True)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "blurred": lambda image: image.filter(ImageFilter.BoxBlur(1)),
}


def thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    return grey_thumbnail(np.ascontiguousarray(image))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["IMG_1 (1).jpg", "IMG_1 - 복사본.jpg", "IMG_1_0.jpg", "IMG_1_copy.jpg"])
def test_doubtful_names_count_if_the_pictures_show_the_same(change: str, name: str, tmp_path: Path) -> None:
    with Image.open(picture(tmp_path / "a.png")) as image:
        changed = CHANGES[change](image)
        assert copies_of_photos(["IMG_1.jpg", name], {"IMG_1.jpg": thumbnail(image), name: thumbnail(changed)})
    with Image.open(picture(tmp_path / "b.png", 1)) as other:
        different = {"IMG_1.jpg": thumbnail(changed), name: thumbnail(other)}
    assert copies_of_photos(["IMG_1.jpg", name], different) == []
    assert copies_of_photos(["IMG_1.jpg", name], {}) == []


def labelled_copies(folder: Path, names: list[str], photos: int = 6, same: bool = True) -> None:
    """Writes copies of photos, each turned otherwise, or so many different photos with such names."""
    for number in range(photos):
        for turn, name in enumerate(names):
            path = folder / name.format(f"IMG_{number}")
            picture(path, number if same else 10 * number + turn)
            with Image.open(path) as image:
                turned = image.rotate(180 * (turn % 2)) if turn < 2 else ImageOps.mirror(image)
            turned.save(path)
            document = labelme_document(path.name, [shape(TRIANGLE)])
            path.with_suffix(".json").write_text(json.dumps(document), encoding="utf-8")


def photo_of(file: str) -> str:
    return file.rpartition("/")[2].split("IMG_")[1][0]


@pytest.mark.parametrize(
    "names",
    [
        ["{}_png.rf.0a1b2c3d4e.png", "{}_png.rf.5f6a7b8c9d.png", "{}_png.rf.abcdef0123.png"],
        ["{}.png", "{}_flip.png"],
        ["aug_0_{}.png", "aug_1_{}.png"],
        ["{}.png", "{} (1).png", "{} - 복사본.png"],
    ],
)
@pytest.mark.parametrize("split", [None, "random", "stratified"])
def test_convert_puts_the_copies_of_a_photo_into_one_split(names: list[str], split: None, tmp_path: Path) -> None:
    labelled_copies(tmp_path / "in", names)
    for seed in range(3):
        options = ConvertOptions(split=split, seed=seed, workers=1, val=0.34, overwrite=True)
        result = convert(tmp_path / "in", tmp_path / "out", options)
        photos = {name: {photo_of(p.file) for p in members} for name, members in result.dataset.splits.items()}
        assert photos["val"] and not photos["train"] & photos["val"]
        assert not any(problem.code.startswith("leakage") for problem in result.problems)


def test_photos_with_the_names_of_copies_are_divided_freely(tmp_path: Path) -> None:
    labelled_copies(tmp_path / "in", ["{}.png", "{} (1).png"], same=False)
    result = convert(tmp_path / "in", tmp_path / "out", ConvertOptions(workers=1, val=0.5))
    assert {photo_of(p.file) for p in result.dataset.splits["train"]} & {
        photo_of(p.file) for p in result.dataset.splits["val"]
    }
    assert not any(problem.code.startswith("leakage") for problem in validate_folder(tmp_path / "out", MODEL).problems)


@pytest.mark.parametrize("names", [["train/{}_png.rf.0a1b2c3d.png", "valid/{}_png.rf.5f6a7b8c.png"]])
def test_copies_in_given_splits_are_leakage(names: list[str], tmp_path: Path) -> None:
    labelled_copies(tmp_path / "in", names)
    for split in ("train", "valid"):
        listed = "\n".join(path.name for path in (tmp_path / "in" / split).glob("*.png"))
        (tmp_path / "in" / f"{split.replace('valid', 'val')}.txt").write_text(listed, encoding="utf-8")
    result = convert(tmp_path / "in", tmp_path / "out", ConvertOptions(workers=1))
    checked = [result.problems, validate_folder(tmp_path / "out", MODEL).problems]
    source = read(tmp_path / "in")
    assert codes(source) == []
    checked.append(validate_source(source, tmp_path / "in", MODEL).problems)
    for problems in checked:
        leaks = [problem for problem in problems if problem.code == "leakage-copies"]
        assert [problem.severity for problem in leaks] == ["W"] * 6
        assert leaks[0].file.startswith("valid/IMG_0") and "'train/IMG_0" in leaks[0].message


def test_a_set_of_one_photo_is_divided_and_that_is_said(tmp_path: Path) -> None:
    labelled_copies(tmp_path / "in", [f"{{}}_png.rf.0a1b2c3{turn}.png" for turn in range(5)], photos=1)
    result = convert(tmp_path / "in", tmp_path / "out", ConvertOptions(workers=1))
    assert {name: len(members) for name, members in result.dataset.splits.items()} == {"train": 4, "val": 1}
    assert any(problem.code.startswith("leakage") for problem in result.problems)
