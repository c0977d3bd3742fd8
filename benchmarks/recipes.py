"""Which recipe learns more? Mask AP of `yolact_nano` from scratch, with different settings.

Each recipe trains on the same splits with the same seeds, on one thread, for the same number of steps or the same
processor time (not wall-clock time, since the machine may be busy with other things). Its last weights are measured on
the pictures held back. Other programs that use the caches change the number of steps in that time: use `--steps` if the
steps of all settings cost the same. Each seed is a new split and a new training. Prints a table: the mean over the
seeds, and the mean difference from the first recipe with its standard deviation.

Example: python benchmarks/recipes.py LABELS --recipe model.norm=none --recipe model.norm=group --seconds 90
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import override
from yolact_kit.planning.plan import plan
from yolact_kit.training import callbacks, schedule
from yolact_kit.training.plan import plan_run
from yolact_kit.training.schedule import Budget
from yolact_kit.training.trainer import train


def trial(data: Path, out: Path, seed: int, settings: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Metrics of one training."""
    common = [f"train.seed={seed}", "train.progress_pictures=0", "model.weights=none"]
    config = plan(load_dataset(data), "yolact_nano", options.size).config
    made = plan_run(override(config, [*common, *settings]), options.seconds)
    if options.steps:
        made.budget = Budget(steps=options.steps)
    result = train(made, out)
    scores = {f"{kind} {name}": result.metrics[kind][name] for kind in ("mask", "box") for name in ("AP", "AP50")}
    return {"seed": seed, "settings": settings, "steps": result.steps, **scores}


def table(rows: list[dict[str, Any]], title: str) -> Table:
    """A row for each recipe."""
    shown = Table(title=title)
    for column in ("", "steps", "mask AP of each seed", "mean", "difference", "box AP"):
        shown.add_column(column)
    recipes = list(dict.fromkeys(" ".join(row["settings"]) for row in rows))
    found = {name: [row for row in rows if " ".join(row["settings"]) == name] for name in recipes}
    first = {row["seed"]: row["mask AP"] for row in found[recipes[0]]}
    for name, own in found.items():
        values = [row["mask AP"] for row in own]
        apart = [row["mask AP"] - first[row["seed"]] for row in own if row["seed"] in first]
        spread = f" ± {statistics.stdev(apart):.3f}" if len(apart) > 1 else ""
        shown.add_row(
            name or "as planned",
            " ".join(str(row["steps"]) for row in own),
            " ".join(f"{value:.3f}" for value in values),
            f"{statistics.mean(values):.3f}",
            f"{statistics.mean(apart):+.3f}{spread}" if apart and name != recipes[0] else "",
            f"{statistics.mean(row['box AP'] for row in own):.3f}",
        )
    return shown


def main() -> int:
    """Trains, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="labelled pictures, as `yolact-kit convert` reads them")
    parser.add_argument(
        "--recipe", dest="recipes", action="append", required=True, help="settings: 'a.b=c d.e=f', or '' for the preset"
    )
    parser.add_argument("--seconds", type=float, help="seconds of processor for each training")
    parser.add_argument("--steps", type=int, help="steps of each training, instead")
    parser.add_argument("--size", type=int, help="side of the pictures in pixels; the preset's by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--val", type=float, default=0.2)
    parser.add_argument("--out", type=Path, default=Path("runs/recipes.json"))
    options = parser.parse_args()
    if (options.seconds is None) == (options.steps is None):
        parser.error("give either --seconds or --steps")
    torch.set_num_threads(1)
    # The clock of training measures processor time here.
    schedule.time = callbacks.time = SimpleNamespace(monotonic=time.process_time)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as place:
            data = Path(place) / "data"
            split = ["--val", str(options.val), "--seed", str(seed), "--quiet"]
            subprocess.run([sys.executable, "-m", "yolact_kit", "convert", options.labels, data, *split], check=True)
            for number, recipe in enumerate(options.recipes):
                rows.append(trial(data, Path(place) / str(number), seed, recipe.split(), options))
                print(rows[-1], flush=True)
                options.out.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    Console().print(table(rows, options.labels.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
