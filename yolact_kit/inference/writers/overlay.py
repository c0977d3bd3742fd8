"""Pictures with the predictions drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.inference.drawing import Style, class_font, draw_prediction
from yolact_kit.inference.notes import Notes, draw_notes, text_rectangles
from yolact_kit.inference.writers.items import Item, WriteOptions
from yolact_kit.pixels.writing import save_image


class OverlayWriter:
    """Writes ``overlay/``: each picture as a JPEG with masks, outlines, class names and scores.

    Args:
        out: Folder to write into.
        classes: Class names.
        options: How objects are drawn: its ``style``.
    """

    def __init__(self, out: Path, classes: Sequence[str], options: WriteOptions) -> None:
        self.folder = out / "overlay"
        self._style = options.style

    def add(self, item: Item) -> None:
        """Writes the picture of one prediction."""
        save_image(self.folder / f"{item.stem}.jpg", Image.fromarray(draw_item(item, self._style)), quality=92)

    def close(self) -> None:
        """Creates the folder even if there was no picture."""
        self.folder.mkdir(parents=True, exist_ok=True)


def draw_item(item: Item, style: Style) -> NDArray[np.uint8]:
    """A picture with its detections and notes drawn over it, uint8 [H, W, 3], red, green, blue."""
    font, notes = class_font(item.prediction.classes), item.notes or Notes()
    over = draw_prediction(item.pixels, item.prediction, style, text_rectangles(notes, item.pixels.shape, font))
    return draw_notes(over, notes, font)
