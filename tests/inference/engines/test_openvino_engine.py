from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.inference.engines import openvino_engine
from yolact_kit.inference.engines.compiled_cache import CompiledCache
from yolact_kit.inference.engines.openvino_conversion import converted
from yolact_kit.inference.engines.openvino_engine import OpenVinoEngine, best_precision
from yolact_kit.inference.engines.torch_engine import TorchEngine
from yolact_kit.models.traced import TracedNetwork
from yolact_kit.models.yolact import YolactNetwork


@pytest.fixture(scope="module")
def model() -> YolactNetwork:
    return tiny_model(tiny_config()).eval()


def random_images(batch: int) -> NDArray[np.float32]:
    return np.random.default_rng(batch).random((batch, 3, 64, 64), dtype=np.float32) * 255


def engine_of(model: YolactNetwork, cache: CompiledCache | None = None, weights: str = "tiny") -> OpenVinoEngine:
    return OpenVinoEngine(lambda: converted(TracedNetwork(model)), weights, cache, precision="f32")


@pytest.mark.parametrize("batch", [1, 3])
def test_outputs_are_torchs(batch: int, model: YolactNetwork) -> None:
    images = random_images(batch)
    wanted, raw = TorchEngine(model).run(images), engine_of(model).run(images)
    for name in ("logits", "regressions", "coefficients", "prototypes", "anchors"):
        np.testing.assert_allclose(getattr(raw, name), getattr(wanted, name), rtol=1e-3, atol=1e-3)


def test_several_threads_at_once_get_their_own_outputs(model: YolactNetwork) -> None:
    engine = engine_of(model)
    pictures = [random_images(1) for _ in range(12)]
    alone = [engine.run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: engine.run(picture, neighbours=3), pictures))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, rtol=1e-4, atol=1e-4)


def test_the_last_pictures_of_many_need_no_compiling(model: YolactNetwork) -> None:
    engine = engine_of(model)
    images = random_images(1)
    for neighbours in (3, 1, 2, 0, 3):
        engine.run(images, neighbours)
    assert sorted(engine._by_streams) == [1, 4]


def test_the_second_process_needs_no_network(model: YolactNetwork, tmp_path: Path) -> None:
    images = random_images(1)
    first = engine_of(model, CompiledCache(tmp_path)).run(images)

    def unwanted() -> None:
        raise AssertionError("it was compiled again")

    second = OpenVinoEngine(unwanted, "tiny", CompiledCache(tmp_path), precision="f32")
    np.testing.assert_allclose(second.run(images).logits, first.logits, rtol=1e-5, atol=1e-5)
    with pytest.raises(AssertionError, match="compiled again"):
        OpenVinoEngine(unwanted, "other weights", CompiledCache(tmp_path), precision="f32").prepare()


def test_a_file_that_openvino_refuses_is_compiled_anew(model: YolactNetwork, tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path)
    engine = engine_of(model, cache)
    key = engine._key(openvino_engine._settings("f32", 1))
    cache.write(key, b"from another version of OpenVINO")
    engine.prepare()
    content = cache.read(key)
    assert content is not None and len(content) > 1000


def test_bf16_obeys_the_limit_of_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_engine, "_property", lambda name: ["FP32", "BF16"])
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert best_precision() == "bf16"
    for limit, precision in (("AVX2", "f32"), ("avx512_core", "f32"), ("AVX512_CORE_BF16", "bf16"), ("ALL", "bf16")):
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
        assert best_precision() == precision
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA")
    monkeypatch.setattr(openvino_engine, "_property", lambda name: ["FP32"])
    assert best_precision() == "f32"
