"""Exported models in an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.inference.engines.choice import EngineWish, check_runtime
from yolact_kit.inference.engines.compiled_cache import CompiledCache, cache_folder, file_checksum
from yolact_kit.inference.engines.engine import Engine
from yolact_kit.inference.engines.names import check_engine
from yolact_kit.models.exported_settings import ExportedSettings

_ENGINES = {".onnx": "onnx", ".xml": "openvino"}
"""The engine of each format that can be predicted with, by the suffix of its file."""


def is_exported(weights: Path | str) -> bool:
    """Whether weights are a model that was exported, by the suffix of the file.

    Example:
        >>> is_exported("model.onnx"), is_exported("runs/train-1")
        (True, False)
    """
    return Path(weights).suffix.lower() in {*_ENGINES, ".pt2", ".bin"} and not Path(weights).is_dir()


def load_exported(file: Path, wish: EngineWish, precision: str | None = None) -> tuple[Engine, ExportedSettings]:
    """An exported model in the engine of its format.

    Args:
        file: An ``.onnx``, or an ``.xml`` with its ``.bin`` beside it.
        wish: What the user asks for.
        precision: ``f32`` or ``bf16`` for OpenVINO's arithmetic; None for what the processor does best.

    Returns:
        The engine, and what is stored in the file.

    Raises:
        UserError: The file is missing, damaged, foreign or dangerous, or is not for the engine that was asked for.
    """
    check_engine(wish.engine)
    settings = read_exported(file)
    name = _ENGINES[file.suffix.lower()]
    if wish.engine not in ("auto", name):
        raise UserError(f"'{file}' is for the engine '{name}', not for '{wish.engine}'.", f"Use `--engine {name}`.")
    check_runtime(replace(wish, engine=name))
    reason = "the format of the file"
    weights = file_checksum(file)
    try:
        if name == "onnx":
            from yolact_kit.inference.engines.onnx_engine import OnnxEngine

            return OnnxEngine(file, weights, reason=reason), settings
        from yolact_kit.inference.engines.openvino_engine import OpenVinoEngine, read_model

        weights += file_checksum(file.with_suffix(".bin"))
        cache = CompiledCache(cache_folder())
        engine = OpenVinoEngine(lambda: read_model(file), weights, cache, None, precision, reason)
        engine.prepare()
    except Exception as error:  # the errors of both runtimes have no common class
        problem = str(error).strip().splitlines()[0]
        raise UserError(f"'{file}' cannot be run: {problem}", "It may be damaged: export the model again.") from error
    return engine, settings


def read_exported(file: Path) -> ExportedSettings:
    """What is stored in an exported model, after a check that it can be run without danger; nothing is executed.

    Args:
        file: An ``.onnx``, or an ``.xml`` with its ``.bin`` beside it.

    Returns:
        Its settings.

    Raises:
        UserError: The file is missing, damaged, foreign or dangerous, or has a form that `predict` does not take.
    """
    suffix = file.suffix.lower()
    if suffix not in _ENGINES:
        advice = {".bin": f"Give the .xml beside it: '{file.with_suffix('.xml')}'."}
        reason = {".pt2": "torch.export.load would unpickle it"}.get(suffix, "it is one half of a model")
        raise UserError(
            f"'{file}' is not predicted with: {reason}.",
            advice.get(suffix, "Export the model as onnx or openvino, or give the weights that it was exported from."),
        )
    if not file.is_file():
        raise UserError(f"The exported model '{file}' does not exist.", "Give a file that `yolact-kit export` wrote.")
    if suffix == ".onnx":
        from yolact_kit.inference.engines.onnx_file import read_onnx

        settings = ExportedSettings.read(read_onnx(file), str(file))
    else:
        from yolact_kit.inference.engines.openvino_file import read_openvino

        settings = ExportedSettings.read(read_openvino(file), str(file))
    if settings.layout:
        raise UserError(
            f"'{file}' has the layout '{settings.layout}', for the programs that read it.",
            "To predict with it here, export the model again without `--layout`.",
        )
    if settings.whole:
        raise UserError(
            f"'{file}' gives finished detections, for programs without yolact-kit.",
            "To predict with it here, export the model again without `--whole`.",
        )
    return settings
