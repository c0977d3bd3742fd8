"""ONNX files: what is stored in them, and whether they are safe to run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from yolact_kit.errors import UserError
from yolact_kit.models.exported_settings import LARGEST_SIDE, MOST_VALUES

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto

DOMAINS = ("", "ai.onnx")
"""Domains of the operators of ONNX itself; everything else is code that would have to come from elsewhere."""


def read_onnx(file: Path) -> dict[str, str]:
    """The metadata of an ONNX file, after a check that it can be run without danger; nothing is executed.

    Args:
        file: The file.

    Returns:
        Its metadata, texts by key.

    Raises:
        UserError: The package ``onnx`` is missing; or the file is no ONNX file, is damaged, keeps tensors in other
            files, has operators that are not ONNX's own, or has shapes that no picture needs.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise UserError(
            "The package onnx, which reads ONNX files, is not installed.", "Run `pip install yolact-kit[export]`."
        ) from error
    try:
        model = onnx.load(file, load_external_data=False)
    except (OSError, DecodeError, ValueError) as error:
        raise UserError(f"'{file}' cannot be read as ONNX.", "It may be truncated, or not be an ONNX file.") from error
    if not model.graph.node:
        raise UserError(f"'{file}' cannot be read as ONNX.", "It may be truncated, or not be an ONNX file.")
    _check(model, file)
    return {entry.key: entry.value for entry in model.metadata_props}


def _check(model: ModelProto, file: Path) -> None:
    """Refuses what could read other files, run foreign code or take all memory."""
    from onnx.external_data_helper import uses_external_data

    foreign = {node.domain for graph in _graphs(model.graph) for node in graph.node}.difference(DOMAINS)
    if foreign or model.functions:
        what = f"of the domain '{min(foreign)}'" if foreign else "that it defines itself"
        raise UserError(f"'{file}' has operators {what}.", "Only ONNX's own operators are run.")
    if any(uses_external_data(tensor) for tensor in _tensors(model.graph)):
        raise UserError(f"'{file}' keeps its weights in other files.", "Give a file that holds everything itself.")
    _check_input(model, file)
    _check_shapes(model, file)


def _check_input(model: ModelProto, file: Path) -> None:
    """Refuses pictures that are too large."""
    for value in model.graph.input:
        sides = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        if max(sides, default=0) > LARGEST_SIDE or min(sides, default=0) < 0:
            raise UserError(f"'{file}' asks for pictures of {sides}, which is too large.", "Export the model again.")


def _check_shapes(model: ModelProto, file: Path) -> None:
    """Refuses tensors that would take all memory, as far as their shapes follow from the input's."""
    import onnx

    del model.graph.value_info[:]  # what the file itself says of shapes is not to be relied on
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise UserError(f"'{file}' is damaged: its shapes do not fit.", "Export the model again.") from error
    for value in [*inferred.graph.value_info, *inferred.graph.output]:
        values = math.prod(max(1, dimension.dim_value) for dimension in value.type.tensor_type.shape.dim)
        if values > MOST_VALUES:
            raise UserError(f"'{file}' makes a tensor of {values} values, which is too large.", "Export it again.")


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """A graph and those inside its nodes, such as the branches of a condition."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                if inner.node:
                    yield from _graphs(inner)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """All tensors that are stored in a graph."""
    for inner in _graphs(graph):
        yield from inner.initializer
        for node in inner.node:
            for attribute in node.attribute:
                yield attribute.t
                yield from attribute.tensors
