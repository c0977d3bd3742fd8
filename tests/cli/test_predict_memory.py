from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from yolact_kit.config.schema import Config, ModelConfig
from yolact_kit.models.weights import save_weights
from yolact_kit.models.yolact import YolactNetwork

LIMIT = 1500
"""Megabytes, of the whole process: PyTorch, the model, the picture, and everything that is drawn and written."""

PROGRAM = """
import sys
from pathlib import Path
from yolact_kit.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read as Linux tells it")
def test_a_hundred_objects_in_twelve_megapixels(tmp_path: Path) -> None:
    config = Config(classes=["컵", "plate"], model=ModelConfig())
    torch.manual_seed(0)
    model = YolactNetwork(config.model, 2)
    with torch.no_grad():
        model.head.score.weight.mul_(30)
    save_weights(tmp_path / "model.safetensors", model, config)
    rough = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(rough).resize((4000, 3000), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg")
    formats = "coco,labelme,csv,png,cutouts,overlay"
    words = ["model.safetensors", "large.jpg", "--score", "0", "--top-k", "150", "--format", formats, "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "predict", *words, "--out", "out"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))["annotations"]
    assert len(found) >= 100 and np.mean([one["area"] for one in found]) > 20_000
    assert int(done.stdout) <= LIMIT, f"{done.stdout.strip()} MB"
