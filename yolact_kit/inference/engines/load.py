"""Weights and exported models in an engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.choice import EngineWish, choose_engine
from yolact_kit.inference.engines.compiled_cache import CompiledCache, cache_folder, file_checksum
from yolact_kit.inference.engines.device import choose_device
from yolact_kit.inference.engines.engine import Engine, MaskScorer
from yolact_kit.inference.engines.exported import is_exported, load_exported
from yolact_kit.models.download import local_weights
from yolact_kit.models.stored_weights import find_weights, read_settings

if TYPE_CHECKING:
    from openvino import Model

    from yolact_kit.models.weights import LoadedModel


@dataclass(slots=True)
class LoadedEngine:
    """An engine with a model in it, and what is stored beside the weights.

    Attributes:
        engine: The engine.
        config: The configuration that the model was trained with.
        threshold: The score threshold that training chose for it; None where the weights have none.
    """

    engine: Engine
    config: Config
    threshold: ScoreThreshold | None


def load_engine(weights: Path | str, wish: EngineWish, model: str | None = None) -> LoadedEngine:
    """Weights in the engine that the user asks for, or in the one that suits them and this machine best.

    Args:
        weights: What `read_weights` takes, or a model that `export_model` wrote.
        wish: The engine, the device and what the results have to be.
        model: Which model a checkpoint of the original's is of, if its name does not say.

    Returns:
        The engine, configuration and threshold.

    Raises:
        UserError: The weights, the device or the engine are missing, wishes contradict each other, or the weights
            cannot be read.
    """
    if is_exported(weights):
        engine, settings = load_exported(Path(weights), wish)
        return LoadedEngine(engine, settings.config, settings.threshold)
    name, reason = choose_engine(wish)
    if name != "torch":
        source = _Source(find_weights(Path(local_weights(weights))), model)
        try:
            return _in_runtime(source, name, reason)
        except UserError:
            raise
        except Exception as error:  # the errors of OpenVINO, ONNX Runtime and torch's exporter have no common class
            problem = str(error).strip().splitlines()[0]
            if wish.engine != "auto":
                raise UserError(f"'{weights}' cannot be run so: {problem}", "Use `--engine torch`.") from error
            reason = f"OpenVINO cannot run this model: {problem}"
    from yolact_kit.inference.engines.torch_engine import TorchEngine
    from yolact_kit.models.weights import load_weights

    device = choose_device(wish.device)
    loaded = load_weights(weights, device, model)
    return LoadedEngine(TorchEngine(loaded.model, device, reason), loaded.config, loaded.threshold)


class _Source:
    """A file of weights, whose tensors are read only if something has to be made of them."""

    def __init__(self, file: Path, model: str | None) -> None:
        self.file = file
        self._model = model
        self._whole: LoadedModel | None = None
        if file.suffix == ".safetensors":
            stored = read_settings(file)
            self.config, self.threshold = stored.config, stored.threshold
        else:
            self.config, self.threshold = self.whole().config, self.whole().threshold

    def whole(self) -> LoadedModel:
        """The model with its tensors."""
        if self._whole is None:
            from yolact_kit.models.weights import load_weights

            self._whole = load_weights(self.file, "cpu", self._model)
        return self._whole


def _in_runtime(source: _Source, name: str, reason: str) -> LoadedEngine:
    """Weights in OpenVINO or ONNX Runtime, from what the cache has of them."""
    cache = CompiledCache(cache_folder())
    weights = f"{file_checksum(source.file)} {source.config.model.model_dump_json()}"
    engine: Engine
    if name == "onnx":
        from yolact_kit.inference.engines.onnx_engine import OnnxEngine

        engine = OnnxEngine(_onnx(source, weights, cache), weights, _scorer(source), reason)
    else:
        from yolact_kit.inference.engines.openvino_engine import OpenVinoEngine

        engine = OpenVinoEngine(lambda: _openvino(source), weights, cache, _scorer(source), reason=reason)
        engine.prepare()
    return LoadedEngine(engine, source.config, source.threshold)


def _scorer(source: _Source) -> MaskScorer | None:
    """The mask-IoU network, which is small and comes after detection: torch runs it."""
    if not source.config.model.mask_scoring:
        return None
    from yolact_kit.inference.engines.torch_engine import scorer_of

    return scorer_of(source.whole().model.mask_scoring)


def _openvino(source: _Source) -> Model:
    """The weights as a network of OpenVINO's."""
    from yolact_kit.inference.engines.openvino_conversion import converted
    from yolact_kit.models.traced import TracedNetwork

    return converted(TracedNetwork(source.whole().model))


def _onnx(source: _Source, weights: str, cache: CompiledCache) -> bytes:
    """The weights as an ONNX file, from the cache or put there."""
    from yolact_kit.inference.engines.onnx_writing import LAYOUT, onnx_bytes
    from yolact_kit.models.exported_settings import ExportedSettings

    key = f"{LAYOUT} {weights}"
    content = cache.read(key)
    if content is None:
        content = onnx_bytes(source.whole().model, ExportedSettings(source.config, source.threshold))
        cache.write(key, content)
    return content
