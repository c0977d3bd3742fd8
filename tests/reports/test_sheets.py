from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from yolact_kit.inference.fonts import find_font
from yolact_kit.reports.sheets import Sheet, colored, fit


def test_tiles_lines_and_text_are_where_they_were_put(tmp_path: Path) -> None:
    tile = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    sheet, font = Sheet(300, 200), find_font(["나사"]).path
    sheet.put(20, 30, tile)
    sheet.box((100, 50, 160, 120), (255, 0, 0), 3)
    sheet.box((170, 50, 230, 120), (0, 255, 0), 1, dash=5)
    sheet.fill((240, 20, 260, 80), (0, 0, 255))
    sheet.text(240, 180, "나사", font, 24)
    sheet.upright_text(20, 130, "나사 나사", font, 14)
    sheet.save(tmp_path / "sheet.png")
    pixels = np.array(Image.open(tmp_path / "sheet.png"))
    assert pixels.shape == (200, 300, 3)
    np.testing.assert_array_equal(pixels[30:70, 20:80], tile)
    red, green = ((pixels == color).all(axis=2) for color in ((255, 0, 0), (0, 255, 0)))
    assert red[50, 110:150].all() and red[60:110, 160].all() and not red[70:100, 110:150].any()
    assert 0.4 < green[50, 170:231].mean() < 0.7 and green[:, :165].sum() == 0
    assert (pixels[20:80, 240:260] == (0, 0, 255)).all()
    dark = (pixels < 100).all(axis=2)
    assert dark[155:182, 210:270].sum() > 60
    rows, columns = dark[90:170, :60].nonzero()
    assert np.ptp(rows) > 2 * np.ptp(columns) > 0


def test_values_become_blocks_of_colour() -> None:
    painted = colored(np.array([[0.0, 2.0], [9.0, -9.0]]), "gray", (0, 4), 20, 10)
    assert painted.shape == (10, 20, 3)
    assert [painted[2, 2, 0], painted[2, 15, 0], painted[8, 2, 0], painted[8, 15, 0]] == [0, 128, 255, 0]


def test_pictures_are_fitted() -> None:
    assert fit(np.zeros((100, 50, 3), dtype=np.uint8), 30, 0.2).shape == (1, 30, 3)
