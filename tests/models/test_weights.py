from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.tiny_model import THRESHOLD
from yolact_kit.config.schema import Config, ModelConfig
from yolact_kit.errors import UserError
from yolact_kit.models.stored_weights import FORMAT, find_weights, read_settings
from yolact_kit.models.weights import load_weights, save_weights
from yolact_kit.models.yolact import YolactNetwork


@pytest.fixture
def config() -> Config:
    return Config(classes=["너트", "bolt"], model=ModelConfig(input_size=64, features=8, head_features=8, prototypes=4))


@pytest.fixture
def model(config: Config) -> YolactNetwork:
    torch.manual_seed(0)
    return YolactNetwork(config.model, 2)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    file = tmp_path / "가중치" / "best.safetensors"
    save_weights(file, model, config)
    loaded = load_weights(file)
    assert loaded.config == config
    assert all(torch.equal(loaded.model.state_dict()[key], value) for key, value in model.state_dict().items())
    image = torch.rand(1, 3, 64, 64) * 255
    assert torch.equal(loaded.model(image).logits, model.eval()(image).logits)


def test_a_score_threshold_is_stored_with_the_weights(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    with_one, without = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_weights(with_one, model, config, THRESHOLD)
    save_weights(without, model, config)
    assert load_weights(with_one).threshold == read_settings(with_one).threshold == THRESHOLD
    assert load_weights(without).threshold is None and read_settings(without).threshold is None


def test_a_score_threshold_that_is_none_is_refused(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    file = tmp_path / "a.safetensors"
    metadata = {"format": FORMAT, "config": config.model_dump_json(), "threshold": '{"score": 7}'}
    save_file(model.state_dict(), file, metadata)
    with pytest.raises(UserError, match="cannot be read"):
        load_weights(file)


def test_weights_do_not_tell_where_they_were_made(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    config.dataset, config.model.weights = str(tmp_path / "자료"), str(tmp_path / "first" / "weights" / "a.safetensors")
    file = tmp_path / "last.safetensors"
    save_weights(file, model, config)
    assert str(tmp_path).encode() not in file.read_bytes()
    loaded = load_weights(file).config
    assert (loaded.dataset, loaded.model.weights) == ("자료", "first/weights/a.safetensors")


def test_nothing_is_left_beside_the_file(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    save_weights(tmp_path / "a.safetensors", model, config)
    save_weights(tmp_path / "a.safetensors", model, config)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_truncated_file_is_refused(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    file = tmp_path / "a.safetensors"
    save_weights(file, model, config)
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(UserError, match="cannot be read"):
        load_weights(file)


class _Code:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.file}'",)


def test_a_pickle_with_code_is_refused_and_not_executed(tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(pickle.dumps(_Code(tmp_path / "executed")))
    with pytest.raises(UserError):
        load_weights(file)
    assert not (tmp_path / "executed").exists()


def test_a_backbone_pickle_with_code_is_refused_and_not_executed(tmp_path: Path, model: YolactNetwork) -> None:
    file = tmp_path / "bad.pth"
    torch.save(_Code(tmp_path / "executed"), file)
    with pytest.raises(UserError):
        model.backbone.load(str(file))
    assert not (tmp_path / "executed").exists()


def test_backbone_weights_come_from_a_torchvision_state_dict(tmp_path: Path, model: YolactNetwork) -> None:
    from torchvision.models import resnet18, resnet34

    other = resnet18(weights=None)
    torch.save(other.state_dict(), tmp_path / "resnet18.pth")
    model.backbone.load(str(tmp_path / "resnet18.pth"))
    assert torch.equal(model.backbone.body.state_dict()["layer4.1.conv2.weight"], other.layer4[1].conv2.weight)
    torch.save(resnet34(weights=None).state_dict(), tmp_path / "resnet34.pth")
    with pytest.raises(UserError, match="no weights for the backbone resnet18"):
        model.backbone.load(str(tmp_path / "resnet34.pth"))


def test_imagenet_weights_without_a_network_are_an_error_that_says_how_to_go_on(
    model: YolactNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(UserError) as caught:
        model.backbone.load("imagenet")
    assert "--weights none" in caught.value.advice


def test_a_run_folder_stands_for_its_best_weights(tmp_path: Path, config: Config, model: YolactNetwork) -> None:
    save_weights(tmp_path / "weights" / "last.safetensors", model, config)
    assert find_weights(tmp_path).name == "last.safetensors"
    save_weights(tmp_path / "weights" / "best.safetensors", model, config)
    assert find_weights(tmp_path).name == "best.safetensors"
    with pytest.raises(UserError):
        find_weights(tmp_path / "nowhere")
