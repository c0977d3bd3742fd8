"""How fast labels become a data set, against labelme2coco on the same files.

Converts copies of labelled photos with labelme2coco and with `yolact-kit convert --images keep`, without and with the
checks that decode every picture. They take turns, each in its own process; only the ratios within one run count. Time
includes the start of the program. Memory is the largest sum over the program and its processes (proportional set size).
Needs Linux.

labelme2coco has an environment of its own: `python -m venv L2C && L2C/bin/pip install labelme2coco`.

Example: python benchmarks/data.py photos --theirs L2C/bin/python --count 2000 --repeats 3
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

OURS = [sys.executable, "-m", "yolact_kit", "convert"]
THEIRS = "import sys, labelme2coco; labelme2coco.convert(sys.argv[1], sys.argv[2])"


def commands(source: Path, out: Path, theirs: Path | None) -> dict[str, list[str]]:
    """The commands to measure, by name."""
    ours = [*OURS, str(source), str(out), "--images", "keep", "--quiet"]
    found = {"ours --no-verify": [*ours, "--no-verify"], "ours": ours}
    return found if theirs is None else {"labelme2coco": [str(theirs), "-c", THEIRS, str(source), str(out)], **found}


def copies(photos: Path, out: Path, count: int) -> None:
    """Copies of labelled photos under new names; the pictures are both embedded in the labels and beside them."""
    files = sorted(photos.glob("*.json"))
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    for number in range(count):
        file, document = files[number % len(files)], documents[number % len(files)]
        picture = file.parent / document["imagePath"]
        name = f"{number:05}"
        whole = {**document, "imagePath": name + picture.suffix}
        (out / f"{name}.json").write_text(json.dumps(whole, indent=2), encoding="utf-8")
        shutil.copyfile(picture, out / whole["imagePath"])


def held(pid: int) -> int:
    """Kilobytes of memory that a process and its children use now."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:  # it has ended
        return 0
    own = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return own + sum(held(int(child)) for child in children)


def measure(command: list[str]) -> dict[str, float]:
    """Seconds of wall clock and of processor, and peak megabytes, of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.05):
            peak = max(peak, held(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "megabytes": peak / 1024}


def compare(source: Path, theirs: Path | None, repeats: int) -> dict[str, list[dict[str, float]]]:
    """Measures every command in turn, several times."""
    rows: dict[str, list[dict[str, float]]] = {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, command in commands(source, Path(folder) / "out", theirs).items():
                rows.setdefault(name, []).append(measure(command))
                shutil.rmtree(Path(folder) / "out")
    return rows


def table(rows: dict[str, list[dict[str, float]]], count: int) -> Table:
    """Medians, and the medians of the ratios to the first command."""
    shown = Table(title=f"{count} labelme files with embedded pictures")
    for column in ("", "s", "processor s", "peak MB", "time", "processor", "memory"):
        shown.add_column(column, justify="right" if column else "left")
    first = next(iter(rows.values()))
    for name, runs in rows.items():
        keys = ("seconds", "cpu", "megabytes")
        values = [statistics.median(run[key] for run in runs) for key in keys]
        ratios = [statistics.median(run[key] / one[key] for run, one in zip(runs, first, strict=True)) for key in keys]
        cells = [f"{values[0]:.2f}", f"{values[1]:.2f}", f"{values[2]:.0f}", *(f"{ratio:.2f}" for ratio in ratios)]
        shown.add_row(name, *cells)
    return shown


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of labelme files with their pictures")
    parser.add_argument("--theirs", type=Path, help="Python that has labelme2coco; without it only ours is measured")
    parser.add_argument("--count", type=int, default=2000, help="files to convert")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each command")
    parser.add_argument("--out", type=Path, default=Path("runs/data.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copies(options.photos, Path(folder), options.count)
        rows = compare(Path(folder), options.theirs, options.repeats)
    Console().print(table(rows, options.count))
    machine = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "count": options.count, "rows": rows}
    options.out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
