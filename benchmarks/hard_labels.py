"""Does the loss stay a number for 2,000 steps on objects of one pixel, empty pictures and crowds?

Draws a small data set: pictures with objects of one pixel, one pixel high or wide, as large as the picture, or many in
one spot; pictures without objects; pictures with a crowd, alone or beside objects. Trains a small YOLACT on it from
scratch with `yolact-kit train`, on every object down to one pixel; by default those below four pixels would be ignored.
Prints a table and writes JSON.

Example: python benchmarks/hard_labels.py --steps 2000
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from against_others import kit
from rich.console import Console
from rich.table import Table
from small_set import rows

from yolact_kit.shapes.rle import encode_mask

SIDE = 64
BATCH = 4
Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

PIXELS: list[Box] = [(3, 5, 1, 1), (40, 40, 1, 1), (63, 63, 1, 1), (20, 9, 1, 30), (8, 50, 40, 1)]
USUAL: list[Box] = [(10, 10, 20, 16), (36, 30, 22, 28)]
SCENES: list[tuple[list[Box], list[Box]]] = [
    (PIXELS, []),
    (PIXELS[:1], []),
    ([*PIXELS, *USUAL], []),
    ([(0, 0, SIDE, SIDE)], []),
    ([(30, 30, 2, 2)] * 40, []),
    (USUAL, []),
    ([], []),
    ([], []),
    ([], [(0, 0, SIDE, SIDE)]),
    ([], [(5, 5, 30, 50)]),
    (USUAL, [(30, 0, 34, 64)]),
    (PIXELS, [(0, 0, 64, 32), (0, 32, 64, 32)]),
]
"""Objects and crowds of each picture."""


def draw(folder: Path) -> None:
    """Writes the data set, with the same pictures for training and validation."""
    random = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    images, annotations = [], []
    for number, (objects, crowds) in enumerate(SCENES, start=1):
        picture = random.integers(0, 90, (SIDE, SIDE, 3)).astype(np.uint8)
        for boxes, crowd in ((objects, 0), (crowds, 1)):
            for x, y, width, height in boxes:
                picture[y : y + height, x : x + width] = random.integers(120, 255, 3)
                annotations.append(annotation(len(annotations) + 1, number, (x, y, width, height), crowd))
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE})
    categories = [{"id": 1, "name": "thing"}]
    text = json.dumps({"images": images, "annotations": annotations, "categories": categories})
    splits = ""
    for split in ("train", "val"):
        (folder / "annotations" / f"{split}.json").write_text(text, encoding="utf-8")
        splits += f"  {split}:\n    annotations: annotations/{split}.json\n    images: images\n"
    (folder / "dataset.yaml").write_text(f"name: hard\nclasses: [thing]\nsplits:\n{splits}", encoding="utf-8")


def annotation(number: int, picture: int, box: Box, crowd: int) -> dict[str, Any]:
    """A rectangle as a COCO annotation; a crowd as run lengths."""
    x, y, width, height = box
    outline: Any = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    if crowd:
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[y : y + height, x : x + width] = 1
        outline = encode_mask(mask)
    shape = {"bbox": list(box), "area": width * height, "iscrowd": crowd, "segmentation": outline}
    return {"id": number, "image_id": picture, "category_id": 1, **shape}


def trial(data: Path, folder: Path, steps: int) -> dict[str, Any]:
    """Trains, and returns figures of the losses."""
    config, result = folder / "config.yaml", folder / "run"
    kit("config", data, "--model", "yolact_nano", "--out", config, "--quiet")
    settings = {
        "model.input_size": SIDE,
        "model.backbone": "mobilenet_v3_small",
        "model.anchors.scales": "[[8],[16],[32],[48],[64]]",
        "train.batch_size": BATCH,
        "train.start_size": 1,
        "train.min_object": 1,
        "train.epochs": math.ceil(steps * BATCH / len(SCENES)),
        "train.progress_pictures": 0,
    }
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    kit("train", config, "--weights", "none", "--out", result, *words)
    losses = [float(row["loss/total"]) for row in rows(result) if row["loss/total"]]
    log = (result / "train.log").read_text(encoding="utf-8")
    return {
        "steps": len(losses),
        "not_finite": sum(not math.isfinite(loss) for loss in losses) + log.count("skipped"),
        "largest": max(losses),
        "first": sum(losses[:50]) / 50,
        "last": sum(losses[-50:]) / 50,
    }


def main() -> int:
    """Trains, prints, writes; 1 if a loss was not a number."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("runs/hard_labels.json"))
    options = parser.parse_args()
    table = Table(title=f"{len(SCENES)} pictures of {SIDE} px, {BATCH} a step")
    for column in ("steps", "losses that are no numbers", "largest loss", "first 50", "last 50"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as place:
        draw(Path(place) / "data")
        row = trial(Path(place) / "data", Path(place), options.steps)
    losses = (f"{row[key]:.2f}" for key in ("largest", "first", "last"))
    table.add_row(str(row["steps"]), str(row["not_finite"]), *losses)
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(row, indent=2), encoding="utf-8")
    return int(row["not_finite"] > 0)


if __name__ == "__main__":
    sys.exit(main())
