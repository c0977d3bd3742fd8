"""Pictures with the predictions drawn over them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.files import atomic_write_bytes
from yolact_kit.inference.drawing import Style, draw_prediction
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.writers.names import Names


class OverlayWriter:
    """Writes ``overlay/``: each picture as a JPEG with masks, outlines, class names and scores.

    Args:
        out: Folder to write into.
        classes: Class names.
        style: How detections are drawn.
    """

    def __init__(self, out: Path, classes: Sequence[str], style: Style | None = None) -> None:
        self.folder = out / "overlay"
        self._style = style
        self._names = Names()

    def add(self, prediction: Prediction, pixels: NDArray[np.uint8]) -> None:
        """Writes the picture of one prediction."""
        drawn = io.BytesIO()
        Image.fromarray(draw_prediction(pixels, prediction, self._style)).save(drawn, "JPEG", quality=92)
        atomic_write_bytes(self.folder / self._names.give(prediction.file, ".jpg"), drawn.getvalue())

    def close(self) -> None:
        """Makes the folder where there was no picture."""
        self.folder.mkdir(parents=True, exist_ok=True)
