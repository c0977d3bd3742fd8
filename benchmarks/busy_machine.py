"""How many steps does `yolact-kit train` make beside other programs that keep every core busy?

Each row trains for the same time: alone, beside one busy program of lowest priority on each core, and beside one of
normal priority. `ours` is as yolact-kit sets OpenMP's threads: one that waits for the others sleeps after a moment.
`library` is as torch's OpenMP does by itself: it waits in a loop for milliseconds, on the core that the others need.
The rows alternate between the two, so that what else the machine does meets both. Prints a table and writes JSON.

Example: python benchmarks/busy_machine.py DATA --seconds 20 --repeats 2
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from yolact_kit.cores import usable_cores

SETTINGS = {
    "ours": {},
    "library": {"GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"},
}
NEIGHBOURS = {"alone": None, "beside lowest priority": 19, "beside normal priority": 0}
_BUSY = "while True: pass"


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


def training_steps(config: Path, run: Path, seconds: int, variables: dict[str, str]) -> int:
    """Steps that a training of so many seconds makes."""
    command = [sys.executable, "-m", "yolact_kit", "train", str(config), "--weights", "none", "--quiet"]
    unset = {"OMP_WAIT_POLICY", "OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | variables
    subprocess.run([*command, "--time", f"{seconds}s", "--out", str(run)], check=True, env=environment)
    with (run / "metrics.csv").open(encoding="utf-8") as file:
        return sum(1 for row in csv.DictReader(file) if row.get("loss/total"))


def measure(data: Path, seconds: int, repeats: int) -> list[dict[str, object]]:
    """A row for each setting and each kind of neighbour."""
    counts: dict[tuple[str, str], list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        planning = [sys.executable, "-m", "yolact_kit", "config", str(data), "--model", "yolact_nano", "--quiet"]
        subprocess.run([*planning, "--out", str(config)], check=True)
        for repeat in range(repeats):
            for neighbour, niceness in NEIGHBOURS.items():
                for setting, variables in SETTINGS.items():
                    run = Path(folder) / f"{setting}-{niceness}-{repeat}"
                    with busy_programs(niceness):
                        steps = training_steps(config, run, seconds, variables)
                    counts.setdefault((setting, neighbour), []).append(steps)
    return [
        {"setting": setting, "neighbour": neighbour, "steps": steps, "median": statistics.median(steps)}
        for (setting, neighbour), steps in counts.items()
    ]


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a data set of yolact-kit convert")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/busy_machine.json"))
    options = parser.parse_args()
    rows = measure(options.data.resolve(), options.seconds, options.repeats)
    alone = next(row["median"] for row in rows if row["setting"] == "ours" and row["neighbour"] == "alone")
    table = Table(title=f"steps in {options.seconds} s on {usable_cores()} cores, median of {options.repeats}")
    for column in ("setting", "neighbour", "steps", "share of ours alone"):
        table.add_column(column)
    for row in rows:
        row["share"] = round(float(str(row["median"])) / float(str(alone)), 3)
        table.add_row(str(row["setting"]), str(row["neighbour"]), str(row["steps"]), f"{row['share']:.2f}")
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "cores": usable_cores()}
    options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
