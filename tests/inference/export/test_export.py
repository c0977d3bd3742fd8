from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models.original import CASES, REFERENCE, classes_of, original_model, recipe_of, stored_case
from tests.tiny_model import THRESHOLD, save_tiny_model, tiny_config, tiny_model
from yolact_kit.config.files import template
from yolact_kit.config.schema import DetectConfig
from yolact_kit.errors import UserError
from yolact_kit.inference.export import export as export_module
from yolact_kit.inference.export.export import ExportOptions, example_pictures, export_model
from yolact_kit.inference.export.formats import FORMATS
from yolact_kit.inference.export.names import FORMAT_NAMES
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.weights import save_weights
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.pixels.pictures import read_picture

USUAL = (("onnx", True), ("openvino", False))
"""Formats that `make test` covers, raw or whole; raw ONNX has tests of the command and of Python."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("export") / "실행", threshold=replace_score(0.2))


def replace_score(score: float) -> object:
    return THRESHOLD.model_copy(update={"score": score})


@pytest.mark.parametrize(
    ("format", "whole"),
    [
        pytest.param(*case, marks=[] if case in USUAL else [pytest.mark.slow])
        for case in product(FORMAT_NAMES, (False, True))
    ],
)
def test_each_format_predicts_the_same(format: str, whole: bool, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "새 폴더" / f"모델{FORMATS[format].suffix}"
    result = export_model(run, file, ExportOptions(format, whole), pictures=example_pictures()[:2])
    assert result.parity.same and result.parity.pictures == 2 and result.parity.detections > 5
    assert file in result.files and sorted(result.files) == sorted(file.parent.iterdir())
    assert result.megabytes == pytest.approx(sum(path.stat().st_size for path in result.files) / 1e6)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["onnx", "openvino"])
def test_half_precision_is_half_as_large_and_nearly_the_same(format: str, run: Path, tmp_path: Path) -> None:
    suffix = FORMATS[format].suffix
    whole = export_model(run, tmp_path / f"a{suffix}", ExportOptions(format), pictures=example_pictures()[:1])
    half = export_model(run, tmp_path / f"b{suffix}", ExportOptions(format, half=True), pictures=example_pictures()[:1])
    assert half.megabytes < 0.6 * whole.megabytes
    assert half.parity.pixels > 0.9 and half.parity.outputs < 0.05


def test_an_export_that_is_wrong_is_not_written(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_other_weights(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
        with torch.no_grad():
            network.head.box.weight.mul_(0.9)
        return FORMATS["onnx"].write(network, settings, file)

    broken = FORMATS["openvino"]._replace(suffix=".onnx")
    # The check has to use the model as it was: the writer above changes it, so it gets a copy.
    monkeypatch.setitem(
        export_module.FORMATS, "openvino", broken._replace(write=lambda n, s, f: write_other_weights(copy_of(n), s, f))
    )
    with pytest.raises(UserError, match="does not predict the same"):
        export_model(run, tmp_path / "a.onnx", ExportOptions("openvino"), pictures=example_pictures()[:1])
    assert list(tmp_path.iterdir()) == []


def copy_of(network: YolactNetwork) -> YolactNetwork:
    other = YolactNetwork(network.config, network.num_classes)
    other.load_state_dict(network.state_dict())
    return other.eval()


def test_what_no_format_has_is_refused(run: Path, tmp_path: Path) -> None:
    for options, words in (
        (ExportOptions("tflite"), "no format 'tflite'"),
        (ExportOptions("torch-export", half=True), "no half precision"),
        (ExportOptions("onnx", whole=True, half=True), "whole model has no half precision"),
        (ExportOptions("onnx", whole=True, nms="standard"), "suppression 'standard'"),
    ):
        with pytest.raises(UserError, match=words):
            export_model(run, tmp_path / "out" / "a.onnx", options)
    assert not list(tmp_path.rglob("*.onnx"))


@pytest.mark.slow
def test_rescored_masks_need_the_whole_model(tmp_path: Path) -> None:
    config = tiny_config()
    config = config.model_copy(update={"model": config.model.model_copy(update={"mask_scoring": True})})
    model = tiny_model(config)
    torch.nn.init.constant_(model.mask_scoring.layers[-2].bias, 0.8)
    save_weights(tmp_path / "a.safetensors", model, config, replace_score(0.1))
    with pytest.raises(UserError, match="rescores its masks"):
        export_model(tmp_path / "a.safetensors", tmp_path / "a.onnx")
    for format, file in (("onnx", "a.onnx"), ("openvino", "a.xml")):
        whole = ExportOptions(format, whole=True)
        result = export_model(tmp_path / "a.safetensors", tmp_path / file, whole, pictures=example_pictures()[:1])
        assert result.parity.same and result.parity.detections > 0


@pytest.mark.slow
@pytest.mark.parametrize("format", ["onnx", "openvino"])
@pytest.mark.parametrize("case", CASES)
def test_the_originals_models_predict_the_same(case: str, format: str, tmp_path: Path) -> None:
    recipe, (name, seed, expected) = recipe_of(REFERENCE), stored_case(case)
    model = original_model(name, recipe, expected, seed)
    classes = [f"class {number}" for number in range(classes_of(expected))]
    config = template(name).model_copy(update={"classes": classes, "detect": DetectConfig(top_k=100)})
    save_weights(tmp_path / "a.safetensors", model, config, replace_score(0.1))
    options = ExportOptions(format, whole=model.mask_scoring is not None)
    file = tmp_path / f"a{FORMATS[format].suffix}"
    result = export_model(tmp_path / "a.safetensors", file, options, pictures=example_pictures()[:2])
    assert result.parity.same, result.parity.describe()


@pytest.mark.slow
def test_the_starter_predicts_the_same_from_onnx_alone(tmp_path: Path) -> None:
    from yolact_kit.models.starter import starter_file

    weights = starter_file("efficientnet_lite0")
    result = export_model(weights, tmp_path / "a.onnx")
    assert result.parity.same and result.parity.detections > 0
    picture = read_picture(example_pictures()[0])
    [wanted] = Predictor.load(weights, "cpu", engine="torch").predict([picture])
    [found] = Predictor.load(tmp_path / "a.onnx").predict([picture])
    assert found.labels.tolist() == wanted.labels.tolist()
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-4)
