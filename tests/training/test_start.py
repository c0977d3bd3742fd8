from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18, resnet34

from tests.datasets.folders import FolderMaker
from tests.models.checkpoints import original_names, small_config
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.config.files import save_config
from yolact_kit.config.schema import FrozenPart
from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.transfer import PartTransfer
from yolact_kit.models.weights import load_weights
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.plan import plan_run
from yolact_kit.training.start import describe_transfer, find_start, require_trained_freeze
from yolact_kit.training.trainer import train


def test_a_backbones_weights_are_left_to_the_backbone(tmp_path: Path) -> None:
    file = tmp_path / "resnet18.pth"
    torch.save(resnet18(weights=None).state_dict(), file)
    for weights in ("none", str(file)):
        assert find_start(weights, tiny_config()) == weights


def test_a_backbones_weights_that_cannot_be_had_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="could not be downloaded"):
        find_start("imagenet", tiny_config())
    torch.save(resnet34(weights=None).state_dict(), tmp_path / "resnet34.pth")
    with pytest.raises(UserError, match="no weights for the backbone resnet18"):
        find_start(str(tmp_path / "resnet34.pth"), tiny_config())


def test_whole_models_are_read(tmp_path: Path, shared_data: Path) -> None:
    run = save_tiny_model(tmp_path / "run", ["person", "cup"])
    config = small_config(["a", "b"])
    original = tmp_path / "cups_3_400.pth"
    torch.save(original_names(YolactNetwork(config.model, 2), shared_data.parent / "reference"), original)
    save_config(config, tmp_path / "config.yaml")
    for weights, model in ((run, None), (run / "weights" / "best.safetensors", None), (original, "config.yaml")):
        start = find_start(str(weights), tiny_config(), model and str(tmp_path / model))
        assert isinstance(start, Checkpoint)
        assert len(start.config.classes) == 2


def test_weights_of_another_backbone_are_an_error(tmp_path: Path) -> None:
    config = tiny_config()
    config.model.backbone = "resnet34"
    with pytest.raises(UserError, match="on resnet18; the configuration's backbone is resnet34") as caught:
        find_start(str(save_tiny_model(tmp_path / "run")), config)
    assert "--weights imagenet" in caught.value.advice


@pytest.mark.parametrize("weights", ["missing.pth", "coco:yolact_resnet5", "empty"])
def test_missing_weights_are_an_error(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError):
        find_start(weights, tiny_config())


def test_the_table_names_classes_and_counts_tensors() -> None:
    parts = [
        PartTransfer("backbone", loaded=["a", "b"], skipped=["c"]),
        PartTransfer("head.score", True, ["(background)", "person"], ["[컵]"], [f"class {n}" for n in range(79)]),
    ]
    header, _, backbone, score, *_ = describe_transfer(parts).splitlines()
    assert header.split() == ["part", "loaded", "re-initialised", "skipped"]
    assert backbone.split() == ["backbone", "2", "tensors", "-", "1", "tensor"]
    assert "(background), person" in score and "[컵]" in score and "class 3 and 75 more" in describe_transfer(parts)


@pytest.mark.parametrize(("frozen", "named"), [(["stem", "backbone"], ""), (["stem", "head", "fpn"], "fpn, head")])
def test_weights_of_a_backbone_allow_nothing_else_to_be_frozen(
    frozen: list[FrozenPart], named: str, tmp_path: Path
) -> None:
    config = tiny_config()
    config.train.freeze = frozen
    torch.save(resnet18(weights=None).state_dict(), tmp_path / "resnet18.pth")
    if not named:
        assert find_start(str(tmp_path / "resnet18.pth"), config) == str(tmp_path / "resnet18.pth")
        return
    with pytest.raises(UserError, match=f"without weights of: {named}") as caught:
        find_start(str(tmp_path / "resnet18.pth"), config)
    assert "train.freeze" in caught.value.advice


def test_a_part_that_was_not_taken_over_whole_cannot_be_frozen() -> None:
    parts = [PartTransfer("backbone", loaded=["a"]), PartTransfer("head.score", True, ["cup"], ["plate"])]
    config = tiny_config()
    config.train.freeze = ["stem", "backbone", "fpn"]
    require_trained_freeze(config, parts)
    config.train.freeze = ["head"]
    with pytest.raises(UserError, match=r"without weights of: head\.score"):
        require_trained_freeze(config, parts)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [["plate", "컵", "person", "fork"], ["컵"]])
def test_training_goes_on_from_a_model_of_other_classes(classes: list[str], tmp_path: Path) -> None:
    maker = FolderMaker(tmp_path / "data", classes)
    for number in range(2):
        maker.picture("train", f"{number}.png", classes[:2], seed=number)
    maker.write()
    config = tiny_config(classes)
    config.dataset = str(tmp_path / "data")
    config.train = config.train.model_copy(
        update={
            "epochs": 1,
            "batch_size": 2,
            "workers": 0,
            "learning_rate": 1e-9,
            "ema_decay": 0.0,
            "weight_decay": 0.0,
        }
    )
    run = save_tiny_model(tmp_path / "old", ["person", "컵"])
    lines: list[str] = []
    result = train(plan_run(config, device="cpu"), tmp_path / "new", str(run), say=lines.append)
    table = next(line for line in lines if "re-initialised" in line)
    assert "(background)" in table and "컵" in table
    old, new = load_weights(run).model, load_weights(result.run).model
    # The learning rate is next to nothing, so that the weights are those that training began with.
    torch.testing.assert_close(new.head.box.weight, old.head.box.weight, atol=1e-6, rtol=0)
    rows = [
        layer.weight.unflatten(0, (-1, count + 1))
        for layer, count in ((new.head.score, len(classes)), (old.head.score, 2))
    ]
    torch.testing.assert_close(rows[0][:, 1 + classes.index("컵")], rows[1][:, 2], atol=1e-6, rtol=0)
