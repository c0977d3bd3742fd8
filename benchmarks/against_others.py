"""Who learns more in the same minutes? Mask AP of yolact_nano, the original YOLACT and ultralytics' smallest model.

The others start from scratch, since their weights would have to be downloaded, ours from `--weights`. All train one
after the other, for the same time, on the same pictures of the same size, on the same processor. pycocotools measures
their last weights on the same pictures held back. Each seed is a new split and a new training. Prints a table and
writes JSON after each training.

Ours is `yolact_nano` as `yolact-kit config` plans it. The original runs from a checkout, see `original.py`. ultralytics
has an environment of its own: `python -m venv ULTRA && ULTRA/bin/pip install ultralytics`. Its validation during
training is off, so it has more training time than ours. `--tuned` makes it take a step for each batch of four; by its
own rule it collects 64 pictures for a step. For ultralytics, the column of steps counts passes over the pictures.

Example: python benchmarks/against_others.py LABELS --original CHECKOUT --ultralytics ULTRA/bin/yolo --minutes 3
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
SIZE = 256
"""Side of the pictures in pixels, that of `yolact_nano`."""

Found = list[dict[str, Any]]
"""Detections: each with its picture's ``file``, ``class``, ``score`` and ``segmentation``."""


def run(*arguments: str | Path, environment: dict[str, str] | None = None) -> None:
    """Runs a program; if it fails, the error has its output."""
    command = list(map(str, arguments))
    ended = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, **(environment or {})},
    )
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout[-3000:]}")


def kit(*arguments: str | Path) -> None:
    """Runs yolact-kit."""
    run(sys.executable, "-m", "yolact_kit", *arguments)


def ours(data: Path, folder: Path, seed: int, minutes: float, options: argparse.Namespace) -> tuple[Found, int]:
    """Detections of `yolact_nano`, and its number of steps."""
    from small_set import last_step

    config, result, found = folder / "config.yaml", folder / "run", folder / "found"
    kit("config", data, "--model", "yolact_nano", "--out", config, "--quiet")
    chosen = [word for setting in [f"train.seed={seed}", *options.settings] for word in ("--set", setting)]
    kit("train", config, "--weights", options.weights, "--time", f"{60 * minutes:g}s", "--out", result, *chosen)
    files = [data / "images" / picture["file_name"] for picture in read_truth(data)["images"]]
    weights = result / "weights" / "last.safetensors"
    kit("predict", weights, *files, "--score", "0", "--format", "coco", "--out", found, "--quiet")
    return named(json.loads((found / "predictions.json").read_text(encoding="utf-8"))), last_step(result)


def original(data: Path, folder: Path, seed: int, minutes: float, options: argparse.Namespace) -> tuple[Found, int]:
    """Detections of the original's `yolact_resnet50`, and its number of steps."""
    out = folder / "found.json"
    settings = ["--seconds", str(60 * minutes), "--size", str(SIZE), "--seed", str(seed), "--out", out]
    run(sys.executable, HERE / "original.py", options.original, data, *settings)
    document = json.loads(out.read_text(encoding="utf-8"))
    return document["detections"], document["steps"]


def ultralytics(data: Path, folder: Path, seed: int, minutes: float, options: argparse.Namespace) -> tuple[Found, int]:
    """Detections of ultralytics' model, and its number of epochs."""
    pictures = folder / "pictures"
    kit("convert", data, pictures, "--to", "yolo", "--quiet")
    common = [f"data={pictures / 'data.yaml'}", f"imgsz={SIZE}", "device=cpu", "workers=0", "plots=False"]
    common += [f"project={folder}", "exist_ok=True"]
    steps = ["batch=4", "nbs=4"] if options.tuned else []
    chosen = [
        f"model={options.model}",
        "pretrained=False",
        f"time={minutes / 60}",
        f"seed={seed}",
        "amp=False",
        "val=False",
    ]
    environment = {"YOLO_CONFIG_DIR": str(folder), "YOLO_OFFLINE": "true"}
    # Where MLflow is installed, it would log each pass to a database in the current folder.
    run(options.ultralytics, "settings", "mlflow=False", environment=environment)
    yolo = [options.ultralytics, "segment"]
    run(*yolo, "train", *common, *chosen, *steps, "name=train", environment=environment)
    weights = folder / "train" / "weights" / "last.pt"
    run(*yolo, "val", f"model={weights}", *common, "save_json=True", "name=val", environment=environment)
    classes = {category["id"]: category["name"] for category in read_truth(data)["categories"]}
    found = json.loads((folder / "val" / "predictions.json").read_text(encoding="utf-8"))
    epochs = len((folder / "train" / "results.csv").read_text(encoding="utf-8").splitlines()) - 1
    return [{**row, "file": Path(row["file_name"]).name, "class": classes[row["category_id"]]} for row in found], epochs


WAYS: dict[str, Callable[..., tuple[Found, int]]] = {"ours": ours, "original": original, "ultralytics": ultralytics}


def read_truth(data: Path, split: str = "val") -> dict[str, Any]:
    """A split of a data set folder in COCO's layout."""
    document: dict[str, Any] = json.loads((data / "annotations" / f"{split}.json").read_text(encoding="utf-8"))
    return document


def named(document: dict[str, Any]) -> Found:
    """Detections with the names of pictures and classes, from COCO's layout."""
    files = {picture["id"]: Path(picture["file_name"]).name for picture in document["images"]}
    classes = {category["id"]: category["name"] for category in document["categories"]}
    return [
        {**row, "file": files[row["image_id"]], "class": classes[row["category_id"]]} for row in document["annotations"]
    ]


def measure(data: Path, found: Found, split: str = "val") -> dict[str, float]:
    """Mask AP and AP50 of detections on a split, by pycocotools."""
    truth = read_truth(data, split)
    pictures = {Path(picture["file_name"]).name: picture["id"] for picture in truth["images"]}
    classes = {category["name"]: category["id"] for category in truth["categories"]}
    rows = [
        {
            "image_id": pictures[row["file"]],
            "category_id": classes[row["class"]],
            "score": row["score"],
            "segmentation": row["segmentation"],
        }
        for row in found
    ]
    if not rows:
        return {"AP": 0.0, "AP50": 0.0, "detections": 0}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(data / "annotations" / f"{split}.json"))
        evaluation = COCOeval(coco, coco.loadRes(rows), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {"AP": float(evaluation.stats[0]), "AP50": float(evaluation.stats[1]), "detections": len(rows)}


def table(rows: list[dict[str, Any]], title: str) -> Table:
    """A row for each system: mask AP of each seed, and means."""
    seeds = sorted({row["seed"] for row in rows})
    shown = Table(title=title)
    for column in ("", "steps", *(f"AP, seed {seed}" for seed in seeds), "AP", "AP50"):
        shown.add_column(column, justify="right" if column else "left")
    for name in dict.fromkeys(row["system"] for row in rows):
        own = {row["seed"]: row for row in rows if row["system"] == name}
        steps = " ".join(str(row["steps"]) for row in own.values())
        cells = [f"{own[seed]['AP']:.3f}" if seed in own else "" for seed in seeds]
        means = [f"{statistics.mean(row[key] for row in own.values()):.3f}" for key in ("AP", "AP50")]
        shown.add_row(name, steps, *cells, *means)
    return shown


def main() -> int:
    """Trains, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="labelled pictures, as `yolact-kit convert` reads them")
    parser.add_argument("--original", type=Path, help="checkout of the original; without it the original is left out")
    parser.add_argument("--ultralytics", type=Path, help="its program `yolo`; without it ultralytics is left out")
    parser.add_argument("--model", default="yolo11n-seg.yaml", help="which of ultralytics' models")
    parser.add_argument("--tuned", action="store_true", help="ultralytics: a step for each batch of four pictures")
    parser.add_argument("--without-ours", action="store_true")
    parser.add_argument("--weights", default="starter", help="what ours starts from: starter, imagenet or none")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--val", type=float, default=0.2)
    parser.add_argument("--set", dest="settings", action="append", default=[], help="a setting of ours, such as a.b=c")
    parser.add_argument("--out", type=Path, default=Path("runs/against_others.json"))
    options = parser.parse_args()
    wanted = {"ours": not options.without_ours, "original": options.original, "ultralytics": options.ultralytics}
    rows: list[dict[str, Any]] = []
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        for name in (name for name, given in wanted.items() if given):
            with tempfile.TemporaryDirectory() as place:
                folder, data = Path(place), Path(place) / "data"
                kit("convert", options.labels, data, "--val", str(options.val), "--seed", str(seed), "--quiet")
                found, steps = WAYS[name](data, folder, seed, options.minutes, options)
                rows.append({"system": name, "seed": seed, "steps": steps, **measure(data, found)})
            print(rows[-1], flush=True)
            machine = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg()}
            document = {"machine": machine, "minutes": options.minutes, "tuned": options.tuned, "rows": rows}
            document |= {"settings": options.settings, "weights": options.weights}
            options.out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    Console().print(table(rows, f"{options.labels.name}, {options.minutes:g} minutes"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
