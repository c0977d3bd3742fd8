"""How large and how fast are the models? Prints a table and writes JSON.

Operations are multiply-adds of the network for one picture: half of what torch's flop counter says. Time is that of the
network alone on one processor core, as a multiple of the time of yolact_resnet50, so other running programs hardly
matter.

Example: python benchmarks/models.py --runs 3 --out runs/models.json
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch
import torchvision
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from yolact_kit.config.files import override, template, template_names
from yolact_kit.config.schema import ModelConfig
from yolact_kit.models.class_names import COCO_CLASSES, PASCAL_CLASSES
from yolact_kit.models.yolact import YolactNetwork

YARDSTICK = "yolact_resnet50"
BACKBONES = ("mobilenet_v3_large", "efficientnet_b0", "convnext_tiny")
"""Backbones that are measured in the yardstick, besides the shipped models."""


def deformable_flops(_x: Any, weight: Any, *_rest: Any, out_shape: Any = None, **_options: Any) -> int:
    """Operations of a deformable convolution, two for each multiply-add; its interpolation is not counted."""
    batch, channels, height, width = out_shape
    return int(2 * batch * channels * height * width * weight[1] * weight[2] * weight[3])


def subjects() -> dict[str, ModelConfig]:
    """The models to measure: the shipped ones, and the reference with other backbones."""
    named = {name: template(name).model for name in template_names()}
    others = {
        f"{YARDSTICK}, {name}": override(template(YARDSTICK), [f"model.backbone={name}"]).model for name in BACKBONES
    }
    return named | others


def build(name: str, config: ModelConfig) -> YolactNetwork:
    """The model, for the classes of the data set that the paper trains it on."""
    return YolactNetwork(config, len(PASCAL_CLASSES if "pascal" in name else COCO_CLASSES)).eval()


def measure(name: str, config: ModelConfig, runs: int) -> dict[str, float | int | str]:
    """Parameters, multiply-adds and the fewest processor seconds for a picture."""
    torch.manual_seed(0)
    model = build(name, config)
    picture = torch.rand(1, 3, config.input_size, config.input_size) * 255
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.torchvision.deform_conv2d: deformable_flops})
    times = []
    with torch.inference_mode(), counter:
        model(picture)
    with torch.inference_mode():
        for _ in range(runs):
            start = time.process_time()
            model(picture)
            times.append(time.process_time() - start)
    return {
        "model": name,
        "backbone": config.backbone,
        "size": config.input_size,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": counter.get_total_flops() // 2,
        "seconds": min(times, default=float("nan")),
    }


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each model; 0 counts only")
    parser.add_argument("--out", type=Path, default=Path("runs/models.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(name, config, options.runs) for name, config in subjects().items()]
    yardstick = next(row["seconds"] for row in rows if row["model"] == YARDSTICK)
    table = Table(title=f"models, best of {options.runs} runs on one processor core")
    for column in ("model", "backbone", "px", "parameters, M", "multiply-adds, G", f"time, {YARDSTICK} = 1"):
        table.add_column(column)
    for row in rows:
        row["relative_time"] = row["seconds"] / yardstick
        millions, billions = row["parameters"] / 1e6, row["multiply_adds"] / 1e9
        measured = (f"{millions:.1f}", f"{billions:.1f}", f"{row['relative_time']:.2f}")
        table.add_row(str(row["model"]), str(row["backbone"]), str(row["size"]), *measured)
    Console(width=110).print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
    }
    options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
