from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import save_tiny_model
from yolact_kit import YOLACT, export
from yolact_kit.errors import UserError
from yolact_kit.inference.export.export import example_pictures


def test_three_lines_of_python(tmp_path: Path) -> None:
    run = save_tiny_model(tmp_path / "실행")
    pictures = example_pictures()[:2]
    result = export(run, tmp_path / "모델.onnx", pictures=pictures)
    assert result.parity.same
    [first, second] = YOLACT(tmp_path / "모델.onnx", 0.2).predict(pictures)
    [wanted, _] = YOLACT(run, 0.2, engine="torch").predict(pictures)
    assert first.labels.tolist() == wanted.labels.tolist() and len(second.names) > 0


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not end in \.onnx, \.xml, \.pt2"):
        export(tmp_path, tmp_path / "model.tflite")


@pytest.mark.slow
def test_a_layout_of_another_program(tmp_path: Path) -> None:
    run = save_tiny_model(tmp_path / "run")
    result = export(run, tmp_path / "cups.onnx", layout="yolo26-seg", pictures=example_pictures()[:1])
    assert result.parity.same and [file.name for file in result.files] == ["cups.onnx", "cups.yaml"]
