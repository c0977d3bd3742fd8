from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from tests.models.checkpoints import empty_state, original_names, small_config
from yolact_kit.config.files import save_config
from yolact_kit.errors import UserError
from yolact_kit.models.class_names import COCO_CLASSES, PASCAL_CLASSES
from yolact_kit.models.original_checkpoint import named_config, read_original
from yolact_kit.models.weights import load_weights
from yolact_kit.models.yolact import YolactNetwork

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> Path:
    return shared_data.parent / "reference"


def saved(state: object, file: Path, **options: bool) -> Path:
    torch.save(state, file, **options)
    return file


@pytest.mark.parametrize(
    "name",
    [
        "yolact_resnet50",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("yolact_darknet53", "yolact_plus_resnet50")),
    ],
)
def test_the_files_name_says_which_model_it_is(name: str, reference: Path, tmp_path: Path) -> None:
    tensors, config, _ = read_original(saved(empty_state(reference, name), tmp_path / f"{name}_54_800000.pth"))
    assert config.model.name == name
    assert config.classes == list(COCO_CLASSES)
    with torch.device("meta"):
        assert tensors.keys() == YolactNetwork(config.model, 80).state_dict().keys()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("yolact_base_54_800000.pth", "yolact_base"),
        ("yolact_resnet50_pascal_60_120000_interrupt.pth", "yolact_resnet50_pascal"),
        ("yolact_plus_base_54_800000 (1).pth", "yolact_plus_base"),
        ("yolact_im700.pth", "yolact_im700"),
        ("yolact_basement_3_400.pth", None),
        ("cups_99_1000.pth", None),
    ],
)
def test_names_of_files(file: str, name: str | None) -> None:
    assert named_config(Path("weights") / file) == name


def test_twenty_classes_are_pascals_and_others_have_numbers(reference: Path, tmp_path: Path) -> None:
    state = empty_state(reference, "yolact_resnet50_pascal")
    _, config, _ = read_original(saved(state, tmp_path / "yolact_resnet50_pascal_60_120000.pth"))
    assert config.classes == list(PASCAL_CLASSES)
    zero = torch.zeros(())
    state |= {
        "prediction_layers.0.conf_layer.weight": zero.expand(3 * 4, 256, 3, 3),
        "prediction_layers.0.conf_layer.bias": zero.expand(3 * 4),
        "semantic_seg_conv.weight": zero.expand(3, 256, 1, 1),
        "semantic_seg_conv.bias": zero.expand(3),
    }
    _, config, _ = read_original(saved(state, tmp_path / "yolact_resnet50_cups_9_100.pth"))
    assert config.classes == ["class 1", "class 2", "class 3"]


def old_keys(state: State) -> State:
    """What version 1.0 stored besides."""
    twice = {key.replace("layers.0", "layer1", 1): value for key, value in state.items() if "backbone.layers.0" in key}
    return {
        **state,
        **twice,
        "fpn.downsample_layers.2.weight": torch.zeros(1),
        "fpn.downsample_layers.2.bias": torch.zeros(1),
    }


LAYOUTS = {
    "version 1.0": old_keys,
    "DataParallel": lambda state: {f"module.{key}": value for key, value in state.items()},
    "a training script's": lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"param_groups": []}},
    "torch 0.4": lambda state: {key: value for key, value in state.items() if "num_batches" not in key},
}


@pytest.mark.parametrize(("layout", "zipped"), [(layout, True) for layout in LAYOUTS] + [("version 1.0", False)])
def test_old_layouts_are_read(layout: str, zipped: bool, reference: Path, tmp_path: Path) -> None:
    config = small_config(["cup", "plate"])
    torch.manual_seed(0)
    model = YolactNetwork(config.model, 2).eval()
    state = LAYOUTS[layout](original_names(model, reference))
    file = saved(state, tmp_path / "cups_9_100.pth", _use_new_zipfile_serialization=zipped)
    save_config(config, tmp_path / "config.yaml")
    loaded = load_weights(file, model=str(tmp_path / "config.yaml"))
    assert loaded.config.classes == ["cup", "plate"]
    image = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        torch.testing.assert_close(loaded.model(image).logits, model(image).logits)


@pytest.mark.slow
def test_a_file_of_another_name_is_recognised_where_only_one_model_fits(reference: Path, tmp_path: Path) -> None:
    file = saved(empty_state(reference, "yolact_darknet53"), tmp_path / "best.pth")
    assert read_original(file).config.model.name == "yolact_darknet53"


@pytest.mark.slow
def test_a_file_that_several_models_fit_must_be_told_which_it_is(reference: Path, tmp_path: Path) -> None:
    file = saved(empty_state(reference, "yolact_base"), tmp_path / "best.pth")
    with pytest.raises(UserError, match="yolact_base, yolact_im400 or yolact_im700") as caught:
        read_original(file)
    assert "--model yolact_base" in caught.value.advice
    assert read_original(file, "yolact_im700").config.model.input_size == 700


def test_the_wrong_name_is_an_error_that_names_keys_and_the_right_one(reference: Path, tmp_path: Path) -> None:
    state = empty_state(reference, "yolact_resnet50")
    with pytest.raises(
        UserError, match=r"Missing: backbone\.body\.layer3\.6\.conv1\.weight, .* and \d+ more"
    ) as caught:
        read_original(saved(state, tmp_path / "yolact_base_54_800000.pth"))
    assert "yolact_resnet50" in caught.value.advice and "--model" in caught.value.advice
    with pytest.raises(UserError, match="no model 'yolact_resnet5'") as caught:
        read_original(tmp_path / "yolact_base_54_800000.pth", "yolact_resnet5")
    assert "yolact_resnet50" in caught.value.advice


def test_strange_and_misshaped_keys_are_named(reference: Path, tmp_path: Path) -> None:
    state = empty_state(reference, "yolact_resnet50")
    state["extra.weight"] = torch.zeros(1)
    state["proto_net.10.bias"] = torch.zeros(31)
    with pytest.raises(UserError, match=r"Unexpected: extra\.weight; .*protonet\.10\.bias \(31 instead of 32\)"):
        read_original(saved(state, tmp_path / "yolact_resnet50_54_800000.pth"))


def test_a_foreign_network_is_refused(tmp_path: Path) -> None:
    file = saved(resnet18(weights=None).state_dict(), tmp_path / "yolact_resnet50_54_800000.pth")
    with pytest.raises(UserError, match="holds no YOLACT"):
        load_weights(file)


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    for number, content in enumerate(([1, 2], {}, {"state_dict": {}}, {"a": "text"})):
        with pytest.raises(UserError, match="holds no weights"):
            load_weights(saved(content, tmp_path / f"{number}.pth"))


def test_a_truncated_file_is_refused(reference: Path, tmp_path: Path) -> None:
    for zipped in (True, False):
        file = saved({"a": torch.rand(1000)}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
        file.write_bytes(file.read_bytes()[:-1000])
        with pytest.raises(UserError, match="cannot be read as weights") as caught:
            load_weights(file)
        assert "truncated" in caught.value.advice


class _Code:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.file}'",)


@pytest.mark.parametrize("way", ["zip", "legacy", "pickle", "beside tensors"])
def test_code_is_refused_and_not_executed(way: str, tmp_path: Path) -> None:
    file, mark = tmp_path / "yolact_base_54_800000.pth", tmp_path / "executed"
    if way == "pickle":
        file.write_bytes(pickle.dumps(_Code(mark)))
    else:
        content = {"a": torch.zeros(1), "b": _Code(mark)} if way == "beside tensors" else _Code(mark)
        torch.save(content, file, _use_new_zipfile_serialization=way != "legacy")
    says = "cannot be read as weights" if way == "pickle" else r"it holds '\w+\.system', which is code"
    with pytest.raises(UserError, match=says) as caught:
        load_weights(file)
    assert not mark.exists()
    assert "not executed" in str(caught.value) + caught.value.advice
    # The file is what it claims to be: whoever unpickles it runs what is in it.
    torch.load(file, weights_only=False) if way != "pickle" else pickle.loads(file.read_bytes())
    assert mark.exists()
