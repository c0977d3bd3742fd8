from __future__ import annotations

from importlib.util import find_spec
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
        ("imagenet", "--weights none"),
        ("other", "the configuration's backbone is resnet34"),
    ],
)
def test_wrong_weights_exit_2_and_leave_an_earlier_run_alone(
    weights: str, message: str, run: Runner, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    save_tiny_model(tmp_path / "other")
    earlier = save_tiny_model(tmp_path / "run")
    wanted = ["--set", "model.backbone=resnet34", "--weights", weights]
    done = run("train", config, *wanted, "--out", earlier, "--overwrite")
    assert done.code == 2
    assert message in done.err
    assert (earlier / "weights" / "best.safetensors").is_file()
    # What the message advises works with the same --out.
    assert run("train", config, *wanted, "--out", tmp_path / "new").code == 2
    assert not (tmp_path / "new").exists()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A configuration with a data set that has two pictures to validate on."""
    maker = FolderMaker(tmp_path / "자료", CLASSES)
    for number in range(4):
        maker.picture("train", f"{number}.png", CLASSES, seed=number)
    for number in range(2):
        maker.picture("val", f"v{number}.png", CLASSES, seed=10 + number)
    made = tiny_config(CLASSES)
    made.dataset = str(maker.write())
    made.train = made.train.model_copy(update={"epochs": 2, "batch_size": 2, "workers": 0})
    save_config(made, tmp_path / "sound.yaml")
    return tmp_path / "sound.yaml"


def test_the_plan_comes_first_and_the_diagnosis_last(run: Runner, sound: Path, tmp_path: Path) -> None:
    done = run("train", sound, "--weights", "none", "--out", tmp_path / "run", "--device", "cpu")
    assert done.code == 0, done.err
    lines = done.err.splitlines()
    firsts = [line.split()[0] for line in lines]
    begun = firsts.index("training", firsts.index("run"))
    for word in ("data", "classes", "model", "weights", "estimate", "chosen"):
        assert firsts.index(word) < begun
    assert firsts.index("data") < firsts.index("Mask") and "likely cause first" in done.err
    assert (tmp_path / "run" / "diagnosis.txt").is_file()
    assert len(list((tmp_path / "run" / "progress").glob("step-*/*.jpg"))) == 2 * 4
    again = run("train", "--resume", tmp_path / "run", "--device", "cpu")
    assert again.code == 0 and "This run is complete" in again.err


@pytest.mark.parametrize("where", ["session.estimate", "trainer._make_module"])
def test_an_interrupt_before_the_first_step_leaves_no_folder_that_is_in_the_way(
    where: str, run: Runner, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"yolact_kit.training.{where}", interrupt)
        done = run("train", sound, "--weights", "none", "--out", tmp_path / "run", "--device", "cpu")
    assert done.code == 130
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("damage", ["category", "picture"])
def test_errors_in_the_data_are_named_and_nothing_is_trained(
    damage: str, run: Runner, sound: Path, tmp_path: Path
) -> None:
    if damage == "picture":
        (tmp_path / "자료" / "images" / "2.png").write_bytes(b"no picture")
    else:
        file = tmp_path / "자료" / "annotations" / "train.json"
        file.write_text(file.read_text(encoding="utf-8").replace('"category_id": 2', '"category_id": 7', 1), "utf-8")
    done = run("train", sound, "--weights", "none", "--out", tmp_path / "run", "--device", "cpu")
    assert done.code == 2
    assert "1 error, so nothing was trained" in done.err and "yolact-kit validate" in done.err
    assert ("2.png" if damage == "picture" else "train.json") in done.err
    assert not (tmp_path / "run").exists()


def test_a_self_test_that_fails_says_so_by_its_exit_code(run: Runner, sound: Path, tmp_path: Path) -> None:
    words = ["--weights", "none", "--overfit", "2", "--time", "1s", "--device", "cpu"]
    done = run("train", sound, *words, "--out", tmp_path / "run")
    assert done.code == 1, done.err
    assert "self-test: 2 pictures" in done.err and "Self-test NOT passed" in done.err
    refused = run("train", "--resume", tmp_path / "run", "--overfit", "2")
    assert refused.code == 2


def test_a_run_is_not_resumed_in_another_folder(run: Runner, tmp_path: Path) -> None:
    refused = run("train", "--resume", tmp_path / "run", "--out", tmp_path / "other")
    assert refused.code == 2 and "goes on in its own folder" in refused.err
    missing = run("train", "--resume", tmp_path / "run", "--out", tmp_path / "x" / ".." / "run")
    assert missing.code == 2 and "goes on in its own folder" not in missing.err


@pytest.mark.slow
def test_a_self_test_that_passes(run: Runner, sound: Path, tmp_path: Path) -> None:
    words = ["--weights", "none", "--overfit", "2", "--set", "train.learning_rate=0.002", "--device", "cpu"]
    done = run("train", sound, *words, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "Self-test passed" in done.err


def test_a_logger_that_is_not_installed_is_an_error(run: Runner, sound: Path, tmp_path: Path) -> None:
    if find_spec("wandb"):
        pytest.skip("it is installed here")
    done = run("train", sound, "--weights", "none", "--set", "train.loggers=csv,wandb", "--out", tmp_path / "run")
    assert done.code == 2 and 'pip install "yolact-kit[wandb]"' in done.err
    assert not (tmp_path / "run").exists()


def test_overwriting_takes_the_folder_of_a_run_only(run: Runner, config: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.yaml").write_text("thesis: 1\n", encoding="utf-8")
    words = ["train", config, "--weights", "none", "--out", mine, "--overwrite", "--device", "cpu"]
    refused = run(*words)
    assert (refused.code, "is not a run folder" in refused.err) == (2, True)
    assert (mine / "config.yaml").read_text(encoding="utf-8") == "thesis: 1\n"
    earlier = save_tiny_model(tmp_path / "run")
    words[5] = earlier
    assert "is not a run folder" not in run(*words, "--set", "train.epochs=0").err
