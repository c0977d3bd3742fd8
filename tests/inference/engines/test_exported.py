from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.inference.engines.files import exported_tiny
from tests.tiny_model import THRESHOLD, tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.choice import EngineWish
from yolact_kit.inference.engines.exported import is_exported, load_exported, read_exported
from yolact_kit.inference.predictor import Predictor


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported_tiny(tmp_path_factory.mktemp("onnx"), "onnx")


@pytest.mark.parametrize(("format", "name"), [("onnx", "ONNX Runtime"), ("openvino", "OpenVINO")])
def test_an_exported_model_predicts_as_the_model_does(format: str, name: str, onnx_file: Path, tmp_path: Path) -> None:
    file = onnx_file if format == "onnx" else exported_tiny(tmp_path, format)
    engine, settings = load_exported(file, EngineWish(), precision="f32")
    assert name in engine.description and settings.threshold == THRESHOLD
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    config = tiny_config()
    [wanted] = Predictor(tiny_model(config), config, score=0.2).predict([picture])
    [found] = Predictor(engine, settings.config, score=0.2).predict([picture])
    assert len(wanted) > 3 and found.labels.tolist() == wanted.labels.tolist()
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-3)
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=0.05)


def test_only_files_are_exported_models(tmp_path: Path) -> None:
    (tmp_path / "run.onnx").mkdir()
    assert not is_exported(tmp_path / "run.onnx")
    assert is_exported("MODEL.ONNX") and is_exported("a.xml") and not is_exported("coco:yolact_base")


@pytest.mark.parametrize(
    ("name", "words", "advice"),
    [
        ("a.onnx", "does not exist", ""),
        ("a.pt2", "unpickle", "onnx or openvino"),
        ("a.bin", "one half of a model", "a.xml"),
    ],
)
def test_files_that_predict_does_not_take(name: str, words: str, advice: str, tmp_path: Path) -> None:
    if not name.endswith("onnx"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError, match=words) as caught:
        read_exported(tmp_path / name)
    assert advice in caught.value.advice


def test_an_exported_model_is_for_its_own_engine(onnx_file: Path) -> None:
    with pytest.raises(UserError, match="for the engine 'onnx'"):
        load_exported(onnx_file, EngineWish("openvino"))
    with pytest.raises(UserError, match="--exact needs torch"):
        load_exported(onnx_file, EngineWish(exact=True))


def test_a_network_that_the_runtime_refuses_is_a_users_error(onnx_file: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx, which changes the file, is not installed")
    file = tmp_path / onnx_file.name
    model = onnx.load(onnx_file)
    model.graph.initializer[0].ClearField("raw_data")  # of the right shape, but without content
    onnx.save(model, file)
    with pytest.raises(UserError, match=r"모델\.onnx"):
        load_exported(file, EngineWish())
