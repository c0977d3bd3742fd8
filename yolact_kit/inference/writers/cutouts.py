"""Each object, cut out of its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from yolact_kit.inference.writers.items import Item, WriteOptions
from yolact_kit.inference.writers.names import object_name
from yolact_kit.pixels.writing import save_image


class CutoutWriter:
    """Writes ``cutouts/NAME/001_CLASS_0.97.png``: the object's pixels on a transparent background.

    Args:
        out: Folder to write into.
        classes: Class names.
        options: Not used here.
    """

    def __init__(self, out: Path, classes: Sequence[str], options: WriteOptions) -> None:
        self.folder = out / "cutouts"
        self._classes = classes

    def add(self, item: Item) -> None:
        """Writes the objects of one picture; a detection without any pixel gives no file."""
        prediction = item.prediction
        labels, scores = prediction.labels.tolist(), prediction.scores.tolist()
        for index, (label, score) in enumerate(zip(labels, scores, strict=True)):
            x, y, inside = prediction.crop(index)
            if inside.size == 0:
                continue
            pixels = item.pixels[y : y + inside.shape[0], x : x + inside.shape[1]]
            cut = np.dstack([pixels * inside[..., None], inside * np.uint8(255)])
            file = self.folder / item.stem / object_name(index + 1, self._classes[label], score)
            save_image(file, Image.fromarray(cut))

    def close(self) -> None:
        """Creates the folder even if there was nothing to cut out."""
        self.folder.mkdir(parents=True, exist_ok=True)
