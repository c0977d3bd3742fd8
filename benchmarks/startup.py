"""How soon does the command line answer? Prints a table and writes JSON.

Example: python benchmarks/startup.py --runs 10 --out runs/startup.json
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from yolact_kit.cli.app import COMMANDS

LIMIT = 0.3
"""Seconds within which ``yolact-kit --help`` is to answer."""


def seconds_of(words: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each of ``runs`` runs of ``yolact-kit`` with ``words``, each in its own process."""
    command = [sys.executable, "-m", "yolact_kit", *words]
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return times


def main() -> int:
    """Measures, prints, writes; exit code 1 if the median of ``--help`` is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("runs/startup.json"))
    options = parser.parse_args()
    calls = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
    rows = []
    for words in calls:
        seconds_of(words, 1)  # Fills the disk cache and writes the byte code.
        times = seconds_of(words, options.runs)
        rows.append({"call": " ".join(words), "median": statistics.median(times), "best": min(times), "times": times})
    table = Table(title=f"yolact-kit, seconds of {options.runs} runs")
    for column in ("call", "median", "best"):
        table.add_column(column)
    for row in rows:
        table.add_row(str(row["call"]), f"{row['median']:.3f}", f"{row['best']:.3f}")
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "python": platform.python_version()}
    options.out.write_text(json.dumps({"machine": machine, "limit": LIMIT, "rows": rows}, indent=2), encoding="utf-8")
    return 0 if statistics.median(rows[0]["times"]) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
