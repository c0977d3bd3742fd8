from __future__ import annotations

import importlib.util

import pytest

from yolact_kit.errors import UserError
from yolact_kit.inference.engines import choice
from yolact_kit.inference.engines.choice import EngineWish, choose_engine


def test_a_processor_gets_openvino_and_torch_is_for_faithful_results() -> None:
    assert choose_engine(EngineWish(device="cpu"))[0] == "openvino"
    assert choose_engine(EngineWish(device="cpu", exact=True)) == ("torch", "--exact asks for it")
    assert choose_engine(EngineWish(device="cpu", legacy=True)) == ("torch", "--legacy asks for it")
    assert choose_engine(EngineWish("torch", "cpu"))[0] == "torch"
    assert choose_engine(EngineWish("onnx", "cpu"))[0] == "onnx"


def test_without_openvino_torch_takes_its_place_and_the_reason_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    engine, reason = choose_engine(EngineWish(device="cpu"))
    assert engine == "torch" and "pip install openvino" in reason
    for name in ("openvino", "onnx"):
        with pytest.raises(UserError, match="not installed"):
            choose_engine(EngineWish(name))
    assert importlib.util.find_spec("openvino") is not None


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (EngineWish("openvin"), "no engine 'openvin'"),
        (EngineWish("openvino", exact=True), "--exact needs torch"),
        (EngineWish("onnx", legacy=True), "--legacy needs torch"),
        (EngineWish("openvino", "cuda"), "not on 'cuda'"),
    ],
)
def test_wishes_that_nothing_fulfils(wish: EngineWish, words: str) -> None:
    with pytest.raises(UserError, match=words):
        choose_engine(wish)


def test_a_misspelt_engine_is_guessed() -> None:
    with pytest.raises(UserError) as caught:
        choose_engine(EngineWish("openvin"))
    assert "Did you mean 'openvino'?" in str(caught.value.advice)
