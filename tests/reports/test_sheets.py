from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from yolact_kit.inference.fonts import find_font
from yolact_kit.reports.sheets import Sheet, colored, fit


def test_tiles_stay_as_they_are_and_lines_and_text_come_over_them(tmp_path: Path) -> None:
    tile = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    sheet = Sheet(300, 200)
    sheet.put(20, 30, tile)
    sheet.box((100, 50, 160, 120), (1.0, 0.0, 0.0), 4)
    sheet.text(240, 180, "나사", find_font(["나사"]).path, 24)
    sheet.plot(200, 20, 80, 60).bar([0, 1], [1, 2], color="#0000ff")
    sheet.save(tmp_path / "sheet.png")
    pixels = np.array(Image.open(tmp_path / "sheet.png"))
    assert pixels.shape == (200, 300, 3)
    np.testing.assert_array_equal(pixels[30:70, 20:80], tile)
    red = (pixels == (255, 0, 0)).all(axis=2)
    assert red[50, 110:150].all() and red[60:110, 160].all() and not red[70:100, 110:150].any()
    assert (pixels[155:182, 210:270] < 100).all(axis=2).sum() > 60
    assert (pixels[20:80, 200:280] == (0, 0, 255)).all(axis=2).sum() > 500


def test_values_become_blocks_of_colour() -> None:
    painted = colored(np.array([[0.0, 2.0], [9.0, -9.0]]), "gray", (0, 4), 20, 10)
    assert painted.shape == (10, 20, 3)
    assert [painted[2, 2, 0], painted[2, 15, 0], painted[8, 2, 0], painted[8, 15, 0]] == [0, 128, 255, 0]


def test_pictures_are_fitted() -> None:
    assert fit(np.zeros((100, 50, 3), dtype=np.uint8), 30, 0.2).shape == (1, 30, 3)
