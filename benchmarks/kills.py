"""Does a run that is killed again and again get the same weights as one that was never interrupted?

Trains with `yolact-kit train`, in epochs, on the CPU, on one thread; kills the process (SIGKILL) at random moments and
resumes each time. Then it trains the same run without interruption and compares the weights bit for bit. Prints a table
and writes JSON.

Example: python benchmarks/kills.py DATA --kills 10
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from against_others import kit
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file
from small_set import last_step

SETTINGS = {
    "model.input_size": 96,
    "model.backbone": "mobilenet_v3_small",
    "train.precision": "32-true",
    "train.validate_every": 2,
    "train.progress_pictures": 0,
}


def start(words: list[str | Path]) -> subprocess.Popen[bytes]:
    """Starts training."""
    command = [sys.executable, "-m", "yolact_kit", "train", *map(str, words), "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def disturb(process: subprocess.Popen[bytes], run: Path, seconds: float) -> dict[str, Any] | None:
    """Kills a process after some seconds; None if it has ended by then."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        half = len(list(run.glob("*/.*.partial")))
        return {"seconds": seconds, "step": taken(run), "half-written files": half}
    return None


def taken(run: Path) -> int:
    """The last step in the metrics that the process has written, from 1; 0 for none."""
    try:
        return last_step(run)
    except (OSError, ValueError, KeyError):
        return 0


def main() -> int:
    """Kills, resumes, compares, prints, writes; 1 if the weights differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="data set folder that `yolact-kit convert` wrote")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest", type=float, default=16, help="seconds before a kill, at the most")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=Path("runs/kills.json"))
    options = parser.parse_args()
    draw, kills = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config, run, calm = folder / "config.yaml", folder / "run", folder / "calm"
        kit("config", options.data, "--model", "yolact_nano", "--out", config, "--quiet")
        chosen = {**SETTINGS, "train.epochs": options.epochs}
        words = [
            config,
            "--weights",
            "none",
            *(w for key, value in chosen.items() for w in ("--set", f"{key}={value}")),
        ]
        begin = [*words, "--out", run]
        process = start(begin)
        while len(kills) < options.kills:
            kill = disturb(process, run, draw.uniform(0, options.longest))
            if kill is None:
                break
            kills.append(kill)
            print(kill, flush=True)
            # A run that was killed before it wrote its configuration cannot be resumed.
            process = start(["--resume", run] if (run / "config.yaml").is_file() else begin)
        process.wait()
        start([*words, "--out", calm]).wait()
        ours, theirs = (load_file(at / "weights" / "last.safetensors") for at in (run, calm))
        same = ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
        steps = taken(run), taken(calm)
    table = Table(title=f"{len(kills)} kills, {steps[0]} steps; undisturbed {steps[1]} steps")
    for column in ("seconds after the start", "last step noted", "half-written files"):
        table.add_column(column, justify="right")
    for kill in kills:
        table.add_row(f"{kill['seconds']:.1f}", str(kill["step"]), str(kill["half-written files"]))
    Console().print(table)
    print(f"{len(ours)} tensors of the last weights are {'equal bit for bit' if same else 'DIFFERENT'}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"same": same, "steps": steps, "kills": kills}, indent=2), encoding="utf-8")
    return int(not same or len(kills) < options.kills)


if __name__ == "__main__":
    sys.exit(main())
