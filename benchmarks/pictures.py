"""How fast are training pictures prepared, compared with the original on the same pictures?

Reads and augments training pictures at 550 px and makes their masks and tensors, on one thread. The ways take turns,
each in its own process; only the ratios within one run count, in pictures per second of processor time. The original
runs from a checkout; its choice from a ragged tuple, which today's NumPy refuses, is patched from outside. It decodes
every picture each time; ours is measured with and without its cache of decoded pictures.

Example: python benchmarks/pictures.py DATA --original CHECKOUT --repeats 5
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

SIZE = 550


def prepare_ours(data: Path, cached: bool, paper: bool) -> Callable[[int], object]:
    """Returns a function that makes the training picture with a given number."""
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.config.files import template
    from yolact_kit.datasets import torch_dataset

    dataset = load_dataset(data)
    config = template("yolact_resnet50").model_copy(update={"classes": dataset.classes})
    if paper:
        config.augment = config.augment.model_copy(update={"recipe": "paper"})
    assert config.model.input_size == SIZE
    if not cached:
        torch_dataset.CACHE_BYTES = 0
    pictures = torch_dataset.TrainingPictures(dataset.splits["train"], config)
    if cached:
        for index in range(len(pictures)):
            pictures[index]
    return lambda number: pictures[torch_dataset.Draw(number % len(pictures), number)]


def prepare_original(checkout: Path, data: Path) -> Callable[[int], object]:
    """The same for the original's data set and augmentation."""
    import numpy as np
    import torch

    torch.cuda.current_device = lambda: 0  # its modules ask for it on import
    torch.Tensor.cuda = lambda self, *_args, **_kwargs: self
    sys.path.insert(0, str(checkout.resolve()))
    import data as its_data
    from utils import augmentations

    info = data / "annotations" / "train.json"
    categories = json.loads(info.read_text(encoding="utf-8"))["categories"]
    its_data.set_cfg("yolact_resnet50_config")
    its_data.cfg.dataset.class_names = tuple(category["name"] for category in categories)
    its_data.cfg.dataset.label_map = None
    change = augmentations.SSDAugmentation(its_data.MEANS)
    for step in change.augment.transforms:
        if isinstance(step, augmentations.RandomSampleCrop):
            ragged = step.sample_options
            step.sample_options = np.empty(len(ragged), dtype=object)
            step.sample_options[:] = ragged
    pictures = its_data.COCODetection(str(data / "images"), str(info), transform=change)
    return lambda number: pictures[number % len(pictures)]


def measure(make: Callable[[int], object], seconds: float) -> dict[str, float]:
    """Pictures per second, and per second of processor time."""
    make(0)
    start, used, made = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < seconds:
        make(made)
        made += 1
    return {"a second": made / (time.perf_counter() - start), "a cpu second": made / (time.process_time() - used)}


def run_one(way: str, options: argparse.Namespace) -> int:
    """Measures one way in this process and prints it."""
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if way == "original":
        make = prepare_original(options.original, options.data)
    else:
        make = prepare_ours(options.data, "cached" in way, "paper" in way)
    print("\n" + json.dumps(measure(make, options.seconds)))
    return 0


def compare(ways: list[str]) -> dict[str, list[dict[str, float]]]:
    """Measures every way in turn, several times."""
    rows: dict[str, list[dict[str, float]]] = {}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for way in ways:
        command = [sys.executable, *sys.argv, "--way", way]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        rows.setdefault(way, []).append(json.loads(done.stdout.splitlines()[-1]))
        print(way, rows[way][-1], file=sys.stderr)
    return rows


def table(rows: dict[str, list[dict[str, float]]]) -> Table:
    """Medians, and the medians of the ratios to the first way."""
    shown = Table(title=f"Training pictures at {SIZE} px on one thread")
    for column in ("", "a second", "a cpu second", "times the first"):
        shown.add_column(column, justify="right" if column else "left")
    first = next(iter(rows.values()))
    for way, runs in rows.items():
        values = [statistics.median(run[key] for run in runs) for key in ("a second", "a cpu second")]
        ratio = statistics.median(
            run["a cpu second"] / one["a cpu second"] for run, one in zip(runs, first, strict=True)
        )
        shown.add_row(way, *(f"{value:.1f}" for value in values), f"{ratio:.2f}")
    return shown


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="data set folder that `convert` wrote")
    parser.add_argument("--original", type=Path, help="checkout of the original; without it only ours is measured")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each way")
    parser.add_argument("--seconds", type=float, default=10, help="how long a run is")
    parser.add_argument("--out", type=Path, default=Path("runs/pictures.json"))
    parser.add_argument("--way", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        return run_one(options.way, options)
    ways = [*(["original"] if options.original else []), "ours", "ours, paper", "ours, cached", "ours, paper, cached"]
    rows = compare(ways * options.repeats)
    Console().print(table(rows))
    machine = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
