"""Pixels of every mode and depth become 8-bit RGB, in little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from yolact_kit.pixels import rgb
from yolact_kit.pixels.pictures import inspect_picture, read_picture


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_large_pictures_are_copied_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (11, 7, len(mode)), dtype=np.uint8)
    Image.fromarray(noise, mode=mode).save(tmp_path / "a.tif")
    whole = read_picture(tmp_path / "a.tif")
    monkeypatch.setattr(rgb, "_AT_ONCE", 21)
    assert np.array_equal(read_picture(tmp_path / "a.tif"), whole)


@pytest.mark.parametrize(("top", "lightest"), [(65535, 255), (4095, 255), (3000, 187), (200, 200), (20000, 78)])
def test_16_bits_are_scaled_from_their_own_range(tmp_path: Path, top: int, lightest: int) -> None:
    values = np.linspace(0, top, 64 * 64).astype(np.uint16).reshape(64, 64)
    path = tmp_path / "deep.png"
    Image.fromarray(values).save(path)
    pixels = read_picture(path)
    assert inspect_picture(path).deep
    assert pixels.min() == 0
    assert pixels.max() == lightest
    assert (np.diff(pixels[:, :, 0].reshape(-1).astype(int)) >= 0).all()


@pytest.mark.parametrize("values", [np.uint16, np.float32])
def test_more_than_8_bits_are_scaled_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: Any
) -> None:
    drawn = np.random.default_rng(0).integers(0, 60_000, (700, 500)).astype(values)
    file = tmp_path / "a.tif"
    Image.fromarray(drawn).save(file)
    whole = read_picture(file)
    monkeypatch.setattr(rgb, "_AT_ONCE", 2000)
    tracemalloc.start()
    try:
        assert np.array_equal(read_picture(file), whole)
        assert tracemalloc.get_traced_memory()[1] < 16 * drawn.size  # as floats alone it would take 16 or more
    finally:
        tracemalloc.stop()
