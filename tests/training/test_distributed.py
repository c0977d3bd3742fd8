from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tests.datasets.folders import FolderMaker
from tests.tiny_model import save_tiny_model, tiny_config
from yolact_kit.config.files import load_config, save_config
from yolact_kit.config.schema import AugmentConfig, Config
from yolact_kit.datasets.torch_dataset import Shuffled
from yolact_kit.models.weights import load_weights
from yolact_kit.training import distributed
from yolact_kit.training.distributed import (
    ShareOfBatches,
    ShareOfPictures,
    broadcast_first,
    mean_over_processes,
    share_of_batch,
)

CLASSES = ["컵", "plate"]
STILL = AugmentConfig(
    flip_horizontal=0,
    flip_vertical=0,
    rotate=0,
    scale=(1, 1),
    translate=0,
    brightness=0,
    contrast=0,
    saturation=0,
    hue=0,
)


def test_alone_nothing_is_shared() -> None:
    assert mean_over_processes(3) == 3 and mean_over_processes(torch.tensor(0), least=1) == 1
    assert share_of_batch(5) == 5
    assert broadcast_first(1.5, torch.device("cpu")) == 1.5
    assert list(ShareOfPictures(3)) == [0, 1, 2]


@pytest.mark.parametrize(("batch", "count"), [(4, 5), (3, 5), (5, 7)])
def test_shares_make_up_the_batches(batch: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    taken: list[int] = []
    for number in range(2):
        monkeypatch.setattr(distributed, "rank", lambda number=number: number)
        draws = iter(ShareOfBatches(Shuffled(count, seed=0), batch))
        mine = [next(draws).number for _ in range(3 * share_of_batch(batch))]
        assert Counter(draw // batch for draw in mine) == dict.fromkeys(range(3), share_of_batch(batch))
        taken += mine
    assert sorted(taken) == list(range(3 * batch))


def make_config(root: Path, batch: int) -> Config:
    """Five training pictures with different numbers of objects, one with none; three to validate on."""
    maker = FolderMaker(root / "자료", CLASSES)
    for number in range(5):
        maker.picture("train", f"{number}.png", (CLASSES * 2)[:number], seed=number)
    for number in range(3):
        maker.picture("val", f"val{number}.png", ["plate"], seed=10 + number)
    config = tiny_config(CLASSES)
    config.dataset = str(maker.write())
    config.augment = STILL
    config.train = config.train.model_copy(
        update={"epochs": 6, "batch_size": batch, "workers": 0, "freeze_norm_from": 0.0, "precision": "32-true"}
    )
    return config


KIT = ("-m", "yolact_kit")
SHORT_OF_MEMORY = """
import yolact_kit.training.batch_fit as batch_fit
from yolact_kit.cli.app import main

if __name__ == "__main__":
    batch_fit.available_memory = lambda: 1
    main()
"""


def launch(
    config: Config, folder: Path, processes: int, weights: str, *more: str, program: Sequence[str] = KIT
) -> subprocess.CompletedProcess[str]:
    config = config.model_copy(deep=True)
    config.train.devices = processes
    file = folder.with_suffix(".yaml")
    save_config(config, file)
    words = ["train", file, "--weights", weights, "--device", "cpu", "--out", folder, "--overwrite", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, *program, *map(str, words)]
    return subprocess.run(
        command, env=environment, capture_output=True, cwd=folder.parent, check=False, encoding="utf-8", timeout=600
    )


def run(config: Config, folder: Path, processes: int) -> list[dict[str, str]]:
    done = launch(config, folder, processes, "none")
    assert done.returncode == 0, done.stderr
    assert ("shared by 2 processes" in done.stderr) == (processes == 2)
    assert done.stderr.count("run       ") == 1
    return metrics(folder)


def metrics(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def assert_same_losses(first: list[dict[str, str]], second: list[dict[str, str]]) -> None:
    assert len(first) == len(second) > 2
    for one, two in zip(first, second, strict=True):
        names = [name for name in one if one[name] and (name.startswith("loss/") or name.startswith("val/"))]
        assert names and {name: float(two[name]) for name in names} == pytest.approx(
            {name: float(one[name]) for name in names}, rel=2e-3, abs=1e-5
        )


@pytest.mark.slow
def test_processes_skip_a_bad_batch_together_and_stop_together(tmp_path: Path) -> None:
    config = make_config(tmp_path, 4)
    config.train.max_bad_batches = 3
    old = save_tiny_model(tmp_path / "old", CLASSES)
    file = old / "weights" / "best.safetensors"
    with safe_open(file, framework="pt") as stored:
        metadata = stored.metadata()
    tensors = load_file(file)
    tensors["head.box.weight"][0] = float("nan")
    save_file(tensors, file, metadata)
    done = launch(config, tmp_path / "run", 2, str(old))
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("the batch is skipped") == 3
    assert done.stderr.count("Training stopped after 3 bad batches in a row") == 1


@pytest.mark.slow
@pytest.mark.parametrize("batch", [4, 3])
def test_two_processes_train_as_one_with_the_whole_batch(batch: int, tmp_path: Path) -> None:
    config = make_config(tmp_path, batch)
    alone, together = run(config, tmp_path / "one", 1), run(config, tmp_path / "two", 2)
    assert len(alone) > 6
    assert_same_losses(alone, together)
    first, second = (load_weights(tmp_path / name).model.state_dict() for name in ("one", "two"))
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=1e-2, atol=1e-4)


@pytest.mark.slow
def test_two_processes_divide_a_batch_that_does_not_fit_alike(tmp_path: Path) -> None:
    config = make_config(tmp_path, 4)
    config.train.epochs = 2
    program = tmp_path / "short.py"
    program.write_text(SHORT_OF_MEMORY, encoding="utf-8")
    done = launch(config, tmp_path / "two", 2, "none", program=[str(program)])
    assert done.returncode == 0, done.stderr
    assert "batch 2 x 2 a step: 4 pictures at once do not fit in memory (estimated)" in done.stderr
    kept = load_config(tmp_path / "two" / "config.yaml").train
    assert (kept.batch_size, kept.accumulate, kept.devices) == (2, 2, 2)
    config.train = config.train.model_copy(update={"batch_size": 2, "accumulate": 2})
    assert_same_losses(run(config, tmp_path / "one", 1), metrics(tmp_path / "two"))


@pytest.mark.slow
def test_two_processes_train_for_a_time_by_one_clock(tmp_path: Path) -> None:
    done = launch(make_config(tmp_path, 4), tmp_path / "run", 2, "none", "--time", "12s")
    assert done.returncode == 0, done.stderr
    validated = [int(row["step"]) for row in metrics(tmp_path / "run") if row["val/mask_AP"]]
    assert len(validated) >= 2 and validated == sorted(set(validated))
    assert (tmp_path / "run" / "weights" / "best.safetensors").is_file()
    assert "Done after" in done.stderr
