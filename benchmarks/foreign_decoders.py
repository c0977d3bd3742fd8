"""Do the decoders that people have for YOLO's models give what `predict` gives?

Exports a model with `--layout`, lets programs that are not ours run the file on the pictures of a split, and compares
their detections with those of `yolact-kit predict`: which ones are the same, by how much boxes differ, how well masks
overlap, and the mask AP of each. One row has no decoder: there the network is shown the pictures with bars, as it would
see them if the file did not find and remove these. Prints a table and writes JSON.

The programs have environments of their own: `python -m venv ULTRA && ULTRA/bin/pip install ultralytics`, and
`python -m venv XANY && XANY/bin/pip install "x-anylabeling-cvhub[cpu]"`. Any other decoder takes part by a small
program around it, called `PROGRAM MODEL.onnx OUT.json SCORE IOU PICTURE...`, which writes a list of detections, each
with ``file`` (the picture's name), ``class`` (an index), ``score``, ``box`` (x1 y1 x2 y2 in pixels) and
``segmentation`` (COCO's run lengths, whole numbers).

Example: python benchmarks/foreign_decoders.py runs/first data --ultralytics ULTRA/bin/yolo
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from against_others import kit, measure, read_truth, run
from pycocotools import mask as coco_mask
from rich.console import Console
from rich.table import Table

from yolact_kit.config.score_threshold import default_score
from yolact_kit.inference.export.export import ExportOptions, export_model
from yolact_kit.inference.export.yolo_check import fitted, with_bars
from yolact_kit.inference.predictor import Predictor
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.shapes.rle import decode_rle

Found = list[dict[str, Any]]
"""Detections: each with its picture's ``file``, ``class`` (a name), ``score``, ``segmentation`` (compressed) and, where
the decoder tells it, ``box`` (x1 y1 x2 y2)."""

LOW = 0.05
"""Score from which detections count for the AP; `predict` has none below."""
SURE = 0.05
"""Detections within this of the threshold may be missing: rounding decides."""

THROUGH_X_ANYLABELING = """
import json, os, sys, tempfile, time
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from anylabeling import config
config.set_work_directory(tempfile.mkdtemp())
config.current_config_file = os.path.join(config.get_work_directory(), ".xanylabelingrc")
config.get_default_config()
application = QApplication(["x-anylabeling"])
from anylabeling.services.auto_labeling.model_manager import ModelManager
manager = ModelManager()
if not manager.load_custom_model(sys.argv[1]):
    sys.exit("X-AnyLabeling did not take the YAML")
end = time.monotonic() + 120
while manager.loaded_model_config is None and time.monotonic() < end:
    application.processEvents()
    time.sleep(0.05)
model = manager.loaded_model_config["model"]
model.set_auto_labeling_conf(float(sys.argv[3]))
rows = []
for picture in sys.argv[4:]:
    for shape in model.predict_shapes(QImage(picture), picture).shapes:
        polygon = [value for point in shape.points for value in (point.x(), point.y())]
        rows.append({"file": os.path.basename(picture), "label": shape.label, "score": shape.score, "polygon": polygon})
with open(sys.argv[2], "w", encoding="utf-8") as stream:
    json.dump(rows, stream)
"""
"""Loads a YAML as X-AnyLabeling's "Load Custom Model" does and predicts on pictures."""


@dataclass(frozen=True)
class Task:
    """What every decoder gets.

    Attributes:
        data: The data set folder.
        split: The split whose pictures are predicted on.
        iou: The IoU of the decoder's suppression.
        folder: Where it may write.
        onnx: The exported file.
        openvino: The folder with the same in OpenVINO's format.
    """

    data: Path
    split: str
    iou: float
    folder: Path
    onnx: Path
    openvino: Path

    @property
    def truth(self) -> dict[str, Any]:
        """The labels, in COCO's layout."""
        return read_truth(self.data, self.split)

    @property
    def pictures(self) -> list[Path]:
        """The pictures."""
        return [self.data / "images" / picture["file_name"] for picture in self.truth["images"]]

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return [category["name"] for category in self.truth["categories"]]

    def size(self, file: str) -> tuple[int, int]:
        """Height and width of a picture."""
        [picture] = [picture for picture in self.truth["images"] if Path(picture["file_name"]).name == file]
        return picture["height"], picture["width"]


def compressed(rle: dict[str, Any]) -> dict[str, Any]:
    """COCO's run lengths as compressed text."""
    if isinstance(rle["counts"], list):
        rle = coco_mask.frPyObjects(rle, *rle["size"])
    counts = rle["counts"]
    return {"size": rle["size"], "counts": counts if isinstance(counts, str) else counts.decode("ascii")}


def by_predict(weights: str) -> Callable[[Task], Found]:
    """What `yolact-kit predict` finds, by torch."""

    def detect(task: Task) -> Found:
        predictor = Predictor.load(weights, "cpu", LOW, engine="torch")
        return [row for path in task.pictures for row in rows_of(predictor, read_picture(path), path.name)]

    return detect


def with_bars_seen(weights: str) -> Callable[[Task], Found]:
    """What the network finds where it is shown bars, its input as large as it is."""

    def detect(task: Task) -> Found:
        predictor = Predictor.load(weights, "cpu", LOW, engine="torch")
        side = predictor.config.model.input_size
        rows: Found = []
        for path in task.pictures:
            pixels = read_picture(path)
            inner = fitted(pixels, side)
            square, (top, left) = with_bars(inner, side)
            height, width = inner.shape[:2]
            scale = max(pixels.shape[:2]) / side
            for row in rows_of(predictor, square, path.name):
                mask = decode_rle(row["segmentation"])[top : top + height, left : left + width]
                enlarged = cv2.resize(mask.astype(np.float32), pixels.shape[1::-1]) > 0.5
                rle = coco_mask.encode(np.asfortranarray(enlarged.astype(np.uint8)))
                box = [(edge - bar) * scale for edge, bar in zip(row["box"], [left, top] * 2, strict=True)]
                rows.append({**row, "box": box, "segmentation": compressed(rle)})
        return rows

    return detect


def rows_of(predictor: Predictor, pixels: np.ndarray, file: str) -> Found:
    """A prediction as detections."""
    [prediction] = predictor.predict([pixels])
    boxes, scores = prediction.boxes.tolist(), prediction.scores.tolist()
    parts = zip(prediction.names, scores, boxes, prediction.masks, strict=True)
    return [
        {"file": file, "class": name, "score": score, "box": box, "segmentation": dict(rle)}
        for name, score, box, rle in parts
    ]


def by_ultralytics(program: Path, model: str, *words: str) -> Callable[[Task], Found]:
    """What ultralytics' validation finds with the file, in ONNX Runtime, OpenCV or OpenVINO."""

    def detect(task: Task) -> Found:
        pictures = task.folder / "pictures"
        if not pictures.exists():
            kit("convert", task.data, pictures, "--to", "yolo", "--quiet")
        environment = {"YOLO_CONFIG_DIR": str(task.folder), "YOLO_OFFLINE": "true"}
        run(program, "settings", "mlflow=False", environment=environment)
        chosen = [f"model={getattr(task, model)}", f"data={pictures / 'data.yaml'}", f"split={task.split}", *words]
        chosen += [f"conf={LOW}", f"iou={task.iou}", "batch=1", "device=cpu", "workers=0", "plots=False"]
        chosen += ["save_json=True", f"project={task.folder}", "name=val", "exist_ok=True"]
        run(program, "segment", "val", *chosen, environment=environment)
        rows = json.loads((task.folder / "val" / "predictions.json").read_text(encoding="utf-8"))
        return [
            {
                "file": Path(row["file_name"]).name,
                "class": task.classes[row["category_id"] - 1],
                "score": row["score"],
                "box": [*row["bbox"][:2], row["bbox"][0] + row["bbox"][2], row["bbox"][1] + row["bbox"][3]],
                "segmentation": compressed(row["segmentation"]),
            }
            for row in rows
        ]

    return detect


def by_x_anylabeling(program: Path) -> Callable[[Task], Found]:
    """What X-AnyLabeling finds with the YAML beside the file; its masks are polygons."""

    def detect(task: Task) -> Found:
        out = task.folder / "x_anylabeling.json"
        yaml = task.onnx.with_suffix(".yaml")
        run(program, "-c", THROUGH_X_ANYLABELING, yaml, out, LOW, *task.pictures)
        found = []
        for row in json.loads(out.read_text(encoding="utf-8")):
            [rle] = coco_mask.frPyObjects([row["polygon"]], *task.size(row["file"]))
            found.append({**row, "class": row["label"], "segmentation": compressed(rle)})
        return found

    return detect


def by_program(program: Path) -> Callable[[Task], Found]:
    """What another program finds."""

    def detect(task: Task) -> Found:
        out = task.folder / "program.json"
        run(program, task.onnx, out, LOW, task.iou, *task.pictures)
        rows = json.loads(out.read_text(encoding="utf-8"))
        return [
            {**row, "class": task.classes[row["class"]], "segmentation": compressed(row["segmentation"])}
            for row in rows
        ]

    return detect


def agreement(expected: Found, found: Found, score: float) -> dict[str, Any]:
    """How detections from a score on agree with those of `predict`."""
    pairs, missing, extra = [], 0, 0
    for file in sorted({row["file"] for row in [*expected, *found]}):
        here = [row for row in expected if row["file"] == file and row["score"] >= score]
        there = [row for row in found if row["file"] == file and row["score"] >= score]
        matches, lost, more = matched(here, there, score)
        pairs, missing, extra = pairs + matches, missing + lost, extra + more
    overlaps = [overlap for overlap, _, _ in pairs]
    shifts = [float(np.abs(np.subtract(one["box"], other["box"])).max()) for _, one, other in pairs if "box" in other]
    scores = [abs(one["score"] - other["score"]) for _, one, other in pairs]
    return {
        "same": len(pairs),
        "missing": missing,
        "more": extra,
        "box median": statistics.median(shifts) if shifts else None,
        "box most": max(shifts, default=None),
        "score most": max(scores, default=0),
        "mask mean": statistics.mean(overlaps) if overlaps else 0,
        "mask least": min(overlaps, default=0),
    }


def matched(here: Found, there: Found, score: float) -> tuple[list[tuple[float, Any, Any]], int, int]:
    """Pairs of detections of a picture with the IoU of their masks; and how many of each side have no counterpart."""
    # Decoders give the same scores, so those tell which detections belong together, even where one keeps but a piece of
    # a mask; where scores differ, it is the masks.
    rivals = []
    for one in here:
        for other in (row for row in there if row["class"] == one["class"]):
            shared = overlap(one, other)
            if shared > 0:
                rivals.append((shared - 20 * abs(one["score"] - other["score"]), shared, one, other))
    pairs: list[tuple[float, Any, Any]] = []
    used: set[int] = set()
    for _, shared, one, other in sorted(rivals, key=lambda rival: rival[0], reverse=True):
        if not used & {id(one), id(other)}:
            pairs.append((shared, one, other))
            used |= {id(one), id(other)}
    lonely = [[row for row in side if id(row) not in used and row["score"] >= score + SURE] for side in (here, there)]
    return pairs, len(lonely[0]), len(lonely[1])


def overlap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """IoU of two masks."""
    return float(coco_mask.iou([one["segmentation"]], [other["segmentation"]], [False])[0, 0])


def table(rows: dict[str, dict[str, Any]], title: str) -> Table:
    """A row for each decoder."""
    shown = Table(title=title)
    columns = [
        "same",
        "missing",
        "more",
        "box: median, most",
        "score: most",
        "mask IoU: mean, least",
        "mask AP",
        "AP50",
    ]
    for column in ("", *columns):
        shown.add_column(column, justify="right" if column else "left")
    for name, row in rows.items():
        cells = [""] * 6
        if "same" in row:
            cells = [str(row[key]) for key in ("same", "missing", "more")]
            cells += [f"{row['box median']:.2f}, {row['box most']:.2f} px" if row["box most"] is not None else "none"]
            cells += [f"{row['score most']:.4f}"]
            cells += [f"{row['mask mean']:.3f}, {row['mask least']:.3f}"]
        shown.add_row(name, *cells, f"{row['AP']:.3f}", f"{row['AP50']:.3f}")
    return shown


def decoders(options: argparse.Namespace) -> Iterable[tuple[str, Callable[[Task], Found]]]:
    """The decoders that take part, by name."""
    yield "predict", by_predict(options.weights)
    yield "bars seen", with_bars_seen(options.weights)
    if options.ultralytics:
        yield "ultralytics", by_ultralytics(options.ultralytics, "onnx")
        yield "ultralytics, OpenCV", by_ultralytics(options.ultralytics, "onnx", "dnn=True")
        yield "ultralytics, OpenVINO", by_ultralytics(options.ultralytics, "openvino")
    if options.x_anylabeling:
        yield "X-AnyLabeling", by_x_anylabeling(options.x_anylabeling)
    for program in options.program:
        name, _, path = program.partition("=")
        yield name, by_program(Path(path))


def main() -> None:
    """Exports, runs every decoder, compares, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("data", type=Path, help="a data set folder")
    parser.add_argument("--split", default="val")
    parser.add_argument("--layout", default="yolo-seg")
    parser.add_argument("--ultralytics", type=Path, help="its program `yolo`; without it ultralytics is left out")
    parser.add_argument("--x-anylabeling", type=Path, help="the Python of its environment")
    parser.add_argument("--program", action="append", default=[], metavar="NAME=PATH", help="another decoder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    predictor = Predictor.load(options.weights, "cpu", engine="torch")
    score = default_score(predictor.threshold)
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        onnx, openvino = folder / "model.onnx", folder / "model_openvino_model" / "model.xml"
        export_model(options.weights, onnx, ExportOptions("onnx", layout=options.layout))
        export_model(options.weights, openvino, ExportOptions("openvino", layout=options.layout))
        iou = predictor.config.detect.nms_iou
        task = Task(options.data.absolute(), options.split, iou, folder, onnx, openvino.parent)
        expected: Found = []
        for name, detect in decoders(options):
            try:
                found = detect(task)
            except (subprocess.CalledProcessError, SystemExit) as error:
                print(f"{name} did not run it: {error}")
                continue
            expected = expected or found
            rows[name] = measure(task.data, found, task.split)
            if name != "predict":
                rows[name] |= agreement(expected, found, score)
    title = f"{options.weights}, {options.layout}, split {options.split}, from score {score:g}"
    Console(width=160).print(table(rows, title))
    if options.json:
        machine = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg()}
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
