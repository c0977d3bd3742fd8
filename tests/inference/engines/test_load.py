from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import THRESHOLD, save_tiny_model, tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.engines import load
from yolact_kit.inference.engines.choice import EngineWish
from yolact_kit.inference.engines.load import load_engine
from yolact_kit.models.weights import save_weights


def test_each_engine_from_a_run_folder(tmp_path: Path) -> None:
    run = save_tiny_model(tmp_path / "실행", threshold=THRESHOLD)
    for name, description in (("auto", "OpenVINO"), ("torch", "torch"), ("onnx", "ONNX Runtime")):
        loaded = load_engine(run, EngineWish(name, "cpu"))
        assert description in loaded.engine.description and loaded.engine.reason
        assert loaded.threshold == THRESHOLD and loaded.config.classes == ["컵", "plate", "fork"]


def test_what_openvino_cannot_run_goes_to_torch_and_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object) -> None:
        raise RuntimeError("no such operator\nand a long report")

    run = save_tiny_model(tmp_path / "실행")
    monkeypatch.setattr(load, "_in_runtime", refuse)
    loaded = load_engine(run, EngineWish("auto", "cpu"))
    assert loaded.engine.description.startswith("torch")
    assert loaded.engine.reason == "OpenVINO cannot run this model: no such operator"
    with pytest.raises(UserError, match="no such operator"):
        load_engine(run, EngineWish("openvino", "cpu"))


def test_the_mask_iou_network_comes_along(tmp_path: Path) -> None:
    config = tiny_config()
    config = config.model_copy(update={"model": config.model.model_copy(update={"mask_scoring": True})})
    save_weights(tmp_path / "a.safetensors", tiny_model(config), config)
    assert load_engine(tmp_path / "a.safetensors", EngineWish("openvino")).engine.mask_scorer is not None


def test_fingerprints_differ_by_weights_and_engine(tmp_path: Path) -> None:
    runs = [save_tiny_model(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    engines = [load_engine(run, EngineWish(name, "cpu")).engine for run in runs for name in ("torch", "openvino")]
    assert len({engine.fingerprint() for engine in engines}) == 4


def test_missing_weights_are_a_users_error_in_each_engine(tmp_path: Path) -> None:
    for name in ("openvino", "onnx", "torch"):
        with pytest.raises(UserError, match="do not exist"):
            load_engine(tmp_path / "missing.safetensors", EngineWish(name, "cpu"))
