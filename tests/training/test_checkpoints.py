from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning.pytorch.strategies import SingleDeviceStrategy

from tests.datasets.folders import FolderMaker
from tests.tiny_model import SMALL_BACKBONE, tiny_config
from yolact_kit.config.files import save_config
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.models.weights import load_weights
from yolact_kit.training import checkpoints
from yolact_kit.training.checkpoints import find_checkpoint
from yolact_kit.training.loggers import make_loggers
from yolact_kit.training.plan import plan_run
from yolact_kit.training.trainer import train

REPOSITORY = Path(__file__).parents[2]


def make_config(root: Path, epochs: int) -> Config:
    maker = FolderMaker(root / "자료", ["컵"])
    for number in range(5):
        maker.picture("train", f"{number}.png", ["컵"] * number, seed=number)
    maker.picture("val", "v.png", ["컵"], seed=9)
    config = tiny_config(["컵"], SMALL_BACKBONE)
    config.dataset = str(maker.write())
    config.loss.max_masks = 1  # so that steps draw random numbers
    config.train = config.train.model_copy(
        update={"batch_size": 2, "workers": 0, "epochs": epochs, "progress_pictures": 0, "precision": "32-true"}
    )
    config.train.threads = 1  # on a busy machine others would change the number, and with it the last bits
    return config


def same_weights(first: Path, second: Path) -> bool:
    ours, theirs = (load_weights(run / "weights" / "last.safetensors").model.state_dict() for run in (first, second))
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Config, Path]:
    """A run of ten steps that was interrupted after its second validation, at step 4."""
    config = make_config(tmp_path, epochs=4)

    def interrupt(line: str) -> None:
        if "after 4 steps" in line:
            os.kill(os.getpid(), signal.SIGINT)

    run = tmp_path / "run"
    assert train(plan_run(config, device="cpu"), run, "none", say=interrupt).interrupted
    return config, run


def test_a_torn_checkpoint_falls_back_to_the_one_before_it(stopped: tuple[Config, Path], tmp_path: Path) -> None:
    config, run = stopped
    last = run / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    lines: list[str] = []
    assert train(plan_run(config, device="cpu"), run, "none", resume=True, say=lines.append).steps == 10
    assert any("last.ckpt' is incomplete" in line and "the one before" in line for line in lines)
    undisturbed = train(plan_run(config, device="cpu"), tmp_path / "undisturbed", "none").run
    assert same_weights(run, undisturbed)


def test_a_kill_between_the_two_renamings_leaves_the_one_before(stopped: tuple[Config, Path]) -> None:
    _, run = stopped
    last = run / "checkpoints" / "last.ckpt"
    half = last.with_name(".last.ckpt.0a1b2c3d.partial")
    last.replace(half)
    found = find_checkpoint(run)
    assert found is not None and found[0].name == "previous.ckpt"
    assert not half.exists()


class Evil:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("sound", [False, True])
def test_a_checkpoint_with_code_is_refused_even_beside_a_sound_one(sound: bool, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    if sound:
        torch.save({"global_step": 1, "callbacks": {"EndOfBudget": {}}}, folder / "previous.ckpt")
    torch.save({"global_step": 1, "callbacks": {"EndOfBudget": Evil(tmp_path / "trace")}}, folder / "last.ckpt")
    with pytest.raises(UserError, match="holds code") as caught:
        find_checkpoint(tmp_path / "run")
    assert "Nothing of it was executed" in caught.value.message
    assert not (tmp_path / "trace").exists()


def test_what_cannot_be_written_does_not_end_the_run_nor_hinder_the_rest(tmp_path: Path) -> None:
    config = make_config(tmp_path, epochs=2)
    config.train.progress_pictures = 1
    run, lines = tmp_path / "run", []
    (run / "weights" / "best.safetensors").mkdir(parents=True)
    for name in ("checkpoints", "progress"):
        (run / name).write_text("in the way", encoding="utf-8")
    result = train(plan_run(config, device="cpu"), run, "none", say=lines.append)
    assert result.steps == 5 and result.stopped is None and result.best_ap is None
    for what in ("checkpoint", "best weights", "predictions"):
        assert sum(f"warning: the {what} cannot be written now" in line for line in lines) == 5
    assert load_weights(run / "weights" / "last.safetensors").config.classes == ["컵"]


def test_other_processes_are_met_whether_or_not_a_checkpoint_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(tmp_path, epochs=1)
    met: list[str | None] = []
    monkeypatch.setattr(SingleDeviceStrategy, "barrier", lambda _self, name=None: met.append(name))
    counts = []
    for run in (tmp_path / "sound", tmp_path / "blocked"):
        met.clear()
        if run.name == "blocked":
            run.mkdir()
            (run / "checkpoints").write_text("in the way", encoding="utf-8")
        train(plan_run(config, device="cpu"), run, "none", say=lambda _line: None)
        assert (run / "checkpoints").is_dir() == (run.name == "sound")
        counts.append(len(met))
    assert counts[0] == counts[1] > 0


def test_metrics_wait_for_room_on_a_full_disk(tmp_path: Path) -> None:
    (logger,) = make_loggers([], tmp_path, "parts")
    (tmp_path / "metrics.csv").mkdir()
    logger.log_metrics({"loss/total": 1.0}, step=0)
    (tmp_path / "metrics.csv").rmdir()
    logger.log_metrics({"loss/total": 2.0}, step=1)
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["loss/total"] for row in csv.DictReader(stream)] == ["1.0", "2.0"]


def rows(run: Path) -> list[tuple[str, str, str]]:
    """Step, loss and metric of each row of a run's metrics."""
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["step"], row["loss/total"], row["val/mask_AP"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize("accumulate", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_run_goes_on_from_a_checkpoint_between_validations(
    accumulate: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(tmp_path, epochs=4 * accumulate)
    config.train.accumulate = accumulate
    undisturbed = train(plan_run(config, device="cpu"), tmp_path / "undisturbed", "none").run

    def fail(line: str) -> None:
        if "step 7 " in line:
            raise RuntimeError("a power cut")

    run = tmp_path / "run"
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    with pytest.raises(RuntimeError, match="a power cut"):
        train(plan_run(config, device="cpu"), run, "none", say=fail)
    found = find_checkpoint(run)
    assert found is not None and found[1]["global_step"] == 7  # validated after 6 and 8
    assert train(plan_run(config, device="cpu"), run, "none", resume=True).steps == 10
    assert same_weights(run, undisturbed)
    assert [row for row in rows(run) if row[0] != "6"] == [row for row in rows(undisturbed) if row[0] != "6"]


def start(words: list[str | Path]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "yolact_kit", *map(str, words), "--device", "cpu"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_step(process: subprocess.Popen[bytes], run: Path) -> None:
    """Waits until the process has taken a step of its own, or has ended."""
    log = run / "train.log"
    before = log.read_text(encoding="utf-8").count("step ") if log.is_file() else 0
    while process.poll() is None and (
        not log.is_file() or log.read_text(encoding="utf-8", errors="replace").count("step ") <= before
    ):
        time.sleep(0.02)


def wait_for_writing(process: subprocess.Popen[bytes], run: Path) -> None:
    """Waits until a checkpoint is being written."""
    while process.poll() is None and not list((run / "checkpoints").glob(".*.partial")):
        pass


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_run_that_is_killed_again_and_again_comes_to_the_same_weights(tmp_path: Path) -> None:
    config = make_config(tmp_path, epochs=60)
    file, run = tmp_path / "config.yaml", tmp_path / "run"
    save_config(config, file)
    draw = random.Random(5)
    process = start(["train", file, "--weights", "none", "--out", run])
    kills = 0
    for number in range(4):
        wait_for_step(process, run)
        if number % 2:
            wait_for_writing(process, run)
        else:
            time.sleep(draw.uniform(0, 3))
        kills += process.poll() is None
        process.kill()
        process.wait()
        process = start(["train", "--resume", run])
    assert process.wait(timeout=300) == 0
    assert kills >= 3
    undisturbed = tmp_path / "undisturbed"
    assert start(["train", file, "--weights", "none", "--out", undisturbed]).wait(timeout=300) == 0
    assert same_weights(run, undisturbed)
