"""ONNX Runtime as the engine: what most programs run exported models with."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from yolact_kit.cores import requested_threads
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.traced import INPUT, OUTPUTS
from yolact_kit.models.yolact import RawOutputs


class OnnxEngine:
    """Runs an ONNX file by ONNX Runtime on the processor.

    Args:
        model: The file, or its content.
        weights: Text that stands for the weights, such as a checksum.
        mask_scoring: The model's mask-IoU network, which torch runs.
        reason: See `Engine`.

    Raises:
        Exception: ONNX Runtime cannot run this file; its errors have no common class but this.
    """

    parallel = False

    def __init__(
        self, model: Path | bytes, weights: str, mask_scoring: MaskScoring | None = None, reason: str = ""
    ) -> None:
        self.mask_scoring = mask_scoring
        self.reason = reason
        self.description = f"ONNX Runtime {onnxruntime.__version__}"
        self._weights = weights
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors alone
        options.intra_op_num_threads = requested_threads() or 0  # 0: as many as the processor has cores
        content = model if isinstance(model, bytes) else os.fspath(model)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(self, images: Tensor, neighbours: int = 0) -> RawOutputs:
        """See `Engine`; the runtime divides each operation among all cores, whatever else runs."""
        arrays = self._session.run(list(OUTPUTS), {INPUT: np.asarray(images.cpu().numpy(), dtype=np.float32)})
        outputs = dict(zip(OUTPUTS, map(torch.from_numpy, arrays), strict=True))
        return RawOutputs(**outputs, semantic=None)

    def fingerprint(self) -> str:
        """See `Engine`."""
        return f"{self._weights} {self.description}"
