"""Predictions as one COCO document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.files import atomic_write_text
from yolact_kit.inference.prediction import Prediction


class CocoWriter:
    """Writes ``predictions.json``: every picture, every class, every detection.

    Args:
        out: Folder to write into.
        classes: Class names; their category ids are 1..N.
    """

    def __init__(self, out: Path, classes: Sequence[str]) -> None:
        self.file = out / "predictions.json"
        self._images: list[dict[str, Any]] = []
        self._categories = [{"id": number, "name": name} for number, name in enumerate(classes, start=1)]
        self._annotations: list[dict[str, Any]] = []

    def add(self, prediction: Prediction, pixels: NDArray[np.uint8]) -> None:
        """Takes the prediction of one picture."""
        number = len(self._images) + 1
        image = {"id": number, "file_name": prediction.file, "width": prediction.width, "height": prediction.height}
        first = len(self._annotations) + 1
        found = [{"id": place, **one, "iscrowd": 0} for place, one in enumerate(prediction.to_coco(number), first)]
        self._annotations.extend(found)
        self._images.append(image)

    def close(self) -> None:
        """Writes the file."""
        document = {"images": self._images, "categories": self._categories, "annotations": self._annotations}
        atomic_write_text(self.file, json.dumps(document, ensure_ascii=False) + "\n")
