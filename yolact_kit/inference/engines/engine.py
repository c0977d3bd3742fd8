"""What every engine does: images in, the network's raw outputs out."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs


class Engine(Protocol):
    """A network, ready to run.

    Attributes:
        description: The engine, its version and what it computes with, for people: ``OpenVINO 2026.4.1, bf16``.
        reason: Why it is this engine, as the end of a sentence.
        parallel: Whether several pictures are faster one by one at the same time, each on cores of its own, than as one
            batch.
        mask_scoring: The model's mask-IoU network, where it has one.
    """

    description: str
    reason: str
    parallel: bool

    @property
    def mask_scoring(self) -> MaskScoring | None:
        """See above."""

    def run(self, images: Tensor, neighbours: int = 0) -> RawOutputs:
        """Raw outputs for images.

        Args:
            images: float32 [B, 3, S, S], red, green, blue in 0..255, as `prepare` gives them.
            neighbours: How many other calls run at the same time, with which this one shares the cores.

        Returns:
            The raw outputs, on the engine's device.
        """

    def fingerprint(self) -> str:
        """Text that differs where weights, precision or the engine's version do, and with them the detections."""
