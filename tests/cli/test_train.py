from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import FolderMaker
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.config.files import load_config, save_config
from yolact_kit.models.weights import load_weights

CLASSES = ["컵", "plate"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    maker = FolderMaker(tmp_path / "자료", CLASSES)
    for number in range(2):
        maker.picture("train", f"{number}.png", CLASSES, seed=number)
    maker.write()
    made = tiny_config(CLASSES)
    made.dataset = "자료"
    made.train = made.train.model_copy(update={"epochs": 1, "batch_size": 2, "workers": 0})
    save_config(made, tmp_path / "config.yaml")
    return tmp_path / "config.yaml"


def test_weights_of_a_model_with_other_classes(run: Runner, config: Path, tmp_path: Path) -> None:
    old = save_tiny_model(tmp_path / "old", ["person", "컵"])
    done = run("train", config, "--weights", old, "--out", tmp_path / "new", "--device", "cpu")
    assert done.code == 0, done.err
    assert "re-initialised" in done.err and "(background), 컵" in done.err
    assert "re-initialised" in (tmp_path / "new" / "train.log").read_text(encoding="utf-8")
    assert load_config(tmp_path / "new" / "config.yaml").model.weights == str(old)
    assert load_weights(tmp_path / "new").config.classes == CLASSES


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("missing.pth", "do not exist"),
        ("coco:yolact_resnet5", "Did you mean 'coco:yolact_resnet50'?"),
        ("coco:yolact_base", "could not be downloaded"),
        ("other", "the configuration's backbone is resnet34"),
    ],
)
def test_wrong_weights_exit_2_and_leave_an_earlier_run_alone(
    weights: str, message: str, run: Runner, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    save_tiny_model(tmp_path / "other")
    earlier = save_tiny_model(tmp_path / "run")
    wanted = ["--set", "model.backbone=resnet34", "--weights", weights]
    done = run("train", config, *wanted, "--out", earlier, "--overwrite")
    assert done.code == 2
    assert message in done.err
    assert (earlier / "weights" / "best.safetensors").is_file()
