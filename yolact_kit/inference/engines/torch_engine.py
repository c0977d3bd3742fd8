"""PyTorch as the engine: on GPUs, and where results have to be those of training."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from numpy.typing import NDArray

from yolact_kit.inference.engines.engine import MaskScorer, NetworkOutputs
from yolact_kit.models.exported_settings import OUTPUTS
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.ops.box_arrays import Floats


class TorchEngine:
    """Runs a network of torch's as it is.

    Args:
        model: The network; it is in evaluation mode while it runs, and returns to its own mode afterwards.
        device: Where the images go; None for where the model is.
        reason: See `Engine`.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> engine = TorchEngine(YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2))
        >>> engine.run(np.zeros((1, 3, 64, 64), dtype=np.float32)).prototypes.shape
        (1, 32, 16, 16)
    """

    parallel = False

    def __init__(
        self, model: YolactNetwork, device: torch.device | str | None = None, reason: str = "the model is torch's"
    ) -> None:
        self.model = model
        self.device = torch.device(device) if device is not None else next(model.parameters()).device
        self.reason = reason
        self.description = f"torch {torch.__version__} on {self.device}"

    @property
    def mask_scorer(self) -> MaskScorer | None:
        """See `Engine`."""
        return scorer_of(self.model.mask_scoring)

    def run(self, images: Floats, neighbours: int = 0) -> NetworkOutputs:
        """See `Engine`; torch divides each operation among all cores, whatever else runs."""
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                return as_arrays(self.model(torch.from_numpy(images).to(self.device)))
        finally:
            self.model.train(was_training)

    def fingerprint(self) -> str:
        """See `Engine`."""
        weights = 0
        for tensor in self.model.state_dict().values():
            weights = zlib.crc32(tensor.detach().cpu().contiguous().numpy().tobytes(), weights)
        return f"{weights:08x}"


def as_arrays(raw: RawOutputs) -> NetworkOutputs:
    """A network's outputs as arrays, brought over from its device.

    Args:
        raw: The outputs.

    Returns:
        The same values as float32.
    """
    return NetworkOutputs(*(getattr(raw, name).detach().float().cpu().numpy() for name in OUTPUTS))


def scorer_of(network: MaskScoring | None) -> MaskScorer | None:
    """A mask-IoU network as a function of arrays.

    Args:
        network: The network, on any device; None if the model has none.

    Returns:
        The function, or None.
    """
    if network is None:
        return None

    def score(masks: Floats, labels: NDArray[np.int64]) -> Floats:
        device = next(network.parameters()).device
        with torch.inference_mode():
            fit: Floats = network(torch.from_numpy(masks).to(device), torch.from_numpy(labels).to(device)).cpu().numpy()
        return fit

    return score
