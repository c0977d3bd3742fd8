"""The whole way on real photos, gone once for all tests in this folder."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import yolact_kit

SHORT = ["--set", "train.epochs=2", "--set", "train.batch_size=4", "--set", "train.workers=0"]
SMALL = ["--set", "model.input_size=128"]


@dataclass
class Way:
    """What the commands left behind, and what they printed."""

    root: Path
    printed: dict[str, subprocess.CompletedProcess[str]]

    @property
    def data(self) -> Path:
        return self.root / "자료 data"

    @property
    def run(self) -> Path:
        return self.root / "학습 run"


@pytest.fixture(scope="session")
def way(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Way:
    """Every command from convert to predict, through the real command line, in a folder with a Korean name."""
    root = tmp_path_factory.mktemp("사진 과일")
    photos = shared_data / "fruitnuts_labelme" / "images"
    way = Way(root, {})
    new = root / "new"
    shutil.copytree(photos, new, ignore=lambda _, names: [name for name in names if name not in ("0.jpg", "11.jpg")])
    calls: list[list[str | Path]] = [
        ["convert", photos, way.data, "--val", "0.2", "--test", "0.2"],
        ["validate", way.data],
        ["config", way.data, "--model", "yolact_nano", "--out", root / "config.yaml"],
        ["train", root / "config.yaml", "--weights", "none", "--out", way.run, *SHORT, *SMALL],
        ["evaluate", way.run, way.data, "--split", "test", "--out", root / "evaluation", "--json"],
        ["predict", way.run, new, "--out", root / "found", "--score", "0", "--format", "coco,png,overlay"],
    ]
    for call in calls:
        done = yolact_kit(*call, cwd=root)
        assert done.returncode == 0, f"{call}\n{done.stdout}\n{done.stderr}"
        way.printed[str(call[0])] = done
    return way
