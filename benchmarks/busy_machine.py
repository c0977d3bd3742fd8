"""How much slower are training, `predict`, `evaluate` and `convert` beside programs that keep every core busy?

Each command runs alone, beside one busy program of lowest priority on each core, and beside one of normal priority.
Training goes on for a fixed time, and its steps are counted; of the others the whole command is timed. `auto` is as
yolact-kit is by itself. With `--threads 1 2`, training also runs with these fixed numbers of threads, to see what the
choice is worth. The rows of a repetition alternate, so that what else the machine does meets all of them. Prints a
table and writes JSON.

Example: python benchmarks/busy_machine.py LABELS --seconds 20 --repeats 2 --threads 1 2
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from yolact_kit.cores import usable_cores

NEIGHBOURS = {"alone": None, "beside lowest priority": 19, "beside normal priority": 0}
_BUSY = "while True: pass"
_COPIES = 12
"""Copies of the pictures that `predict` and `convert` work on, so that starting the program counts little."""


@contextmanager
def busy_programs(niceness: int | None) -> Iterator[None]:
    """Runs a program that never rests for each core; None for no program."""
    count = 0 if niceness is None else usable_cores()
    command = ["nice", "-n", str(niceness), sys.executable, "-c", _BUSY]
    programs = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def yolact_kit(*words: object) -> float:
    """Runs a command, with the variables for threads unset; returns its seconds."""
    unset = {"OMP_WAIT_POLICY", "OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    started = time.perf_counter()
    command = [sys.executable, "-m", "yolact_kit", *map(str, words), "--quiet"]
    subprocess.run(command, check=True, env=environment)
    return time.perf_counter() - started


@dataclass
class Workplace:
    """A data set, a configuration and a trained run, in a temporary folder.

    Attributes:
        labels: The labels and pictures that `convert` reads.
        folder: Where everything is written.
        seconds: How long training goes on.
        threads: Fixed numbers of threads that training is tried with besides ``auto``.
    """

    labels: Path
    folder: Path
    seconds: int
    threads: list[int] = field(default_factory=list)

    def prepare(self) -> None:
        """Converts, plans and trains once, and copies the pictures and labels."""
        yolact_kit("convert", self.labels, self.folder / "data", "--val", 0.2)
        yolact_kit("config", self.folder / "data", "--model", "yolact_nano", "--out", self.folder / "config.yaml")
        self.steps("auto", "first")
        for copy in range(_COPIES):
            shutil.copytree(self.labels, self.folder / "labels" / str(copy))

    def steps(self, threads: str, run: str) -> float:
        """Steps of a training."""
        out = self.folder / run
        words = ("train", self.folder / "config.yaml", "--weights", "none", "--set", f"train.threads={threads}")
        yolact_kit(*words, "--time", f"{self.seconds}s", "--out", out)
        with (out / "metrics.csv").open(encoding="utf-8") as file:
            return float(sum(1 for row in csv.DictReader(file) if row.get("loss/total")))

    def speeds(self, name: str) -> dict[str, float]:
        """Steps of training, and the inverse seconds of the other commands; the larger the better.

        Args:
            name: A name for the folders that are written.
        """
        run, labels, data = self.folder / "first", self.folder / "labels", self.folder / "data"
        speeds = {"train": self.steps("auto", f"train-{name}")}
        for threads in self.threads:
            speeds[f"train, threads {threads}"] = self.steps(str(threads), f"train-{threads}-{name}")
        predict = ("predict", run, labels, "--out", self.folder / f"predict-{name}", "--format", "coco")
        speeds["predict"] = 1 / yolact_kit(*predict)
        evaluate = ("evaluate", run, data, "--split", "train", "--out", self.folder / f"evaluate-{name}")
        speeds["evaluate"] = 1 / yolact_kit(*evaluate)
        speeds["convert"] = 1 / yolact_kit("convert", labels, self.folder / f"convert-{name}")
        return speeds


def measure(workplace: Workplace, repeats: int) -> list[dict[str, object]]:
    """A row for each command, with its median speed beside each neighbour as a share of that alone."""
    workplace.prepare()
    measured: dict[tuple[str, str], list[float]] = {}
    for repeat in range(repeats):
        for neighbour, niceness in NEIGHBOURS.items():
            with busy_programs(niceness):
                for command, speed in workplace.speeds(f"{niceness}-{repeat}").items():
                    measured.setdefault((command, neighbour), []).append(speed)
    rows = []
    for command in dict.fromkeys(command for command, _ in measured):
        medians = {neighbour: statistics.median(measured[command, neighbour]) for neighbour in NEIGHBOURS}
        reference = statistics.median(measured[command.partition(",")[0], "alone"])
        shares = {f"share {neighbour}": speed / reference for neighbour, speed in medians.items()}
        rows.append({"command": command, **medians, **shares})
    return rows


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="a folder of labels with their pictures")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("runs/busy_machine.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(options.labels.resolve(), Path(folder), options.seconds, options.threads)
        rows = measure(workplace, options.repeats)
    title = f"{options.seconds} s of training on {usable_cores()} cores, median of {options.repeats}"
    table = Table("command", *NEIGHBOURS, title=title)
    for row in rows:
        cells = []
        for name in NEIGHBOURS:
            speed, share = float(str(row[name])), float(str(row[f"share {name}"]))
            amount = f"{speed:.0f} steps" if str(row["command"]).startswith("train") else f"{1 / speed:.1f} s"
            cells.append(f"{amount} ({share:.2f})")
        table.add_row(str(row["command"]), *cells)
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "cores": usable_cores()}
    options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
