from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.inference.writers.items import CLASSES, MASKS, item
from yolact_kit.inference.writers import WriteOptions
from yolact_kit.inference.writers.cutouts import CutoutWriter


def test_objects_are_cut_out_with_transparency(tmp_path: Path) -> None:
    made = item(tmp_path / "in")
    CutoutWriter(tmp_path, CLASSES, WriteOptions()).add(made)
    files = sorted((tmp_path / "cutouts" / "사진" / "a 1").iterdir())
    assert [file.name for file in files] == ["001_nut_0.90.png", "002_너트_0.80.png", "003_너트_0.75.png"]
    for file, mask, (x1, y1, x2, y2) in zip(files, MASKS, made.prediction.boxes.astype(int), strict=True):
        with Image.open(file) as image:
            assert (image.mode, image.size) == ("RGBA", (x2 - x1, y2 - y1))
            cut = np.array(image)
        inside = mask[y1:y2, x1:x2]
        np.testing.assert_array_equal(cut[..., 3], inside * 255)
        np.testing.assert_array_equal(cut[inside][:, :3], made.pixels[y1:y2, x1:x2][inside])
        assert not cut[~inside].any()
