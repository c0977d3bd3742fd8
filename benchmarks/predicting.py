"""Pictures per second of `predict` on a folder, compared with the original YOLACT's evaluation loop.

Both use the same weights. Each runs in its own process, as users run it. The original's loop runs from a checkout,
unchanged except for its GPU calls if there is no GPU, and writes COCO's results (`--output_coco_json`). Ours is
`predict --format coco --legacy --score 0`, so both write the same detections. Measured is the time from the first
picture to the last result, without loading the weights. They take turns, and the best of `--rounds` counts. Then each
stage of ours runs alone, to show where the time goes. Prints a table and writes JSON; exit code 1 below `--least`.

Example: python benchmarks/predicting.py ../yolact yolact_resnet50_54_800000.pth photos --out runs/predicting.json
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from yolact_kit.inference.predict_sources import predict_to_folder
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import find_pictures
from yolact_kit.memory import keep_freed_memory


def original(checkout: Path, weights: Path, pictures: Path) -> dict[str, Any]:
    """The original's evaluation loop, in this process."""
    if not torch.cuda.is_available():
        torch.cuda.current_device = lambda: 0  # its module asks for it on import
        torch.Tensor.cuda = lambda self, *_args, **_kwargs: self  # type: ignore[method-assign]
    sys.path.insert(0, str(checkout.resolve()))
    import data as its_data
    import eval as its_eval
    import yolact

    with tempfile.TemporaryDirectory() as folder:
        images = []
        for number, path in enumerate(sorted(pictures.iterdir()), start=1):
            with Image.open(path) as image:
                images.append({"id": number, "file_name": path.name, "width": image.width, "height": image.height})
        # Its loader leaves out pictures without objects.
        boxes = [{"id": one["id"], "image_id": one["id"], "category_id": 1, **whole(one)} for one in images]
        info = Path(folder) / "info.json"
        info.write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "a"}]}))
        its_eval.parse_args([
            "--trained_model", str(weights), "--output_coco_json", "--no_bar", f"--cuda={torch.cuda.is_available()}",
            "--bbox_det_file", f"{folder}/boxes.json", "--mask_det_file", f"{folder}/masks.json",
        ])  # fmt: skip
        its_data.set_cfg(f"{weights.name.rsplit('_', 2)[0]}_config")
        dataset = its_data.COCODetection(str(pictures), str(info), transform=its_eval.BaseTransform())
        its_eval.prep_coco_cats()
        with torch.no_grad():
            net = yolact.Yolact()
            net.load_weights(str(weights))
            net.eval()
            net = net.cuda()
            start = clocks()
            its_eval.evaluate(net, dataset)
            seconds, processor = (clocks() - start).tolist()
        found = json.loads(Path(f"{folder}/masks.json").read_text(encoding="utf-8"))
    return {
        "way": "original",
        "pictures": len(images),
        "objects": len(found),
        "seconds": seconds,
        "processor": processor,
    }


def whole(picture: dict[str, Any]) -> dict[str, Any]:
    """An object as large as its picture, since the original drops objects that are too small for the network."""
    width, height = picture["width"], picture["height"]
    outline = [0, 0, width, 0, width, height, 0, height]
    return {"bbox": [0, 0, width, height], "area": width * height, "iscrowd": 0, "segmentation": [outline]}


def ours(_: Path, weights: Path, pictures: Path) -> dict[str, Any]:
    """`predict` on the folder, in this process, and each of its stages alone."""
    keep_freed_memory()  # as the command does
    predictor = Predictor.load(weights, score=0.0, legacy=True)
    sources = find_pictures(pictures)
    with tempfile.TemporaryDirectory() as folder:
        start = clocks()
        outcome = predict_to_folder(predictor, sources, Path(folder) / "out", ["coco"])
        seconds, processor = (clocks() - start).tolist()
    row = {"way": "ours", "pictures": outcome.pictures, "objects": outcome.objects, "seconds": seconds}
    return {**row, "processor": processor, "stages": stages(predictor, pictures)}


def clocks() -> NDArray[np.float64]:
    """Wall clock and processor time, in seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def stages(predictor: Predictor, pictures: Path, count: int = 16) -> dict[str, float]:
    """Seconds per picture of each stage alone, on some of the pictures; processor time if there is no GPU."""
    from yolact_kit.inference.journal import record
    from yolact_kit.inference.postprocess import postprocess
    from yolact_kit.inference.prediction import Prediction

    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = clocks()
        done = work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        spent[name] = spent.get(name, 0) + float((clocks() - start)[0 if torch.cuda.is_available() else 1])
        return done

    chosen = find_pictures(pictures)[:count]
    for picture in chosen:
        pixels = timed("decoding", picture.read)
        raw = timed("network, with resizing", lambda pixels=pixels: predictor.run([pixels]))
        height, width = pixels.shape[:2]
        found = timed(
            "NMS and masks",
            lambda raw=raw, size=(height, width): postprocess(raw, 0, size, predictor.config.detect, 0.0, True),
        )
        prediction = Prediction(picture.name, width, height, *found, classes=predictor.classes)
        timed("writing", lambda one=prediction, where=picture: json.dumps(record(one, where, "a")))
    return {name: seconds / len(chosen) for name, seconds in spent.items()}


WAYS: dict[str, Callable[[Path, Path, Path], dict[str, Any]]] = {"original": original, "ours": ours}


def measured(way: str, options: argparse.Namespace) -> dict[str, Any]:
    """One way, in its own process."""
    words = [str(options.checkout), str(options.weights), str(options.pictures), "--way", way]
    if options.threads:
        words += ["--threads", str(options.threads)]
    done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="folder of the original's code")
    parser.add_argument("weights", type=Path, help="a checkpoint of the original's, CONFIG_EPOCH_ITERATION.pth")
    parser.add_argument("pictures", type=Path, help="a folder of pictures, and of nothing else")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="PyTorch's threads; 0 for its own choice")
    parser.add_argument("--least", type=float, default=0, help="times as fast that ours has to be")
    parser.add_argument("--way", choices=WAYS, help="measure this one alone, in this process, and print JSON")
    parser.add_argument("--out", type=Path, default=Path("runs/predicting.json"))
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.way:
        print(json.dumps(WAYS[options.way](options.checkout, options.weights, options.pictures)))
        return 0
    rows = [measured(way, options) for _ in range(options.rounds) for way in WAYS]
    best = {way: min((row for row in rows if row["way"] == way), key=lambda row: row["seconds"]) for way in WAYS}
    columns = ("way", "pictures", "objects", "s", "s of processor", "pictures/s")
    table = Table(*columns, title="predict against the original's evaluation loop")
    for way, row in best.items():
        times = (f"{row[key]:.1f}" for key in ("seconds", "processor"))
        rate = row["pictures"] / row["seconds"]
        table.add_row(way, str(row["pictures"]), str(row["objects"]), *times, f"{rate:.2f}")
    Console().print(table)
    alone, whole = best["ours"]["stages"], sum(best["ours"]["stages"].values())
    for name, seconds in alone.items():
        print(f"{name:24} {1000 * seconds:8.1f} ms a picture  {seconds / whole:6.1%}")
    ratios = {key: best["original"][key] / best["ours"][key] for key in ("seconds", "processor")}
    times = ratios["seconds"]
    print(f"{times:.2f} times as fast; by processor time, {ratios['processor']:.2f}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor() or platform.machine()
    machine = {"device": device, "torch": torch.__version__, "threads": options.threads or torch.get_num_threads()}
    options.out.write_text(json.dumps({"machine": machine, "times": ratios, "rows": rows}, indent=2), encoding="utf-8")
    return 0 if times >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
