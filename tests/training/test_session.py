"""From a data set or a configuration to a trained run, as Python users go it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker
from tests.tiny_model import tiny_config
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import Config
from yolact_kit.display import Display
from yolact_kit.errors import UserError
from yolact_kit.models.weights import load_weights
from yolact_kit.training.run_folder import RunLog, begin_run_folder, config_to_resume, removing_unstarted
from yolact_kit.training.session import resume_run, train_run


def small_config(folder: Path) -> Config:
    """A training of two steps on a data set that is written into a folder."""
    maker = FolderMaker(folder, ["nut"])
    for number in range(2):
        maker.picture("train", f"{number}.png", ["nut"], seed=number)
    small = tiny_config(["nut"])
    small.dataset = str(maker.write())
    small.train = small.train.model_copy(update={"epochs": 2, "batch_size": 2, "workers": 0})
    return small


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return small_config(tmp_path / "data")


def test_a_run_is_planned_logged_trained_and_diagnosed(config: Config, tmp_path: Path) -> None:
    lines: list[str] = []
    result = train_run(config, tmp_path / "run", weights="none", device="cpu", display=Display(say=lines.append))
    assert result.steps == 2 and result.diagnosis is not None
    assert str(result).startswith("Done after 2 steps") and str(tmp_path / "run") in str(result)
    assert load_weights(tmp_path / "run").config.classes == ["nut"]
    assert lines[0].startswith("data") and lines[0] in (tmp_path / "run" / "train.log").read_text(encoding="utf-8")
    assert config.model.weights != "none"  # the caller's configuration stays as it was
    again = resume_run(tmp_path / "run", device="cpu")
    assert not again.trained and again.diagnosis is None


def test_an_earlier_run_is_replaced_only_where_that_is_said(config: Config, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "train.log").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="run"):
        train_run(config, tmp_path / "run", weights="none", device="cpu")
    with pytest.raises(UserError, match="not a run folder"):
        train_run(config, tmp_path / "data", weights="none", device="cpu", overwrite=True)


def test_a_data_set_in_memory_has_to_be_saved_first() -> None:
    with pytest.raises(UserError, match="no folder"):
        train_run(Dataset("parts", ["nut"], {"train": []}))


def test_a_folder_without_a_configuration_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a run folder"):
        resume_run(tmp_path)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a data set and a run that has begun, moved away from where it was."""
    old = tmp_path_factory.mktemp("project") / "old"
    train_run(small_config(old / "data"), old / "runs" / "a", weights="none", device="cpu")
    return old.rename(old.parent / "moved")


@pytest.fixture
def project(begun: Path, tmp_path: Path) -> Path:
    """A copy of a project that was moved."""
    return Path(shutil.copytree(begun, tmp_path / "새 곳"))


def stored_as(run: Path, dataset: str) -> None:
    """Writes another path of the data set into a run's configuration."""
    file = run / "config.yaml"
    text = re.sub(r"^dataset: .*$", lambda _: f"dataset: '{dataset}'", file.read_text(encoding="utf-8"), flags=re.M)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "stored",
    ["", "C:\\Users\\me\\old\\data", "..\\..\\data", "/home/me/old/data/dataset.yaml", "D:\\data\\dataset.yaml"],
)
def test_a_run_that_was_moved_with_its_data_set_is_resumed(project: Path, stored: str) -> None:
    if stored:
        stored_as(project / "runs" / "a", stored)
    config = config_to_resume(project / "runs" / "a", ["train.epochs=3"])
    assert Path(config.dataset) == (project / "data").resolve() and config.train.epochs == 3
    assert resume_run(project / "runs" / "a", config, device="cpu").steps > 0


@pytest.mark.parametrize("change", ["train.freeze=stem", "train.backbone_rate=0.1"])
def test_what_the_optimisers_state_depends_on_stays_as_it_is(change: str, project: Path) -> None:
    with pytest.raises(UserError, match=f"keeps its {change.partition('=')[0]}") as caught:
        config_to_resume(project / "runs" / "a", [change])
    assert "--weights" in caught.value.advice


def test_a_data_set_that_was_moved_alone_has_to_be_named(project: Path, tmp_path: Path) -> None:
    run = project / "runs" / "a"
    there = (project / "data").rename(tmp_path / "elsewhere")
    for resume in (config_to_resume, resume_run):
        with pytest.raises(UserError, match="any more") as caught:
            resume(run)
        assert "--set dataset=FOLDER" in caught.value.advice
    config = config_to_resume(run, [f"dataset={there}"])
    assert not resume_run(run, config, device="cpu").trained


def test_another_data_set_of_that_name_is_not_taken(project: Path) -> None:
    file = project / "data" / "dataset.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "more: 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="any more"):
        config_to_resume(project / "runs" / "a")


def test_the_configuration_that_is_named_as_well_says_where_the_data_set_is(project: Path, tmp_path: Path) -> None:
    (project / "data").rename(project / "자료")
    (project / "config.yaml").write_text("dataset: 자료\ntrain: {epochs: 9}\n", encoding="utf-8")
    config = config_to_resume(project / "runs" / "a", config_file=project / "config.yaml")
    assert Path(config.dataset) == project / "자료" and config.train.epochs == 2


def test_a_configuration_without_its_data_set_says_how_to_name_it(config: Config, tmp_path: Path) -> None:
    for dataset in (str(tmp_path / "nowhere"), ""):
        config.dataset = dataset
        with pytest.raises(UserError) as caught:
            train_run(config, tmp_path / "run", weights="none", device="cpu")
        assert "--set dataset=FOLDER" in caught.value.advice


def test_a_run_folder_with_files_of_the_users_is_not_replaced(config: Config, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_run(config, run, weights="none", device="cpu")
    train_run(config, run, weights="none", device="cpu", overwrite=True)
    written = (run / "config.yaml").read_text(encoding="utf-8")
    for name in ("notes.txt", "weights/mine.pth", "config.yaml"):
        (run / name).write_text("mine", encoding="utf-8")
        with pytest.raises(UserError, match=Path(name).name):
            train_run(config, run, weights="none", device="cpu", overwrite=True)
        assert (run / name).read_text(encoding="utf-8") == "mine"
        assert (run / "weights" / "last.safetensors").is_file()
        (run / name).unlink()
        (run / "config.yaml").write_text(written, encoding="utf-8")


def test_a_training_that_does_not_begin_leaves_the_users_files(config: Config, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), removing_unstarted(run):
        begin_run_folder(run)
        RunLog(run, lambda _line: None)("a line")
        (run / "notes.txt").write_text("mine", encoding="utf-8")
        raise KeyboardInterrupt
    assert [path.name for path in run.iterdir()] == ["notes.txt"]
    (run / "notes.txt").unlink()
    with pytest.raises(KeyboardInterrupt), removing_unstarted(run):
        begin_run_folder(run)
        raise KeyboardInterrupt
    assert not run.exists()
