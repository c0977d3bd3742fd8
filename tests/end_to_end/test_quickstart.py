"""What the quickstart promises: a model that finds the parts, in six minutes."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.programs import yolact_kit
from yolact_kit import load_dataset

OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "CUDA_VISIBLE_DEVICES": ""}


def check_outputs(out: Path, printed: str) -> None:
    """Every step has left its files, and what is named at the end is there."""
    splits = load_dataset(out / "data").splits
    assert min(len(splits[name]) for name in ("train", "val", "test")) >= 5
    document = json.loads((out / "predictions" / "predictions.json").read_text(encoding="utf-8"))
    assert sorted(image["file_name"] for image in document["images"]) == sorted(p.file for p in splits["test"])
    named = [Path(path) for path in re.findall(r"^ {2}(\S.*\.jpg)$", printed, re.MULTILINE)]
    assert len(named) == len(splits["test"]) + 1
    for path in named:
        assert Image.open(path).width > 1200
    commands = re.findall(r"^ {2}\$ yolact-kit (.*)$", printed, re.MULTILINE)
    steps = [shlex.split(command)[0] for command in commands]
    assert steps == ["convert", "validate", "config", "train", "evaluate", "predict", "predict", "guide"]


def test_the_whole_way_in_a_few_seconds_of_training_without_a_network(tmp_path: Path) -> None:
    out = tmp_path / "빠른 시작"
    done = yolact_kit("quickstart", "--out", out, "--time", "8s", cwd=tmp_path, env=OFFLINE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    check_outputs(out, done.stderr)
    again = yolact_kit("quickstart", "--out", out, "--time", "8s", cwd=tmp_path)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


@pytest.mark.slow
def test_four_minutes_of_training_find_the_parts_within_six_minutes(tmp_path: Path) -> None:
    out = tmp_path / "quickstart"
    start = time.monotonic()
    done = yolact_kit("quickstart", "--out", out, cwd=tmp_path, env=OFFLINE, timeout=900)
    seconds = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    check_outputs(out, done.stderr)
    metrics = json.loads((out / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    log = (out / "run" / "train.log").read_text(encoding="utf-8")
    steps = int(re.findall(r"validation after (\d+) steps", log)[-1])
    print(f"quickstart on {os.cpu_count()} cores: {seconds:.0f} s, {steps} steps, mask {metrics['mask']}")
    assert metrics["mask"]["AP50"] >= 0.80, f"{steps} steps; two free cores take about 500 in four minutes"
    assert seconds <= 360
