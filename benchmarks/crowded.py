"""Do memory and time grow in step with the objects of a picture? Every command on pictures of up to 20,000 objects.

Makes pictures of cells that lie side by side and overlap a little, one to train on and one to validate with, and runs
the commands on them: seconds, and the peak of the memory that the process and its children hold together. `train` takes
four steps of `yolact_nano` at 320 px, too short to change the weights: so `evaluate` and `predict`, which take any
score, have as many detections in each picture or tile as they may. A command that takes more than the given memory or
time is ended. Prints a table and writes JSON. Needs Linux.

Example: python benchmarks/crowded.py --objects 500 2000 8000 20000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from data import held
from rich.console import Console
from rich.table import Table

WIDTH, HEIGHT = 4000, 3000
COMMANDS = ("convert", "validate", "preview", "train", "evaluate", "predict --tile")


def make_pictures(folder: Path, count: int) -> None:
    """Two pictures of so many cells each, and their labels as a COCO file."""
    folder.mkdir()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in (1, 2):
        random = np.random.default_rng(number)
        outlines = cells(count, random)
        picture = random.integers(60, 90, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.fillPoly(picture, [np.int32(outline) for outline in outlines], (90, 180, 200))
        cv2.imwrite(str(folder / f"p{number}.jpg"), picture)
        images.append({"id": number, "file_name": f"p{number}.jpg", "width": WIDTH, "height": HEIGHT})
        for outline in outlines:
            ring = outline.round(1).reshape(-1).tolist()
            entry = {"image_id": number, "category_id": 1, "iscrowd": 0, "segmentation": [ring]}
            annotations.append({"id": len(annotations) + 1, **entry})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cell"}]}
    (folder / "labels.json").write_text(json.dumps(document), encoding="utf-8")


def cells(count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Outlines of cells on a grid, each of 16 points [16, 2] x y in pixels."""
    side = (WIDTH * HEIGHT / count) ** 0.5
    columns = int(np.ceil(WIDTH / side))
    side = min(WIDTH / columns, HEIGHT / np.ceil(count / columns))
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outlines = []
    for number in range(count):
        centre = (np.array([number % columns, number // columns]) + 0.5 + random.uniform(-0.1, 0.1, 2)) * side
        radii = side * random.uniform(0.38, 0.52, 2) * random.uniform(0.9, 1.1, (16, 1))
        outlines.append((centre + circle * radii).clip(0, (WIDTH, HEIGHT)))
    return outlines


def command_words(name: str, folder: Path) -> list[str]:
    """The words of a command after the program's name."""
    data, run = str(folder / "data"), str(folder / "run")
    settings = ("train.epochs=4", "train.start_size=1.0", "train.learning_rate=0.000001", "model.input_size=320")
    chosen = [word for setting in settings for word in ("--set", setting)]
    words = {
        "convert": ["convert", str(folder / "source"), data, "--val", "0.5"],
        "validate": ["validate", data],
        "preview": ["preview", data, "--augmented", "--out", str(folder / "preview")],
        "train": ["train", str(folder / "config.yaml"), "--weights", "none", "--out", run, *chosen],
        "evaluate": ["evaluate", run, data, "--out", str(folder / "evaluate")],
        "predict --tile": [
            "predict", run, str(folder / "source" / "p1.jpg"), "--tile", "320", "--score", "0", "--top-k", "20000",
            "--out", str(folder / "predict"),
        ],
    }  # fmt: skip
    return words[name]


def measure(words: list[str], most: int, longest: float) -> dict[str, Any]:
    """Seconds, peak megabytes and exit code of a command; the code is None where it was ended at a limit."""
    process = subprocess.Popen(
        [sys.executable, "-m", "yolact_kit", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    start, peak, ended = time.perf_counter(), 0.0, False
    while process.poll() is None:
        peak = max(peak, held(process.pid) / 1024)
        if peak > most or time.perf_counter() - start > longest:
            process.kill()
            ended = True
        time.sleep(0.05)
    code = None if ended else process.wait()
    return {"seconds": round(time.perf_counter() - start, 1), "megabytes": round(peak), "code": code}


def measure_count(count: int, names: list[str], most: int, longest: float) -> dict[str, dict[str, Any]]:
    """Every command on pictures of so many objects."""
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_pictures(folder / "source", count)
        for name in names:
            if name == "train":
                words = ["config", str(folder / "data"), "--model", "yolact_nano", "--out", str(folder / "config.yaml")]
                measure(words, most, longest)
            rows[name] = measure(command_words(name, folder), most, longest)
            print(count, name, rows[name], file=sys.stderr)
    return rows


def table(rows: dict[str, dict[str, dict[str, Any]]]) -> Table:
    """Seconds and peak megabytes by command and number of objects."""
    shown = Table(title="seconds and peak MB by objects in each of two pictures")
    shown.add_column("")
    for count in rows:
        shown.add_column(count, justify="right")
    for name in next(iter(rows.values())):
        cells = []
        for measured in rows.values():
            row = measured[name]
            over = "over " if row["code"] is None else ""
            cells.append(f"{over}{row['seconds']:.0f} s, {over}{row['megabytes']} MB")
        shown.add_row(name, *cells)
    return shown


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, nargs="+", default=[500, 2000, 8000, 20000])
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--megabytes", type=int, default=9000, help="a command that holds more is ended")
    parser.add_argument("--seconds", type=float, default=600, help="a command that takes longer is ended")
    parser.add_argument("--out", type=Path, default=Path("runs/crowded.json"))
    options = parser.parse_args()
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for count in options.objects:
        rows[str(count)] = measure_count(count, options.commands, options.megabytes, options.seconds)
    Console().print(table(rows))
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
