"""Is Cluster-NMS worth it? Mask AP, detections and time, compared with the package's kinds of NMS.

Cluster-NMS (Zheng et al., 2021, arXiv 2005.03572) repeats Fast NMS without the boxes that it suppressed, until nothing
changes; the result equals that of greedy NMS. Its SPM form suppresses nothing: it lowers the scores of boxes that
overlap better ones, as Soft-NMS does. Prints a table and writes JSON. Time is processor time on one thread, for
suppression alone, relative to standard NMS in the same run.

Example: python benchmarks/cluster_nms.py quickstart/run quickstart/data --splits val test
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.evaluation.coco import evaluate
from yolact_kit.inference.predictor import Predictor
from yolact_kit.ops.candidates import Candidates, choose_candidates
from yolact_kit.ops.nms import NMS, NmsOptions, class_members, greedy_survivors
from yolact_kit.pixels.pictures import read_picture

Floats = NDArray[np.float32]
Way = Callable[[Floats, Floats, NmsOptions], Candidates]


def cluster(boxes: Floats, scores: Floats, options: NmsOptions) -> Candidates:
    """Cluster-NMS of one picture: what greedy NMS keeps of each class."""
    candidates = choose_candidates(scores, options.min_score, options.candidates)
    survives = np.ones(len(candidates.rows), dtype=np.bool_)
    for members in class_members(candidates.labels):
        survives[members] = greedy_survivors(boxes[candidates.rows[members]], options.iou)
    return candidates.take(survives).best(options.top_k)


WAYS: dict[str, Way] = {**NMS, "cluster": cluster}


def measure(name: str, weights: Path, data: Path, splits: list[str]) -> dict[str, object]:
    """Detections, COCO's mask AP and seconds of suppression on the pictures of ``splits``."""
    dataset = load_dataset(data)
    pictures = [picture for split in splits for picture in dataset.splits.get(split, [])]
    spent = 0.0

    def timed(boxes: Floats, scores: Floats, options: NmsOptions) -> Candidates:
        nonlocal spent
        start = time.process_time()
        kept = WAYS[name](boxes, scores, options)
        spent += time.process_time() - start
        return kept

    NMS["fast"] = timed
    predictor = Predictor.load(weights, "cpu", nms="fast")
    found = predictor.predict([read_picture(picture.path) for picture in pictures], [item.file for item in pictures])
    metrics = evaluate(pictures, dataset.classes, found).to_dict()["mask"]
    count = sum(len(prediction) for prediction in found)
    return {"way": name, "detections": count, "AP": metrics["AP"], "AP50": metrics["AP50"], "seconds": spent}


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description="Cluster-NMS against the package's ways to suppress.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", nargs="+", default=["val"])
    parser.add_argument("--out", type=Path, default=Path("runs/cluster_nms.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    measure("standard", arguments.weights, arguments.data, arguments.splits)  # The first call is slower: not counted.
    rows = [measure(name, arguments.weights, arguments.data, arguments.splits) for name in WAYS]
    [standard] = [float(str(row["seconds"])) for row in rows if row["way"] == "standard"]
    table = Table("NMS", "detections", "mask AP", "mask AP50", "time over standard")
    for row in rows:
        row["ratio"] = float(str(row["seconds"])) / standard
        table.add_row(
            *(str(row[key]) for key in ("way", "detections")),
            *(f"{row[key]:.3f}" for key in ("AP", "AP50")),
            f"{row['ratio']:.2f}",
        )
    Console().print(table)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
