"""Predictions corrected in labelme and trained on: each step by the real command, each file read by labelme itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.end_to_end.conftest import SHORT, SMALL, Way
from tests.programs import require_program, yolact_kit
from yolact_kit import load_dataset
from yolact_kit.models.weights import load_weights, save_weights
from yolact_kit.models.yolact import YolactNetwork

READER = """
import json, sys
try:
    from labelme._label_file import read_label_file as read
except ImportError:
    from labelme.label_file import LabelFile as read
for path in sys.argv[1:]:
    data = read(filename=path)
    print(json.dumps([[shape["label"], shape["shape_type"], len(shape["points"])] for shape in data.shapes]))
"""


def read_by_labelme(files: list[Path]) -> list[list]:
    """The shapes of files as labelme's own reader finds them, with the pictures that they name."""
    require_program("labelme")
    command = [sys.executable, "-c", READER, *map(str, files)]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def weights_that_find(run: Path, to: Path) -> Path:
    """Weights of a run's model as chance has them: after its few steps nothing would be found, with these much is."""
    config = load_weights(run / "weights" / "last.safetensors").config
    torch.manual_seed(0)
    model = YolactNetwork(config.model, len(config.classes))
    with torch.no_grad():
        model.head.score.weight.mul_(30)
    save_weights(to, model, config)
    return to


def correct(file: Path, labels: list[str]) -> list[list]:
    """What a person does: one wrong name, one object that is none, one corner moved, one object that was missed."""
    document = json.loads(file.read_text(encoding="utf-8"))
    wrong, _, *rest = document["shapes"]
    wrong["label"] = labels[(labels.index(wrong["label"]) + 1) % len(labels)]
    rest[0]["points"][0][0] += 2.5
    missed = {"label": labels[0], "points": [[20, 20], [120, 30], [90, 110]], "shape_type": "polygon", "flags": {}}
    document["shapes"] = [wrong, *rest, {**missed, "group_id": None, "description": "", "mask": None}]
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return [[shape["label"], shape["shape_type"], len(shape["points"])] for shape in document["shapes"]]


@pytest.mark.slow
def test_predict_correct_convert_and_train_from_the_last_weights(way: Way, tmp_path: Path) -> None:
    def run(*words: str | Path) -> str:
        done = yolact_kit(*words, cwd=tmp_path)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    labels = load_dataset(way.data).classes
    last = weights_that_find(way.run, tmp_path / "last.safetensors")
    run(
        "predict", last, way.root / "new", "--out", "found", "--format", "labelme,coco", "--score", "0",
        "--top-k", "6", "--only-uncertain", "2",
    )  # fmt: skip
    files = sorted((tmp_path / "found" / "labelme").rglob("*.json"))
    assert len(files) == 2
    written = [json.loads(file.read_text(encoding="utf-8"))["shapes"] for file in files]
    as_written = [[[one["label"], one["shape_type"], len(one["points"])] for one in shapes] for shapes in written]
    assert read_by_labelme(files) == as_written and min(map(len, written)) >= 3
    corrected = [correct(file, labels) for file in files]
    assert read_by_labelme(files) == corrected
    # Predicting again leaves alone what a person has saved.
    run("predict", last, way.root / "new", "--out", "found", "--format", "labelme", "--score", "0", "--overwrite")
    assert read_by_labelme(files) == corrected
    classes = ",".join(labels)
    run("convert", "found/labelme", "data2", "--pictures", way.root / "new", "--classes", classes, "--val", "0.5")
    pictures = [one for split in load_dataset(tmp_path / "data2").splits.values() for one in split]
    assert load_dataset(tmp_path / "data2").classes == labels and len(pictures) == 2
    run("config", "data2", "--model", "yolact_nano", "--out", "config.yaml")
    printed = run("train", "config.yaml", "--weights", last, "--out", "run2", *SHORT, *SMALL)
    assert "last.safetensors" in printed
    assert (tmp_path / "run2" / "weights" / "last.safetensors").stat().st_size > 0
    run("predict", "run2", way.root / "new", "--out", "again", "--format", "coco", "--score", "0")
