"""Ctrl-C in the middle of a training keeps what is done, and the training can go on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Way
from tests.programs import yolact_kit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a child process on POSIX only")


def rows_written(run: Path) -> int:
    file = run / "metrics.csv"
    return max(0, len(file.read_text(encoding="utf-8").splitlines()) - 1) if file.is_file() else 0


@pytest.mark.slow
def test_ctrl_c_keeps_the_weights_and_resume_goes_on(way: Way, tmp_path: Path, repository: Path) -> None:
    run = tmp_path / "run"
    sets = ["--set", "model.input_size=128", "--set", "train.workers=0", "--set", "train.epochs=400"]
    command = [sys.executable, "-m", "yolact_kit", "train", str(way.root / "config.yaml"), "--weights", "none"]
    process = subprocess.Popen(
        [*command, "--out", str(run), *sets],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        deadline = time.monotonic() + 120
        while rows_written(run) < 3:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "no step was logged"
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, printed
    assert "Traceback" not in printed
    assert (run / "weights" / "last.safetensors").is_file()
    assert (run / "checkpoints" / "last.ckpt").is_file()
    done = yolact_kit("evaluate", run, way.data, "--out", tmp_path / "measured", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    before = rows_written(run)
    again = yolact_kit("train", way.root / "config.yaml", "--resume", run, "--time", "5s", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert rows_written(run) > before
