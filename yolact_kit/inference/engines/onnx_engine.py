"""ONNX Runtime as the engine: what most programs run exported models with."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime

from yolact_kit.cores import requested_threads
from yolact_kit.inference.engines.engine import MaskScorer, NetworkOutputs
from yolact_kit.models.exported_settings import INPUT, OUTPUTS
from yolact_kit.ops.box_arrays import Floats


class OnnxEngine:
    """Runs an ONNX file by ONNX Runtime on the processor.

    Args:
        model: The file, or its content.
        weights: Text that stands for the weights, such as a checksum.
        mask_scorer: The model's mask-IoU network.
        reason: See `Engine`.

    Raises:
        Exception: ONNX Runtime cannot run this file; its errors have no common class but this.
    """

    parallel = False

    def __init__(
        self, model: Path | bytes, weights: str, mask_scorer: MaskScorer | None = None, reason: str = ""
    ) -> None:
        self.mask_scorer = mask_scorer
        self.reason = reason
        self.description = f"ONNX Runtime {onnxruntime.__version__}"
        self._weights = weights
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors alone
        options.intra_op_num_threads = requested_threads() or 0  # 0: as many as the processor has cores
        content = model if isinstance(model, bytes) else os.fspath(model)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(self, images: Floats, neighbours: int = 0) -> NetworkOutputs:
        """See `Engine`; the runtime divides each operation among all cores, whatever else runs."""
        arrays = self._session.run(list(OUTPUTS), {INPUT: images})
        return NetworkOutputs(*(np.asarray(array, dtype=np.float32) for array in arrays))

    def fingerprint(self) -> str:
        """See `Engine`."""
        return f"{self._weights} {self.description}"
