"""An exported file as a function from images to outputs, run by the program of its format alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from yolact_kit.inference.engines.openvino_core import openvino_core
from yolact_kit.models.exported_settings import INPUT

Runs = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]
"""Images [1, 3, S, S] to the outputs in the order of their names."""


def runtime(file: Path, outputs: Sequence[str]) -> Runs:
    """What runs an exported file in float32 on the processor.

    Args:
        file: The file; a ``.pt2`` is unpickled, so it has to be one that this process wrote.
        outputs: The names of its outputs.

    Returns:
        The function.
    """
    return _RUNTIMES[file.suffix](file, outputs)


def _onnx(file: Path, outputs: Sequence[str]) -> Runs:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda images: list(session.run(list(outputs), {INPUT: images}))


def _openvino(file: Path, outputs: Sequence[str]) -> Runs:
    compiled = openvino_core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        answer = compiled({0: images})
        return [answer[name] for name in outputs]

    return run


def _program(file: Path, outputs: Sequence[str]) -> Runs:
    program = torch.export.load(file).module()

    def run(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [output.numpy() for output in program(torch.from_numpy(images))]

    return run


_RUNTIMES: dict[str, Callable[[Path, Sequence[str]], Runs]] = {".onnx": _onnx, ".xml": _openvino, ".pt2": _program}
