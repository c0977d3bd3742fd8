"""What do the masks of a hundred detections cost? Time and peak memory, compared with enlarging whole float masks.

Each way runs in its own process, on the same prototypes, coefficients and boxes. Measured are the processor time on one
thread, and how far the memory of the process rises above its value with torch loaded and the prototypes created. Prints
a table and writes JSON. Needs Linux or macOS.

Example: python benchmarks/masks.py --sizes 3000x4000 --shares 0.2 1 --out runs/masks.json
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from yolact_kit.ops.masks import assemble, masks_to_rle

Floats = NDArray[np.float32]

LIMIT = 400
"""Megabytes that a hundred masks of a 12-megapixel picture may take."""


def scene(count: int, share: float) -> tuple[Floats, Floats, Floats]:
    """Prototypes [32, 138, 138], coefficients and boxes; the boxes' sides are ``share`` of the picture's."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, 32, 12, 12, generator=generator)
    prototypes = functional.interpolate(coarse, (138, 138), mode="bicubic")[0].relu()
    coefficients = torch.randn(count, 32, generator=generator) * 0.3 + 0.15
    corners = torch.rand(count, 2, generator=generator) * (1 - share)
    boxes = torch.cat([corners, corners + share], dim=1)
    return prototypes.numpy(), coefficients.numpy(), boxes.numpy()


def ours(prototypes: Floats, coefficients: Floats, boxes: Floats, height: int, width: int) -> int:
    """The masks of `masks_to_rle`; the sum of their areas."""
    return int(masks_to_rle(assemble(prototypes, coefficients, boxes), height, width)[1].sum())


def plain(prototypes: Floats, coefficients: Floats, boxes: Floats, height: int, width: int) -> int:
    """Enlarges all masks as floats, as the original does, then encodes them."""
    soft = torch.from_numpy(np.stack([mask.whole() for mask in assemble(prototypes, coefficients, boxes)]))
    whole = functional.interpolate(soft[None], (height, width), mode="bilinear", align_corners=False)[0] > 0.5
    coded = [coco_mask.encode(np.asfortranarray(mask.numpy().view(np.uint8))) for mask in whole]
    return int(coco_mask.area(coded).sum())


WAYS: dict[str, Callable[[Floats, Floats, Floats, int, int], int]] = {"ours": ours, "plain": plain}


def peak_megabytes() -> float:
    """The most memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux its peak is at least that of the process that started this one.
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(way: str, size: str, count: int, share: float) -> dict[str, Any]:
    """Runs one way in this process."""
    torch.set_num_threads(1)
    height, width = (int(side) for side in size.split("x"))
    prototypes, coefficients, boxes = scene(count, share)
    WAYS[way](prototypes, coefficients[:2], boxes[:2], 64, 64)
    before, start = peak_megabytes(), time.process_time()
    area = WAYS[way](prototypes, coefficients, boxes, height, width)
    seconds, megabytes = time.process_time() - start, peak_megabytes() - before
    return {"way": way, "size": size, "count": count, "share": share, "area": area / count / height / width,
            "seconds": seconds, "megabytes": megabytes}  # fmt: skip


def measured(way: str, size: str, count: int, share: float) -> dict[str, Any]:
    """`measure` in a process of its own."""
    words = ["--way", way, "--sizes", size, "--count", str(count), "--shares", str(share)]
    done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def main() -> int:
    """Measures, prints, writes; exit code 1 if a 12-megapixel picture takes more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["3000x4000"], help="height x width in pixels")
    parser.add_argument("--shares", nargs="+", type=float, default=[0.2, 1.0], help="side of the boxes, 0..1")
    parser.add_argument("--count", type=int, default=100, help="detections")
    parser.add_argument("--way", choices=WAYS, help="measure this one alone, in this process, and print JSON")
    parser.add_argument("--ours-only", action="store_true", help="where the plain way does not fit into memory")
    parser.add_argument("--out", type=Path, default=Path("runs/masks.json"))
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.sizes[0], options.count, options.shares[0])))
        return 0
    ways = ["ours"] if options.ours_only else list(WAYS)
    cases = [(size, share) for size in options.sizes for share in options.shares]
    rows = [[measured(way, size, options.count, share) for way in ways] for size, share in cases]
    table = Table(title=f"masks of {options.count} detections, above the prototypes' own memory")
    for column in ("picture", "box side", "mask area", "s", "MB", "plain: s", "MB", "time", "memory"):
        table.add_column(column, justify="right")
    for row in rows:
        cells = [row[0]["size"], f"{row[0]['share']:g}", f"{row[0]['area']:.3f}"]
        cells += [text for one in row for text in (f"{one['seconds']:.2f}", f"{one['megabytes']:.0f}")]
        if len(row) > 1:
            cells.append(f"1/{row[1]['seconds'] / row[0]['seconds']:.0f}")
            cells.append(f"1/{row[1]['megabytes'] / max(row[0]['megabytes'], 1):.0f}")
        table.add_row(*cells)
    Console().print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "torch": torch.__version__}
    options.out.write_text(json.dumps({"machine": machine, "limit": LIMIT, "rows": rows}, indent=2), encoding="utf-8")
    largest = max((row[0]["megabytes"] for row in rows if row[0]["size"] == "3000x4000"), default=0)
    return 0 if largest <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
