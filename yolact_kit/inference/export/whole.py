"""A whole exported model as what predicts, to check what was just written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from yolact_kit.config.schema import Config
from yolact_kit.inference.engines.openvino_core import openvino_core
from yolact_kit.inference.postprocess import with_masks
from yolact_kit.inference.prediction import Prediction
from yolact_kit.models.exported_settings import INPUT, WHOLE_OUTPUTS
from yolact_kit.models.preprocess import prepare
from yolact_kit.ops.masks import CroppedMask

Runs = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]
"""Images [1, 3, S, S] to the outputs in the order of `WHOLE_OUTPUTS`."""


class WholePredictor:
    """Predicts with a file that was exported whole, by the program of its format alone.

    Args:
        file: The file; a ``.pt2`` is unpickled, so it has to be one that this process wrote.
        config: The model's configuration.
        score: Detections with a lower score are left out.
    """

    def __init__(self, file: Path, config: Config, score: float) -> None:
        self._run = _RUNTIMES[file.suffix](file)
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


def _onnx(file: Path) -> Runs:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda images: list(session.run(list(WHOLE_OUTPUTS), {INPUT: images}))


def _openvino(file: Path) -> Runs:
    compiled = openvino_core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        answer = compiled({0: images})
        return [answer[name] for name in WHOLE_OUTPUTS]

    return run


def _program(file: Path) -> Runs:
    program = torch.export.load(file).module()

    def run(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [output.numpy() for output in program(torch.from_numpy(images))]

    return run


_RUNTIMES: dict[str, Callable[[Path], Runs]] = {".onnx": _onnx, ".xml": _openvino, ".pt2": _program}
