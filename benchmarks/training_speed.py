"""Training pictures per second, ours and the original's, with ResNet-50 at 550 px, and how long the model waits.

Each system trains from scratch in its own process, one after the other, on one CPU thread: steps of the same size on
the same pictures, of which the first ones are not counted. Ours runs in Lightning's loop as `yolact-kit train` does,
with SGD like the original. Time is processor time, since other programs may be running too. `waits` is the share of a
step spent waiting for its pictures to be read and augmented; neither uses processes that load pictures. Prints a table
and writes JSON.

Example: python benchmarks/training_speed.py DATA --original CHECKOUT --batch 8 --steps 2
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

import lightning
import torch
from rich.console import Console
from rich.table import Table

PRECISIONS = {"ours": "32-true", "ours-bf16": "bf16-mixed", "ours-compiled": "32-true"}

Step = dict[str, float]


class Clock(lightning.Callback):
    """Times the steps of Lightning's loop."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.marks = (time.perf_counter(), time.process_time())
        self.waited = 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        """Notes the time at which the batch is ready."""
        self.waited = time.process_time() - self.marks[1]

    def on_train_batch_end(self, *_: Any) -> None:
        """Notes the time at the end of the step."""
        now = time.perf_counter(), time.process_time()
        used = now[1] - self.marks[1]
        self.steps.append({"seconds": now[0] - self.marks[0], "processor": used, "waited": self.waited})
        self.marks = now


def ours(options: argparse.Namespace) -> list[Step]:
    """Steps of the toolkit."""
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.config.files import template
    from yolact_kit.memory import keep_freed_memory
    from yolact_kit.models.yolact import YolactNetwork
    from yolact_kit.training.convolutions import speed_up_gradients, weights_learn_slowly
    from yolact_kit.training.data import DataModule
    from yolact_kit.training.module import TrainingModule
    from yolact_kit.training.schedule import Budget

    keep_freed_memory()
    dataset = load_dataset(options.data)
    config = template(options.model)
    config.classes = dataset.classes
    config.model.input_size = options.size
    config.train = config.train.model_copy(
        update={
            "batch_size": options.batch,
            "optimizer": "sgd",
            "workers": 0,
            "start_size": 1.0,
            "compile": options.only == "ours-compiled",
        }
    )
    model = YolactNetwork(config.model, len(config.classes)).to(memory_format=torch.channels_last)
    if weights_learn_slowly(torch.device("cpu"), PRECISIONS[options.only]):
        speed_up_gradients(model)
    clock = Clock()
    trainer = lightning.Trainer(
        accelerator="cpu",
        precision=PRECISIONS[options.only],
        max_steps=options.warm + options.steps,
        limit_val_batches=0,
        logger=False,
        callbacks=[clock],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = DataModule(dataset, config, torch.device("cpu"))
    trainer.fit(TrainingModule(model, config, Budget(steps=1000)), data)
    return clock.steps


def original(options: argparse.Namespace) -> list[Step]:
    """Steps of the original."""
    from original import Original

    network = Original(options.original, options.data, options.size, options.batch)
    batches, steps = network.batches(), []
    for _ in range(options.warm + options.steps):
        wall, processor = time.perf_counter(), time.process_time()
        batch = next(batches)
        waited = time.process_time() - processor
        network.step(batch)
        used = time.process_time() - processor
        steps.append({"seconds": time.perf_counter() - wall, "processor": used, "waited": waited})
    return steps


def measure(name: str, words: list[str]) -> list[Step]:
    """Steps of a system, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "steps.json"
        command = [sys.executable, __file__, *words, "--only", name, "--out", str(out)]
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
        if ended.returncode != 0:
            raise SystemExit(f"{name} ended with {ended.returncode}:\n{ended.stdout[-3000:]}")
        steps: list[Step] = json.loads(out.read_text(encoding="utf-8"))
    return steps


def table(rows: dict[str, list[Step]], options: argparse.Namespace) -> Table:
    """Medians of the steps, and ratios to the first system."""
    shown = Table(title=f"{options.model}, {options.size} px, {options.batch} pictures a step, {options.steps} steps")
    for column in ("", "s a step", "processor s", "pictures a processor s", "waits", "times as fast"):
        shown.add_column(column, justify="right" if column else "left")
    first = None
    for name, steps in rows.items():
        wall, used, waited = (
            statistics.median(step[key] for step in steps) for key in ("seconds", "processor", "waited")
        )
        first = first or used
        cells = [
            f"{wall:.2f}",
            f"{used:.2f}",
            f"{options.batch / used:.3f}",
            f"{waited / used:.1%}",
            f"{first / used:.2f}",
        ]
        shown.add_row(name, *cells)
    return shown


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="data set folder that `yolact-kit convert` wrote")
    parser.add_argument("--original", type=Path, help="checkout of the original; without it the original is left out")
    parser.add_argument("--model", default="yolact_resnet50", help="our preset; the original's is yolact_resnet50")
    parser.add_argument("--size", type=int, default=550)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--warm", type=int, default=1, help="steps that are not counted")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--bf16", action="store_true", help="measure ours in bf16 as well")
    parser.add_argument("--compile", action="store_true", help="measure ours compiled as well")
    parser.add_argument("--only", choices=["original", *PRECISIONS], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path("runs/training_speed.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.only:
        steps = (original if options.only == "original" else ours)(options)[options.warm :]
        options.out.write_text(json.dumps(steps), encoding="utf-8")
        return 0
    chosen = {"original": options.original, "ours": True, "ours-bf16": options.bf16, "ours-compiled": options.compile}
    wanted = [name for name, is_wanted in chosen.items() if is_wanted]
    rows = {name: measure(name, sys.argv[1:]) for name in wanted}
    Console().print(table(rows, options))
    machine = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "size": options.size, "batch": options.batch, "rows": rows}
    options.out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
