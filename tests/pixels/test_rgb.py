"""Pixels of every mode become 8-bit RGB, in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.pixels import rgb
from yolact_kit.pixels.pictures import read_picture


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_large_pictures_are_copied_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (11, 7, len(mode)), dtype=np.uint8)
    Image.fromarray(noise, mode=mode).save(tmp_path / "a.tif")
    whole = read_picture(tmp_path / "a.tif")
    monkeypatch.setattr(rgb, "_AT_ONCE", 21)
    assert np.array_equal(read_picture(tmp_path / "a.tif"), whole)
