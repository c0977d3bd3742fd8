"""Pictures are written as exactly as their format allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yolact_kit.pixels.pictures import read_picture
from yolact_kit.pixels.writing import rgb_name, write_picture


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp", "a.gif", "a.unknown"])
def test_writing_is_exact_where_the_format_is(tmp_path: Path, name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    path = tmp_path / rgb_name(name)
    write_picture(path, pixels)
    assert np.array_equal(read_picture(path), pixels)


def test_writing_jpeg_changes_little(shared_data: Path, tmp_path: Path) -> None:
    pixels = read_picture(shared_data / "fruitnuts_labelme" / "images" / "0.jpg")
    write_picture(tmp_path / "a.jpg", pixels)
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - pixels).mean() < 1.5
