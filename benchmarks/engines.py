"""How fast does each engine run a model on this processor? Network alone, and from pixels to masks.

The engines take their turns on the same pictures, one picture at a time and several at once; medians, and the ratio of
the first engine's time to each one's. With `--data` each one's mask AP on the val split stands beside. Prints a table
and writes JSON.

For a processor that has AVX2 only, set `ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2`. ONNX Runtime does not obey
it.

Example: python benchmarks/engines.py runs/train-1 examples/parts/pictures --repeats 30 --json engines.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from yolact_kit.evaluation.evaluate import evaluate_model
from yolact_kit.inference.engines.choice import EngineWish
from yolact_kit.inference.engines.load import load_engine
from yolact_kit.inference.engines.openvino_conversion import converted
from yolact_kit.inference.engines.openvino_engine import OpenVinoEngine, best_precision
from yolact_kit.inference.engines.torch_engine import TorchEngine
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import find_pictures
from yolact_kit.models.traced import TracedNetwork
from yolact_kit.models.weights import load_weights
from yolact_kit.pixels.pictures import read_picture

TOGETHER = 8


def predictors(weights: str, score: float) -> dict[str, Predictor]:
    """A predictor by name of its engine."""
    loaded = load_weights(weights, "cpu")
    engines: dict[str, Any] = {"torch float32": TorchEngine(loaded.model)}
    engines["ONNX Runtime float32"] = load_engine(weights, EngineWish("onnx", "cpu")).engine
    for precision in dict.fromkeys(["f32", best_precision()]):
        engines[f"OpenVINO {precision}"] = OpenVinoEngine(
            lambda: converted(TracedNetwork(loaded.model)), "benchmark", precision=precision
        )
    return {name: Predictor(engine, loaded.config, score, batch_size=TOGETHER) for name, engine in engines.items()}


def milliseconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def measure(named: dict[str, Predictor], pictures: list[Any], repeats: int) -> dict[str, dict[str, float]]:
    """Medians by engine: the network alone, one picture from pixels to masks, and a picture of several at once."""
    times: dict[str, dict[str, list[float]]] = {name: {"network": [], "picture": [], "of many": []} for name in named}
    many = (pictures * TOGETHER)[:TOGETHER]
    for repeat in range(-2, repeats):  # the first two turns compile and warm up
        picture = pictures[repeat % len(pictures)]
        for name, predictor in named.items():
            row = {
                "network": milliseconds(lambda: predictor.run([picture])),  # noqa: B023  called at once
                "picture": milliseconds(lambda: predictor.predict([picture])),  # noqa: B023
                "of many": milliseconds(lambda: predictor.predict(many)) / TOGETHER,  # noqa: B023
            }
            if repeat >= 0:
                for kind, took in row.items():
                    times[name][kind].append(took)
    return {name: {kind: statistics.median(values) for kind, values in row.items()} for name, row in times.items()}


def table(rows: dict[str, dict[str, float]], title: str) -> Table:
    """A row for each engine."""
    shown = Table(title=title)
    for column in ("engine", "network, ms", "picture, ms", "of many, ms", "pictures/s", "ratio", "mask AP"):
        shown.add_column(column, justify="left" if column == "engine" else "right")
    first = next(iter(rows.values()))["picture"]
    for name, row in rows.items():
        ap = f"{row['AP']:.3f}" if "AP" in row else ""
        figures = [f"{row[kind]:.1f}" for kind in ("network", "picture", "of many")]
        shown.add_row(name, *figures, f"{1000 / row['of many']:.1f}", f"{first / row['picture']:.2f}", ap)
    return shown


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("pictures", help="a folder")
    parser.add_argument("--data", help="a data set folder, for the AP of each engine on its val split")
    parser.add_argument("--count", type=int, default=8, help="pictures that are used")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--score", type=float, default=0.3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pictures = [read_picture(source.path) for source in find_pictures([options.pictures])[: options.count]]
    rows = measure(predictors(options.weights, options.score), pictures, options.repeats)
    if options.data:
        for name, predictor in predictors(options.weights, 0.0).items():
            rows[name]["AP"] = evaluate_model(predictor, options.data).metrics.mask.values["AP"] or 0.0
    Console().print(table(rows, f"{options.weights}, {options.repeats} repeats"))
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
    }
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
