from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.datasets.occurrence import GRID, co_occurrence, heat_maps, objects_a_picture
from yolact_kit.shapes.rle import encode_mask


def _square(label: str, x: float, y: float, side: float, crowd: bool = False) -> Instance:
    ring = np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float64)
    return Instance(label, [ring], crowd=crowd)


def _mask(label: str) -> Instance:
    mask = np.zeros((64, 128))
    mask[32:, :64] = 1
    return Instance(label, rle=encode_mask(mask))


@pytest.fixture
def dataset() -> Dataset:
    first = [_square("너트", 0, 0, 32), _square("너트", 0, 0, 32), _mask("bolt")]
    second = [_square("너트", 0, 0, 32), _square("bolt", 0, 0, 64, crowd=True)]
    sets = [first, second, []]
    pictures = [Picture(f"{number}.png", 128, 64, Path(f"{number}.png"), found) for number, found in enumerate(sets)]
    return Dataset("made", ["너트", "bolt", "key"], {"train": pictures[:1], "val": pictures[1:]})


def test_classes_are_counted_once_a_picture(dataset: Dataset) -> None:
    assert co_occurrence(dataset).tolist() == [[2, 2, 0], [2, 2, 0], [0, 0, 0]]
    assert co_occurrence(dataset, ["bolt"]).tolist() == [[2]]


def test_pictures_by_their_number_of_objects(dataset: Dataset) -> None:
    assert objects_a_picture(dataset) == {0: 1, 1: 1, 3: 1}


def test_heat_is_where_the_objects_are(dataset: Dataset) -> None:
    heat = heat_maps(dataset)
    assert set(heat) == {"너트", "bolt"}
    half = GRID // 2
    assert heat["너트"][2, 2] == 3
    assert heat["너트"][half + 2 :, :].sum() == heat["너트"][:, half:].sum() == 0
    assert heat["bolt"][half:, :half].min() == pytest.approx(1)
    assert heat["bolt"].sum() == pytest.approx(half * half)
