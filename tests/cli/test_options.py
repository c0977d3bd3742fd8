from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.evaluation.test_run import CLASSES, make_dataset
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.cli.options import weights_files
from yolact_kit.config.files import save_config


def test_the_files_of_weights(tmp_path: Path) -> None:
    run = save_tiny_model(tmp_path / "run", CLASSES)
    best = run / "weights" / "best.safetensors"
    assert weights_files(str(run)) == weights_files(str(best)) == [best]
    assert weights_files("coco:yolact_base") == weights_files("none") == weights_files(None) == []


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
