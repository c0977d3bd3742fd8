"""PyTorch as the engine: on GPUs, and where results have to be those of training."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs, YolactNetwork


class TorchEngine:
    """Runs a network of torch's as it is.

    Args:
        model: The network; it is in evaluation mode while it runs, and returns to its own mode afterwards.
        device: Where the images go; None for where the model is.
        reason: See `Engine`.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> engine = TorchEngine(YolactNetwork(ModelConfig(backbone="resnet18", input_size=64), num_classes=2))
        >>> engine.run(torch.zeros(1, 3, 64, 64)).prototypes.shape
        torch.Size([1, 32, 16, 16])
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
    def mask_scoring(self) -> MaskScoring | None:
        """See `Engine`."""
        return self.model.mask_scoring

    def run(self, images: Tensor, neighbours: int = 0) -> RawOutputs:
        """See `Engine`; torch divides each operation among all cores, whatever else runs."""
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                raw: RawOutputs = self.model(images.to(self.device))
        finally:
            self.model.train(was_training)
        return raw

    def fingerprint(self) -> str:
        """See `Engine`."""
        weights = 0
        for tensor in self.model.state_dict().values():
            weights = zlib.crc32(tensor.detach().cpu().contiguous().numpy().tobytes(), weights)
        return f"{weights:08x}"
