"""Which program computes COCO's metrics fastest, and do they agree with pycocotools?

Measured on the hundred pictures of pycocotools' own tests, once and many times over: wall-clock time of indexing,
matching, accumulating and summarising, and the largest difference from pycocotools in the twelve metrics and in the
arrays of precision and recall. It also says whether the program gives access to its matches and lets one replace the
overlaps: comparing models, splitting errors and Boundary AP need that. Engines that are not installed are left out:
pip install faster-coco-eval hotcoco ultrafast-pycocotools

Example: python benchmarks/coco_engines.py ../shared/data/coco_eval --copies 20
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ENGINES = {
    "pycocotools": ("pycocotools.coco", "pycocotools.cocoeval", "COCOeval"),
    "faster-coco-eval": ("faster_coco_eval", "faster_coco_eval", "COCOeval_faster"),
    "hotcoco": ("hotcoco", "hotcoco", "COCOeval"),
    "ultrafast-pycocotools": ("ultrafast_pycocotools", "ultrafast_pycocotools", "COCOeval"),
}
TRUTH = "tests/dataset/cocoapi/instances_val2014_100.json"
RESULTS = "cocoapi/results/instances_val2014_fake{kind}100_results.json"


def repeated(truth: dict[str, Any], results: list[dict[str, Any]], copies: int) -> tuple[Any, Any]:
    """The pictures many times over, each copy with its own ids."""
    images, annotations, found = [], [], []
    for copy in range(copies):
        ids = {image["id"]: copy * len(truth["images"]) + place + 1 for place, image in enumerate(truth["images"])}
        images += [{**image, "id": ids[image["id"]]} for image in truth["images"]]
        annotations += [{**one, "image_id": ids[one["image_id"]]} for one in truth["annotations"]]
        found += [{**one, "image_id": ids[one["image_id"]]} for one in results]
    annotations = [{**one, "id": number} for number, one in enumerate(annotations, start=1)]
    return {**truth, "images": images, "annotations": annotations}, found


def run(engine: str, truth: Path, results: Path, kind: str) -> tuple[Any, float]:
    """The evaluation, and its seconds."""
    indexes, evaluations, name = ENGINES[engine]
    index = importlib.import_module(indexes).COCO
    evaluator = getattr(importlib.import_module(evaluations), name)
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        labelled = index(str(truth))
        evaluation = evaluator(labelled, labelled.loadRes(str(results)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation, time.perf_counter() - start


def apart(ours: Any, theirs: Any) -> float:
    """The largest difference of two arrays."""
    return float(np.abs(np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)).max())


def matches(evaluation: Any) -> dict[tuple[Any, ...], Any]:
    """The matches of each picture, class and range of sizes; empty if the program does not give them."""
    try:
        return {
            (int(one["image_id"]), int(one["category_id"]), *map(float, one["aRng"])): [
                np.asarray(one[part], dtype=np.int64).reshape(-1).tolist()
                for part in ("dtIds", "dtMatches", "dtIgnore")
            ]
            for one in evaluation.evalImgs
            if one is not None
        }
    except (AttributeError, KeyError, TypeError):
        return {}


def same_matches(ours: dict[tuple[Any, ...], Any], theirs: dict[tuple[Any, ...], Any]) -> str:
    """Whether matches are the same, in any order."""
    if not ours:
        return "none"
    return "same" if ours == theirs else "others"


def main() -> int:
    """Measures, prints, writes; exit code 1 if an engine's metrics differ by more than 1e-12."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the hundred pictures' labels and results")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 20], help="how many times over")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest of so many runs counts")
    parser.add_argument("--out", type=Path, default=Path("runs/coco_engines.json"))
    options = parser.parse_args()
    there = [name for name, (module, _, _) in ENGINES.items() if importlib.util.find_spec(module.split(".")[0])]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind in ("segm", "bbox"):
        truth = json.loads((options.folder / TRUTH).read_text(encoding="utf-8"))
        results = json.loads((options.folder / RESULTS.format(kind=kind)).read_text(encoding="utf-8"))
        for copies in options.copies:
            documents = repeated(truth, results, copies)
            files = [options.out.with_suffix(f".{part}.json") for part in ("truth", "results")]
            for file, document in zip(files, documents, strict=True):
                file.write_text(json.dumps(document), encoding="utf-8")
            rows += measure(there, files, kind, copies, options.repeats)
            for file in files:
                file.unlink()
    table = Table(title=f"COCO's metrics on {os.cpu_count()} processors")
    for column in ("", "pictures", "engine", "s", "times as fast", "metrics apart", "precision apart", "matches"):
        table.add_column(column)
    for row in rows:
        table.add_row(
            row["kind"], str(row["pictures"]), row["engine"], f"{row['seconds']:.3f}", f"{row['faster']:.1f}",
            f"{row['metrics']:.1e}", f"{row['precision']:.1e}", row["matches"],
        )  # fmt: skip
    Console(width=120).print(table)
    options.out.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return int(any(row["metrics"] > 1e-12 for row in rows))


def measure(engines: list[str], files: list[Path], kind: str, copies: int, repeats: int) -> list[dict[str, Any]]:
    """A row for each engine, pycocotools first."""
    rows: list[dict[str, Any]] = []
    reference: Any = None
    slowest = 0.0
    for engine in engines:
        ran = [run(engine, files[0], files[1], kind) for _ in range(repeats)]
        evaluation, seconds = min(ran, key=lambda pair: pair[1])
        if reference is None:
            reference, slowest = evaluation, seconds
        row = {
            "kind": kind,
            "pictures": 100 * copies,
            "engine": engine,
            "seconds": seconds,
            "faster": slowest / seconds,
        }
        row["metrics"] = apart(np.asarray(evaluation.stats)[:12], reference.stats)
        row["precision"] = apart(evaluation.eval["precision"], reference.eval["precision"])
        row["matches"] = same_matches(matches(evaluation), matches(reference))
        rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
