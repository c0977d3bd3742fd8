"""From a data set or a configuration to a trained run, as Python users go it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker
from tests.tiny_model import tiny_config
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import Config
from yolact_kit.display import Display
from yolact_kit.errors import UserError
from yolact_kit.models.weights import load_weights
from yolact_kit.training.session import resume_run, train_run


@pytest.fixture
def config(tmp_path: Path) -> Config:
    maker = FolderMaker(tmp_path / "data", ["nut"])
    for number in range(2):
        maker.picture("train", f"{number}.png", ["nut"], seed=number)
    small = tiny_config(["nut"])
    small.dataset = str(maker.write())
    small.train = small.train.model_copy(update={"epochs": 2, "batch_size": 2, "workers": 0})
    return small


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
