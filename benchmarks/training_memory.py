"""Does training use more and more memory? Memory of `yolact-kit train` over 1,000 steps on the CPU.

Trains on a data set, with validations, checkpoints and drawn predictions, and reads the memory of the process four
times a second. At first, pictures grow from half the input size to all of it; after that, the peak of each hundred
steps should stay the same. Prints a table and writes JSON. Needs Linux.

Example: python benchmarks/training_memory.py DATA --steps 1000
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from against_others import kit, read_truth
from data import held
from kills import taken
from rich.console import Console
from rich.table import Table

EVERY = 100
"""Steps of a row."""


def watch(words: list[str | Path], run: Path) -> dict[int, float]:
    """Peak memory of the process in each hundred steps, in megabytes."""
    command = [sys.executable, "-m", "yolact_kit", "train", *map(str, words), "--out", str(run), "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks: dict[int, float] = {}
    while process.poll() is None:
        step = taken(run)
        if step:
            peaks[step // EVERY] = max(peaks.get(step // EVERY, 0.0), held(process.pid) / 1024)
        time.sleep(0.25)
    if process.wait() != 0:
        raise SystemExit(f"training ended with {process.returncode}")
    return peaks


def main() -> int:
    """Trains, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="data set folder that `yolact-kit convert` wrote")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--out", type=Path, default=Path("runs/training_memory.json"))
    options = parser.parse_args()
    count = len(read_truth(options.data, "train")["images"])
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "config.yaml"
        kit("config", options.data, "--model", "yolact_nano", "--out", config, "--quiet")
        settings = {
            "model.input_size": options.size,
            "train.batch_size": 4,
            "train.epochs": math.ceil(options.steps * 4 / count),
            "train.full_size_from": 0.2,
            "train.validate_every": math.ceil(EVERY * 4 / count),
        }
        chosen = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        peaks = watch([config, "--weights", "none", *chosen], Path(place) / "run")
    table = Table(title=f"yolact_nano, {options.size} px, 4 pictures a step, a validation in a hundred steps")
    for column in ("steps", "peak MB"):
        table.add_column(column, justify="right")
    for row, peak in sorted(peaks.items()):
        table.add_row(f"{row * EVERY} to {(row + 1) * EVERY}", f"{peak:.0f}")
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    document = {"size": options.size, "cores": os.cpu_count(), "peaks": peaks}
    options.out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
