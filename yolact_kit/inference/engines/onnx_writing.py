"""Writing ONNX, the format that most runtimes read."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from yolact_kit.errors import UserError
from yolact_kit.models.exported_settings import INPUT, ExportedSettings
from yolact_kit.models.traced import TracedNetwork, program_of, traced
from yolact_kit.models.yolact import YolactNetwork

if TYPE_CHECKING:
    from onnx import ModelProto

LAYOUT = "onnx 1"
"""Goes up when the files that are written change, so that those in the cache are not used any more."""
OPSET = 18
"""Version of ONNX's operators: old enough for every runtime of the last years."""
DEFORMABLE_OPSET = 20
"""The version for deformable convolutions, which ONNX has had since 19."""


def opset_of(network: YolactNetwork) -> int:
    """The version of ONNX's operators that a network needs."""
    return DEFORMABLE_OPSET if network.config.deformable else OPSET


def onnx_bytes(network: YolactNetwork, settings: ExportedSettings, form: TracedNetwork | None = None) -> bytes:
    """A network as the content of an ONNX file.

    Args:
        network: The network, on the CPU.
        settings: What is stored beside it.
        form: The network in the form to write; None for the one that the settings ask for.

    Returns:
        The file's content: input `INPUT` float32 [batch, 3, S, S], and the outputs of the form by its names.

    Raises:
        UserError: The packages that write ONNX are not installed.
    """
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError(
            "The packages onnx and onnxscript, which write ONNX files, are not installed.",
            "Run `pip install yolact-kit[export]`.",
        ) from error
    form = form or traced(network, settings)
    with _quiet():
        program = torch.onnx.export(program_of(form), dynamo=True, opset_version=opset_of(network), verbose=False)
    assert program is not None
    graph = program.model.graph
    graph.inputs[0].name = INPUT
    for output, name in zip(graph.outputs, form.outputs, strict=True):
        output.name = name
    program.model.metadata_props.update(form.metadata | settings.to_dict())
    model = program.model_proto
    _separate_constants(model)
    return bytes(model.SerializeToString())


def _separate_constants(model: ModelProto) -> None:
    """Puts a node between stored tensors and outputs that are the same, which not all programs can read."""
    from onnx import helper

    outputs = {output.name for output in model.graph.output}
    for tensor in model.graph.initializer:
        if tensor.name in outputs:
            name = tensor.name
            tensor.name = f"{name}_stored"
            model.graph.node.append(helper.make_node("Identity", [tensor.name], [name]))


def halved(content: bytes) -> bytes:
    """The content of an ONNX file with weights and arithmetic in half precision; input and outputs stay float32."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with _quiet():
        model = convert_float_to_float16(onnx.load_from_string(content), keep_io_types=True)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the exporter's remarks on its own progress off the console."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
