from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18, resnet34

from tests.datasets.folders import FolderMaker
from tests.models.checkpoints import original_names, small_config
from tests.models.original import recipe_of
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.config.files import save_config
from yolact_kit.config.schema import FrozenPart
from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.transfer import PartTransfer
from yolact_kit.models.weights import load_weights
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.plan import describe_plan, plan_run
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
        PartTransfer("head.box", True, [], ["[그릇]"]),
        PartTransfer(
            "head.score", True, ["(background)", "person"], [], [f"class {n}" for n in range(79)], ["[컵]", "접시"], 80
        ),
    ]
    text = describe_transfer(parts)
    header, _, backbone, box, *score = text.splitlines()
    assert header.split() == ["part", "loaded", "averaged", "re-initialised", "skipped"]
    assert backbone.split() == ["backbone", "2", "tensors", "-", "-", "1", "tensor"]
    assert box.split() == ["head.box", "-", "-", "[그릇]", "-"]
    assert "(background), person" in score[0] and "[컵], 접시 (mean of 80)" in score[0]
    assert "class 3 and 75 more" in " ".join(" ".join(score).split())


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
    averaged = PartTransfer("head.score", True, ["cup"], averaged=["plate"], averaged_over=3)
    with pytest.raises(UserError, match=r"without weights of: head\.score"):
        require_trained_freeze(config, [averaged])


def moved(run: Path, start: Checkpoint, part: str) -> float:
    """How far the tensors of a part are from those that training began with."""
    after = load_weights(run / "weights" / "last.safetensors").model.state_dict()
    names = [key for key in after if re.match(part, key) and key in start.tensors]
    assert names
    return math.sqrt(sum(float((after[key].float() - start.tensors[key]).square().sum()) for key in names))


def test_from_weights_of_the_originals_norms_hold_and_the_backbone_learns_at_its_rate(
    tmp_path: Path, shared_data: Path
) -> None:
    """Values by the recipe of the reference outputs, in a small model, by the original's names."""
    config, reference = small_config(["컵", "plate"]), shared_data.parent / "reference"
    shaped = original_names(YolactNetwork(config.model, 2), reference)
    shapes = [",".join(map(str, value.shape)) for value in shaped.values()]
    arrays = recipe_of(reference).state_dict(list(shaped), shapes, "yolact_resnet50", 0)
    torch.save({key: torch.from_numpy(value) for key, value in arrays.items()}, tmp_path / "cups_3_400.pth")
    save_config(config, tmp_path / "theirs.yaml")
    maker = FolderMaker(tmp_path / "data", ["컵", "fork"])
    for number in range(4):
        maker.picture("train", f"{number}.png", ["컵", "fork"], seed=number)
    config.classes, config.dataset, config.model.weights = (
        ["컵", "fork"],
        str(maker.write()),
        str(tmp_path / "cups_3_400.pth"),
    )
    changes = {"epochs": 1, "batch_size": 2, "workers": 0, "ema_decay": 0.0, "weight_decay": 0.0, "warmup": 0.0,
               "optimizer": "sgd", "precision": "32-true", "schedule": "constant", "threads": 1}  # fmt: skip
    start = find_start(config.model.weights, config, str(tmp_path / "theirs.yaml"))
    assert isinstance(start, Checkpoint)
    distances: dict[float, dict[str, float]] = {}
    for rate in (1.0, 0.1):
        config.train = config.train.model_copy(update={**changes, "backbone_rate": rate})
        plan = plan_run(config, device="cpu")
        text = "\n".join(describe_plan(plan, tmp_path / "run", "cups"))
        assert "frozen    batch norm of the backbone: a batch of 2 is too small" in text
        assert f"rates     backbone {rate * 1e-3:g}, " in text
        result = train(plan, tmp_path / f"run-{rate}", start)
        assert result.steps == 2
        parts = {"norm": r"backbone.*running_(mean|var)$", "backbone": r"backbone.*weight$", "box": r"head\.box"}
        distances[rate] = {name: moved(result.run, start, part) for name, part in parts.items()}
    assert distances[1.0]["norm"] == distances[0.1]["norm"] == 0
    assert 0 < distances[0.1]["backbone"] < 0.5 * distances[1.0]["backbone"]
    assert distances[0.1]["box"] > 0.5 * distances[1.0]["box"]


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
