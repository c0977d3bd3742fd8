"""A whole exported model as what predicts, to check what was just written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import Config
from yolact_kit.inference.export.runtimes import runtime
from yolact_kit.inference.postprocess import with_masks
from yolact_kit.inference.prediction import Prediction
from yolact_kit.models.exported_settings import WHOLE_OUTPUTS
from yolact_kit.models.preprocess import prepare
from yolact_kit.ops.masks import CroppedMask


class WholePredictor:
    """Predicts with a file that was exported whole, by the program of its format alone.

    Args:
        file: The file; a ``.pt2`` is unpickled, so it has to be one that this process wrote.
        config: The model's configuration.
        score: Detections with a lower score are left out.
    """

    def __init__(self, file: Path, config: Config, score: float) -> None:
        self._run = runtime(file, WHOLE_OUTPUTS)
        self._config = config
        self._score = score

    def predict(self, pictures: Iterable[NDArray[np.uint8]]) -> list[Prediction]:
        """As `Predictor.predict`."""
        return [self._predict(pixels) for pixels in pictures]

    def _predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """The detections of one picture."""
        height, width = pixels.shape[:2]
        outputs = self._run(prepare(pixels, self._config.model)[None])
        boxes, scores, labels, masks = (output[0] for output in outputs)
        sure = scores >= max(self._score, 1e-6)
        soft = [CroppedMask(0, 0, mask, mask.shape) for mask in masks[sure]]
        detections, _ = with_masks(boxes[sure], scores[sure], labels[sure], soft, (height, width))
        return Prediction("", width, height, *detections, classes=self._config.classes)
