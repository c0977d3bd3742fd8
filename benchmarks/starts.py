"""How much does a start help? Mask, box and boundary AP after some minutes of training, from different weights.

Every way of training gets the same splits, seeds, minutes and pictures held back; each seed is a new split and a new
training. The last weights are measured, with `yolact-kit evaluate`. With `--cores 0 1` two trainings run beside each
other, each on a core of its own with one thread; without, they run one after the other on all cores. Prints a line
after each training and a table at the end, and writes JSON after each training.

For a processor that has AVX2 only, set `ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2`.

Example: python benchmarks/starts.py fruit=LABELS --way starter model.weights=starter --way imagenet \
model.weights=imagenet --time 3m --seeds 0 1 2 --cores 0 1
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from small_set import curve, last_step

FIGURES = ("mask AP", "mask AP50", "box AP", "boundary AP")


def kit(core: int | None, *arguments: str | Path) -> str:
    """Runs yolact-kit, on one core if one is named, and returns its standard output."""
    command = [sys.executable, "-m", "yolact_kit", *map(str, arguments)]
    environment = dict(os.environ)
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
        environment["OMP_NUM_THREADS"] = "1"
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    return ended.stdout


def trial(data: Path, folder: Path, seed: int, settings: list[str], time: str, core: int | None) -> dict[str, Any]:
    """Figures of one training."""
    config, result = folder / "config.yaml", folder / "run"
    model = next((word.partition("=")[2] for word in settings if word.startswith("model.name=")), "yolact_nano")
    kit(core, "config", data, "--model", model, "--out", config, "--quiet")
    chosen = [word for word in [f"train.seed={seed}", *settings] if not word.startswith("model.name=")]
    kit(core, "train", config, "--time", time, "--out", result, *(part for word in chosen for part in ("--set", word)))
    weights = result / "weights" / "last.safetensors"
    metrics = json.loads(kit(core, "evaluate", weights, data, "--json", "--quiet", "--out", folder / "evaluation"))
    boundary = metrics["boundary"]
    return {
        "steps": last_step(result),
        "mask AP": metrics["mask"]["AP"],
        "mask AP50": metrics["mask"]["AP50"],
        "box AP": metrics["box"]["AP"],
        "boundary AP": boundary["AP"],
        "curve": curve(result),
    }


def table(rows: list[dict[str, Any]]) -> Table:
    """A row for each set and way: mask AP of each seed, and the means of all figures."""
    shown = Table()
    for column in ("set", "way", "steps", "mask AP of each seed", *FIGURES):
        shown.add_column(column)
    for name, way in dict.fromkeys((row["set"], row["way"]) for row in rows):
        own = sorted((row for row in rows if (row["set"], row["way"]) == (name, way)), key=lambda row: row["seed"])
        means = [f"{statistics.mean(row[figure] for row in own):.3f}" for figure in FIGURES]
        steps = " ".join(str(row["steps"]) for row in own)
        shown.add_row(name, way, steps, " ".join(f"{row['mask AP']:.3f}" for row in own), *means)
    return shown


def arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="NAME=LABELS, as `yolact-kit convert` reads them; or a data set folder")
    parser.add_argument("--way", dest="ways", action="append", nargs="+", required=True, metavar="NAME SETTING")
    parser.add_argument("--time", default="3m")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--val", default="0.22", help="share of the pictures held back")
    parser.add_argument("--convert", dest="options", action="append", default=[], help="NAME=words for `convert`")
    parser.add_argument("--cores", type=int, nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    """Trains, prints, writes."""
    options = arguments()
    words = dict(word.partition("=")[::2] for word in options.options)
    cores: queue.Queue[int | None] = queue.Queue()
    for core in options.cores or [None]:
        cores.put(core)
    rows: list[dict[str, Any]] = []
    lock = threading.Lock()

    with tempfile.TemporaryDirectory() as temporary:

        def run(name: str, labels: str, seed: int, way: list[str]) -> None:
            """One training, on the core that is free."""
            folder = Path(temporary) / f"{name}-{seed}-{way[0]}"
            folder.mkdir()
            core = cores.get()
            try:
                convert = ["convert", labels, folder / "data", "--val", options.val, "--seed", str(seed), "--quiet"]
                kit(core, *convert, *words.get(name, "").split())
                row = trial(folder / "data", folder, seed, way[1:], options.time, core)
            finally:
                cores.put(core)
            with lock:
                rows.append({"set": name, "way": way[0], "seed": seed, **row})
                shown = "  ".join(f"{figure} {row[figure]:.3f}" for figure in FIGURES)
                print(f"{name}, seed {seed}, {way[0]}: {row['steps']} steps  {shown}", flush=True)
                if options.json:
                    settings = {way[0]: way[1:] for way in options.ways}
                    document = {"machine": platform.processor() or platform.machine(), "time": options.time}
                    options.json.write_text(json.dumps({**document, "ways": settings, "rows": rows}, indent=1))

        with ThreadPoolExecutor(len(options.cores) or 1) as pool:
            jobs = []
            for seed in options.seeds:
                for name, labels in (word.partition("=")[::2] for word in options.sets):
                    jobs += [pool.submit(run, name, labels, seed, way) for way in options.ways]
            for job in jobs:
                job.result()
    Console(width=160).print(table(rows))


if __name__ == "__main__":
    main()
