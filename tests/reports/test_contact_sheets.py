from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.datasets.folders import good_folder, polygon
from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import template
from yolact_kit.reports.contact_sheets import (
    COLUMNS,
    ROWS,
    TILE,
    Tiles,
    augmented_tiles,
    choose_pictures,
    plain_tiles,
    write_sheets,
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return load_dataset(good_folder(tmp_path / "데이터").write())


def _blank(value: int, number: int = 1) -> Tiles:
    return Tiles("사진.png", [np.full((200, TILE, 3), value, np.uint8)] * number)


def test_tiles_fill_rows_and_rows_fill_sheets(tmp_path: Path) -> None:
    made = write_sheets([_blank(9)] * (COLUMNS * ROWS + 1), tmp_path)
    assert [file.name for file in made.files] == ["sheet-001.jpg", "sheet-002.jpg"]
    assert made.pictures == COLUMNS * ROWS + 1
    wide, small = (Image.open(file).size for file in made.files)
    assert wide[0] > COLUMNS * TILE
    assert small[0] < 2 * TILE
    assert wide[1] > 3.9 * small[1] - 50


def test_several_tiles_of_a_picture_have_a_row(tmp_path: Path) -> None:
    (file,) = write_sheets([_blank(0, 3), _blank(0, 3)], tmp_path).files
    pixels = np.array(Image.open(file).convert("L"))
    assert pixels.shape[1] < 4 * TILE
    assert pixels[100, TILE // 2] < 20
    assert pixels[pixels.shape[0] // 2 + 100, TILE // 2] < 20


def test_labels_are_drawn(dataset: Dataset) -> None:
    bare = [Picture(picture.file, picture.width, picture.height, picture.path) for picture in dataset.pictures()]
    drawn = list(plain_tiles(dataset.pictures(), dataset.classes))
    assert [tiles.title for tiles in drawn[:2]] == ["사진 0.png (3)", "사진 1.png (3)"]
    for tiles, plain, picture in zip(drawn, plain_tiles(bare, dataset.classes), dataset.pictures(), strict=True):
        assert (tiles.pixels[0] != plain.pixels[0]).any() == bool(picture.instances)


def test_augmented_rows_differ_and_come_from_the_training_pictures(dataset: Dataset) -> None:
    config = template("yolact_nano")
    config.classes = dataset.classes
    first = next(augmented_tiles(dataset.splits["train"], config))
    assert len(first.pixels) == COLUMNS
    assert {pixels.shape for pixels in first.pixels} == {(TILE, TILE, 3)}
    assert all((first.pixels[0] != pixels).any() for pixels in first.pixels[1:])
    again = next(augmented_tiles(dataset.splits["train"], config))
    assert all((one == other).all() for one, other in zip(first.pixels, again.pixels, strict=True))


def test_a_picture_that_is_damaged_is_named_and_the_others_are_drawn(dataset: Dataset, tmp_path: Path) -> None:
    dataset.splits["train"][0].path.write_bytes(b"no picture")
    made = write_sheets(plain_tiles(dataset.splits["train"], dataset.classes), tmp_path)
    assert made.pictures == 4
    assert "사진 0.png" in made.broken[0].message


def test_pictures_are_drawn_at_random_by_their_seed(dataset: Dataset) -> None:
    assert len(choose_pictures(dataset, None, 0, 0)) == 7
    assert choose_pictures(dataset, "val", 9, 0) == dataset.splits["val"]
    chosen = choose_pictures(dataset, "train", 2, 5)
    assert chosen == choose_pictures(dataset, "train", 2, 5)
    assert len(chosen) == 2


def test_an_object_far_beyond_its_picture_is_drawn_as_far_as_it_is_seen(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    maker.annotate("train", 1, "bolt", [[10, 10, 9e8, 10, 9e8, 9e8, 10, 60]])
    maker.annotate("train", 2, "bolt", polygon(900, 900))
    dataset = load_dataset(maker.write())
    assert len(list(plain_tiles(dataset.pictures(), dataset.classes))) == 7
