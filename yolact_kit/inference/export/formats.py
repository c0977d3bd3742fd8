"""The formats to export to: what each is called, its file, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from yolact_kit.inference.export.names import SUFFIXES, files_beside
from yolact_kit.inference.export.yolo_metadata import YOLO_NAMES, openvino_yaml, x_anylabeling_yaml
from yolact_kit.inference.export.yolo_network import YoloSegNetwork, form_of
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

    form = form_of(network, settings)
    content = onnx_bytes(network, settings, form)
    if settings.precision == "f16":
        from yolact_kit.inference.engines.onnx_writing import halved

        content = halved(content)
    file.write_bytes(content)
    opset = f"opset {opset_of(network)}"
    if isinstance(form, YoloSegNetwork):
        [beside] = files_beside(settings.layout, file)
        beside.write_text(x_anylabeling_yaml(file, settings, form.side), encoding="utf-8")
        return f"{opset}, {_describe_layout(form, settings)}; X-AnyLabeling loads {beside.name}"
    return f"{opset}, any number of pictures at once"


def _write_openvino(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
    from yolact_kit.inference.engines.openvino_conversion import converted
    from yolact_kit.inference.engines.openvino_core import openvino

    form = form_of(network, settings)
    model = converted(form)
    for key, text in settings.to_dict().items():
        model.set_rt_info(text, [MARK, key])
    openvino.save_model(model, file, compress_to_fp16=settings.precision == "f16")
    weights = f"its weights are in {file.with_suffix('.bin').name}"
    if isinstance(form, YoloSegNetwork):
        [beside] = files_beside(settings.layout, file)
        beside.write_text(openvino_yaml(form.metadata), encoding="utf-8")
        return f"{_describe_layout(form, settings)}; {weights}"
    return f"one picture at a time; {weights}"


def _describe_layout(form: YoloSegNetwork, settings: ExportedSettings) -> str:
    """What goes in, and whose layout comes out, in words."""
    return f"one picture of {form.side} x {form.side} at a time, in the layout of {YOLO_NAMES[settings.layout]}"


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
