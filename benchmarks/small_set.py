"""How well does the CPU preset learn a few real photos from scratch in a few minutes?

Splits labelled photos with several seeds, trains each split with `yolact-kit train`, and measures the last and the best
weights on the photos held back. These are the validation photos, so the best weights were chosen on the photos that
measure them; the last weights were not.

    python benchmarks/small_set.py LABELS --seeds 0 1 2 --time 4m --json table.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def run(*arguments: str | Path) -> str:
    """Runs yolact-kit and returns what it printed on standard output."""
    command = [sys.executable, "-m", "yolact_kit", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout


def trial(labels: Path, folder: Path, seed: int, minutes: str, settings: list[str], val: float) -> dict[str, Any]:
    """Metrics of one split and one training."""
    data, config, result = folder / "data", folder / "config.yaml", folder / "run"
    run("convert", labels, data, "--val", str(val), "--seed", str(seed), "--quiet")
    run("config", data, "--model", "yolact_nano", "--out", config, "--quiet")
    chosen = [word for setting in [f"train.seed={seed}", *settings] for word in ("--set", setting)]
    started = time.perf_counter()
    run("train", config, "--weights", "none", "--time", minutes, "--out", result, *chosen)
    seconds = time.perf_counter() - started
    row: dict[str, Any] = {"seed": seed, "seconds": round(seconds, 1), "steps": last_step(result)}
    for which in ("last", "best"):
        weights = result / "weights" / f"{which}.safetensors"
        scores = json.loads(run("evaluate", weights, data, "--json", "--quiet", "--out", folder / which))
        row[which] = {kind: {name: scores[kind][name] for name in ("AP", "AP50")} for kind in ("mask", "box")}
    row["curve"] = curve(result)
    return row


def last_step(result: Path) -> int:
    """Number of training steps, from the run's metrics."""
    return max(int(row["step"]) for row in rows(result)) + 1


def curve(result: Path) -> list[tuple[int, float]]:
    """Step and mask AP50 of each validation."""
    return [(int(row["step"]) + 1, float(row["val/mask_AP50"])) for row in rows(result) if row["val/mask_AP50"]]


def rows(result: Path) -> list[dict[str, str]]:
    """Lines of ``metrics.csv``."""
    import csv

    with (result / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--time", default="4m")
    parser.add_argument("--val", type=float, default=0.2)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            place = Path(folder) / str(seed)
            place.mkdir()
            row = trial(options.labels, place, seed, options.time, options.settings, options.val)
            table.append(row)
            scores = "  ".join(
                f"{which} AP {row[which]['mask']['AP']:.3f} AP50 {row[which]['mask']['AP50']:.3f}"
                for which in ("last", "best")
            )
            print(
                f"seed {seed}  {row['steps']} steps  {row['seconds']:.0f} s  {scores}  curve {row['curve']}", flush=True
            )
    means = {name: statistics.mean(row["last"]["mask"][name] for row in table) for name in ("AP", "AP50")}
    print(f"mean of the last weights: mask AP {means['AP']:.3f}, AP50 {means['AP50']:.3f}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if options.json:
        options.json.write_text(json.dumps({"table": table, "mean": means}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
