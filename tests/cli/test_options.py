from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.evaluation.test_split_evaluation import CLASSES, make_dataset
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.config.files import save_config


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
@pytest.mark.parametrize("doomed", ["run", "data"])
def test_no_output_replaces_what_is_read(command: str, doomed: str, run: Runner, tmp_path: Path) -> None:
    weights, dataset = save_tiny_model(tmp_path / "run", CLASSES), make_dataset(tmp_path / "data")
    config = tiny_config(CLASSES)
    config.dataset = str(dataset)
    save_config(config, tmp_path / "config.yaml")
    call = {
        "train": ("train", tmp_path / "config.yaml", "--weights", weights),
        "evaluate": ("evaluate", weights, dataset),
        "predict": ("predict", weights, dataset),
    }[command]
    before = sorted(tmp_path.rglob("*"))
    done = run(*call, "--out", tmp_path / doomed, "--overwrite")
    assert done.code == 2
    assert sorted(tmp_path.rglob("*")) == before
