"""Predictions as masks in PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.files import atomic_write_text
from yolact_kit.inference.drawing import class_color
from yolact_kit.inference.writers.items import Item, WriteOptions
from yolact_kit.inference.writers.names import object_name
from yolact_kit.json_text import json_text
from yolact_kit.pixels.writing import save_image


class PngWriter:
    """Writes ``png/``, by picture: which object, which class, and each object by itself.

    - ``instance/NAME.png``: 0 for background, else the number of the detection, the best being 1 and on top.
    - ``semantic/NAME.png``: 0 for background, else the number of the class, as ``classes.json`` names them.
    - ``objects/NAME/001_CLASS_0.97.png``: 255 where the object is, one file a detection.

    The first two are palette pictures, whose pixel values are the numbers; 16-bit grey where a number is above 255.

    Args:
        out: Folder to write into.
        classes: Class names.
        options: Not used here.
    """

    def __init__(self, out: Path, classes: Sequence[str], options: WriteOptions) -> None:
        self.folder = out / "png"
        self._classes = list(classes)

    def add(self, item: Item) -> None:
        """Writes the masks of one picture."""
        prediction = item.prediction
        instance = np.zeros((prediction.height, prediction.width), dtype=np.uint16)
        semantic = np.zeros_like(instance)
        # The worst detection comes first, so that better ones cover it.
        for index in reversed(range(len(prediction))):
            x, y, inside = prediction.crop(index)
            window = slice(y, y + inside.shape[0]), slice(x, x + inside.shape[1])
            label, score = int(prediction.labels[index]), float(prediction.scores[index])
            instance[window][inside] = index + 1
            semantic[window][inside] = label + 1
            file = self.folder / "objects" / item.stem / object_name(index + 1, self._classes[label], score)
            save_image(file, Image.fromarray(prediction.mask(index) * np.uint8(255)))
        save_image(self.folder / "instance" / f"{item.stem}.png", _numbered(instance, len(prediction)))
        save_image(self.folder / "semantic" / f"{item.stem}.png", _numbered(semantic, len(self._classes)))

    def close(self) -> None:
        """Writes which number is which class."""
        numbers = {str(number): name for number, name in enumerate(["background", *self._classes])}
        atomic_write_text(self.folder / "classes.json", json_text(numbers, indent=True))


def _numbered(values: NDArray[np.uint16], highest: int) -> Image.Image:
    """A picture whose pixel values are the numbers, in colours where they fit a palette."""
    if highest > 255:
        return Image.fromarray(values)
    image = Image.fromarray(values.astype(np.uint8)).convert("L")
    palette = [0, 0, 0]
    for index in range(255):
        palette.extend(class_color(index))
    image.putpalette(palette)
    return image
