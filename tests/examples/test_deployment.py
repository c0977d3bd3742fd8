"""The examples that run exported models, each in a process where neither yolact-kit nor torch can be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.inference.export.export import ExportOptions, example_pictures, export_model
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.starter import starter_file
from yolact_kit.pixels.pictures import read_picture

MOST_LINES = 80
WITHOUT = "import runpy, sys; sys.modules['torch'] = sys.modules['yolact_kit'] = None; sys.argv = sys.argv[1:]; "


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained model, exported whole."""
    file = tmp_path_factory.mktemp("deployment") / "model.onnx"
    export_model(starter_file("efficientnet_lite0"), file, ExportOptions(whole=True), pictures=example_pictures()[:1])
    return file


@pytest.mark.slow
def test_the_example_for_numpy_finds_what_predict_finds(starter: Path, repository: Path, tmp_path: Path) -> None:
    script = repository / "examples" / "deployment" / "onnx_numpy.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    photo = tmp_path / "사진.png"
    # Of the network's own size: Pillow shrinks pictures a little differently from OpenCV.
    Image.open(example_pictures()[0]).resize((256, 256)).save(photo)
    words = [sys.executable, "-c", WITHOUT + "runpy.run_path(sys.argv[0], run_name='__main__')"]
    done = subprocess.run(
        [*words, script, starter, photo, tmp_path / "drawn.png"], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    model = Predictor.load(starter_file("efficientnet_lite0"), "cpu", None, engine="torch")
    [wanted] = model.predict([read_picture(photo)])
    lines = [line.rsplit("[", 1) for line in done.stdout.splitlines()]
    assert len(lines) == len(wanted) > 3
    for (words, corners), box, name, score in zip(lines, wanted.boxes, wanted.names, wanted.scores, strict=True):
        assert words.strip() == f"{name} {score:.3f}"
        np.testing.assert_allclose([float(side) for side in corners.rstrip("]").split(",")], box, atol=0.2)
    drawn, picture = np.asarray(Image.open(tmp_path / "drawn.png")), np.asarray(Image.open(photo).convert("RGB"))
    changed = (drawn != picture).any(axis=2)
    union = np.any([wanted.mask(index) for index in range(len(wanted))], axis=0)
    # A pixel that has the colour of its class already stays as it is.
    assert (changed & union).sum() > 0.98 * union.sum() and not (changed & ~union).sum() > 0.01 * union.sum()
