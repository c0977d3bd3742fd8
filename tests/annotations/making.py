"""Small folders of labels to read, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from yolact_kit.annotations.dataset import Instance
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.read import read_source
from yolact_kit.annotations.result import ReadResult

WIDTH, HEIGHT = 60, 40
TRIANGLE = [[5.0, 5.0], [25.5, 6.0], [10.0, 30.25]]
"""An ordinary polygon inside a picture of WIDTH x HEIGHT pixels."""


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT), **options: Any) -> Path:
    """Writes a picture of smooth noise; another seed, another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rough = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(path, **options)
    return path


def shape(points: Any = None, label: Any = "nut", kind: str | None = "polygon", **more: Any) -> dict[str, Any]:
    """A shape as labelme writes it."""
    entry = {"label": label, "points": TRIANGLE if points is None else points, "group_id": None, "flags": {}, **more}
    return {**entry, "shape_type": kind} if kind is not None else entry


def labelme_document(image: str, shapes: list[Any], **more: Any) -> dict[str, Any]:
    """A labelme file of the picture ``image``."""
    document = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": image, "imageData": None}
    return {**document, "imageHeight": HEIGHT, "imageWidth": WIDTH, **more}


def labelled(folder: Path, stem: str, shapes: list[Any], seed: int = 0, **more: Any) -> Path:
    """Writes a picture and its labelme file; returns the latter."""
    picture(folder / f"{stem}.png", seed)
    file = folder / f"{stem}.json"
    document = labelme_document(f"{stem}.png", shapes, **more)
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return file


def read(folder: Path, **options: Any) -> ReadResult:
    """Reads a folder with one thread."""
    return read_source(folder, ReadOptions(workers=1, **options))


def instances(result: ReadResult) -> list[Instance]:
    """All objects that were read."""
    return [instance for item in result.labelled for instance in item.picture.instances]


def codes(result: ReadResult) -> list[str]:
    """Severity and code of every problem, such as ``"F clipped"``."""
    return [f"{problem.severity} {problem.code}" for problem in result.problems]
