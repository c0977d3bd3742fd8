"""The formats to export to: what each is called, its file, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from yolact_kit.inference.export.names import SUFFIXES
from yolact_kit.models.exported_settings import MARK, ExportedSettings
from yolact_kit.models.yolact import YolactNetwork


class ExportFormat(NamedTuple):
    """A format.

    Attributes:
        suffix: Of its file.
        write: Writes a network, on the CPU, with its settings to a file; returns what is worth saying of the file.
        half: Whether it can store weights in half precision.
    """

    suffix: str
    write: Callable[[YolactNetwork, ExportedSettings, Path], str]
    half: bool


def _write_onnx(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
    from yolact_kit.inference.engines.onnx_writing import onnx_bytes, opset_of

    content = onnx_bytes(network, settings)
    if settings.precision == "f16":
        from yolact_kit.inference.engines.onnx_writing import halved

        content = halved(content)
    file.write_bytes(content)
    return f"opset {opset_of(network)}, any number of pictures at once"


def _write_openvino(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
    from yolact_kit.inference.engines.openvino_conversion import converted
    from yolact_kit.inference.engines.openvino_core import openvino
    from yolact_kit.models.traced import traced

    model = converted(traced(network, settings))
    for key, text in settings.to_dict().items():
        model.set_rt_info(text, [MARK, key])
    openvino.save_model(model, file, compress_to_fp16=settings.precision == "f16")
    return f"one picture at a time; its weights are in {file.with_suffix('.bin').name}"


def _write_torch(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
    import torch

    from yolact_kit.models.traced import program_of, traced

    torch.export.save(program_of(traced(network, settings)), file, extra_files=settings.to_dict())
    return "any number of pictures at once; torch.export.load unpickles it: load only files that you trust"


FORMATS: dict[str, ExportFormat] = {
    "onnx": ExportFormat(SUFFIXES["onnx"], _write_onnx, half=True),
    "openvino": ExportFormat(SUFFIXES["openvino"], _write_openvino, half=True),
    "torch-export": ExportFormat(SUFFIXES["torch-export"], _write_torch, half=False),
}
"""The formats, by the names in `yolact_kit.inference.export.names`."""
