"""OpenVINO as the engine: the fastest way to run a network on a processor."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yolact_kit.cores import requested_threads
from yolact_kit.inference.engines.compiled_cache import CompiledCache
from yolact_kit.inference.engines.engine import MaskScorer, NetworkOutputs
from yolact_kit.inference.engines.openvino_core import openvino, openvino_core
from yolact_kit.models.exported_settings import OUTPUTS
from yolact_kit.ops.box_arrays import Floats

if TYPE_CHECKING:
    from openvino import CompiledModel, Model

_DEVICE = "CPU"
_LAYOUT = 1
"""Goes up when the networks that are compiled change, so that those in the cache are not used any more."""
_HALF = ("BF16", "AMX", "FP16", "DEFAULT", "ALL")
"""Parts of the values of oneDNN's variable for the instruction set that allow bf16."""


class OpenVinoEngine:
    """Runs a network by OpenVINO on the processor, in bf16 where that has the instructions.

    The network is compiled when it is first needed: for one picture at a time on all cores, or for several at once by
    OpenVINO's streams, each on a share of the cores.

    Args:
        source: Gives the network as OpenVINO's; called only if the cache does not have it compiled.
        weights: Text that stands for the weights, such as a checksum, as the key in the cache.
        cache: Where compiled networks are kept; None to keep none.
        mask_scorer: The model's mask-IoU network.
        precision: ``f32`` or ``bf16``; None for what the processor does best.
        reason: See `Engine`.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> from yolact_kit.inference.engines.openvino_conversion import converted
        >>> from yolact_kit.models.traced import TracedNetwork
        >>> from yolact_kit.models.yolact import YolactNetwork
        >>> model = YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2).eval()
        >>> engine = OpenVinoEngine(lambda: converted(TracedNetwork(model)), "example", precision="f32")
        >>> engine.run(np.zeros((1, 3, 64, 64), dtype=np.float32)).prototypes.shape
        (1, 32, 16, 16)
    """

    parallel = True

    def __init__(
        self,
        source: Callable[[], Model],
        weights: str,
        cache: CompiledCache | None = None,
        mask_scorer: MaskScorer | None = None,
        precision: str | None = None,
        reason: str = "",
    ) -> None:
        self.mask_scorer = mask_scorer
        self.reason = reason
        self.precision = precision or best_precision()
        self.description = f"OpenVINO {openvino.__version__.partition('-')[0]}, {self.precision}"
        self._source = source
        self._weights = weights
        self._cache = cache
        self._model: Model | None = None
        self._by_streams: dict[int, CompiledModel] = {}
        self._lock = threading.Lock()

    def run(self, images: Floats, neighbours: int = 0) -> NetworkOutputs:
        """See `Engine`."""
        compiled = self._compiled(streams=neighbours + 1)
        # A request of its own for each call: several threads may call at once, and its outputs belong to nobody else.
        answers = [compiled.create_infer_request().infer({0: image[None]}) for image in images]
        logits, regressions, coefficients, prototypes = (
            np.concatenate([answer[name] for answer in answers]) for name in OUTPUTS[:-1]
        )
        return NetworkOutputs(logits, regressions, coefficients, prototypes, answers[0][OUTPUTS[-1]])

    def fingerprint(self) -> str:
        """See `Engine`."""
        return f"{self._weights} {self.description}"

    def prepare(self) -> None:
        """Compiles the network for one picture at a time, if that has not been done; otherwise the first `run` does.

        Raises:
            RuntimeError: OpenVINO cannot run this network.
        """
        self._compiled(streams=1)

    def _compiled(self, streams: int) -> CompiledModel:
        """The network for so many calls at the same time, compiled by the first of them."""
        with self._lock:
            # The last pictures of many are fewer: what was compiled for more at once serves them too.
            enough = [count for count in self._by_streams if count >= streams > 1]
            streams = min(enough, default=streams)
            if streams not in self._by_streams:
                self._by_streams[streams] = self._load(_settings(self.precision, streams))
            return self._by_streams[streams]

    def _load(self, settings: dict[str, str | int | bool]) -> CompiledModel:
        """The compiled network, from the cache or compiled and put there."""
        key = self._key(settings)
        stored = self._cache.read(key) if self._cache is not None else None
        if stored is not None:
            try:
                return openvino_core().import_model(io.BytesIO(stored), _DEVICE, settings)
            except RuntimeError:
                pass  # whatever is wrong with it, compiling mends it
        if self._model is None:
            self._model = self._source()
        compiled = openvino_core().compile_model(self._model, _DEVICE, settings)
        if self._cache is not None:
            blob = io.BytesIO()
            compiled.export_model(blob)
            self._cache.write(key, blob.getvalue())
        return compiled

    def _key(self, settings: dict[str, str | int | bool]) -> str:
        """Everything on which a compiled network depends."""
        machine = [_property("FULL_DEVICE_NAME"), _property("OPTIMIZATION_CAPABILITIES"), os.cpu_count()]
        versions = [_LAYOUT, openvino.__version__, _instruction_limit()]
        return "\n".join(map(str, [*versions, *machine, self._weights, *sorted(settings.items())]))


def best_precision() -> str:
    """``bf16`` where the processor has instructions for it, which takes half the time; otherwise ``f32``.

    Like oneDNN, it obeys ``ONEDNN_MAX_CPU_ISA``, with which a processor passes for an older one.
    """
    capable = "BF16" in _property("OPTIMIZATION_CAPABILITIES")
    limit = _instruction_limit()
    allowed = not limit or any(part in limit for part in _HALF)
    return "bf16" if capable and allowed else "f32"


def read_model(file: Path) -> Model:
    """The model of an ``.xml``, with the weights from the ``.bin`` of the same name beside it."""
    return openvino_core().read_model(file, file.with_suffix(".bin"))


def _property(name: str) -> Any:
    """What OpenVINO knows of the processor."""
    return openvino_core().get_property(_DEVICE, name)


def _instruction_limit() -> str:
    """The instruction set that the user limits oneDNN to; empty for all that the processor has."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()


def _settings(precision: str, streams: int) -> dict[str, str | int | bool]:
    """OpenVINO's settings for so many calls at the same time."""
    settings: dict[str, str | int | bool] = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": streams,
        # A thread that is tied to a core waits there, even if another program keeps it busy and the next one is idle.
        "ENABLE_CPU_PINNING": False,
    }
    threads = requested_threads()
    return settings if threads is None else {**settings, "INFERENCE_NUM_THREADS": threads}
