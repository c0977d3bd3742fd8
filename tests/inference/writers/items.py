"""Predictions with masks that are known, to be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.sources import SourcePicture
from yolact_kit.inference.writers import Item
from yolact_kit.shapes.rle import encode_mask

HEIGHT, WIDTH = 90, 120
CLASSES = ["nut", "너트"]
Y, X = np.mgrid[:HEIGHT, :WIDTH]
STICK = (abs(Y - 20) < 4) & (X >= 10) & (X < 60)
PARTS = ((X - 80) ** 2 + (Y - 50) ** 2 < 15**2) | ((X - 80) ** 2 + (Y - 10) ** 2 < 6**2)
RING = ((X - 30) ** 2 + (Y - 60) ** 2 < 22**2) & ((X - 30) ** 2 + (Y - 60) ** 2 > 8**2)
MASKS = [STICK, PARTS, RING]


def item(folder: Path, name: str = "사진/a 1.png", found: bool = True) -> Item:
    """A picture in ``folder`` with three objects: a stick, one in two parts, and one with a hole."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(1, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    masks = MASKS if found else []
    corners = [(x.min(), y.min(), x.max() + 1, y.max() + 1) for y, x in (mask.nonzero() for mask in masks)]
    boxes = np.array(corners, dtype=np.float32).reshape(-1, 4)
    scores, labels = np.array([0.9, 0.8, 0.75], dtype=np.float32), np.array([0, 1, 1])
    rles = [encode_mask(mask) for mask in masks]
    count = len(masks)
    prediction = Prediction(name, WIDTH, HEIGHT, boxes, scores[:count], labels[:count], rles, CLASSES)
    return Item(SourcePicture(name, path), str(Path(name).with_suffix("")), pixels, prediction)
