"""What every engine does: images in, the network's outputs as arrays out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from yolact_kit.ops.box_arrays import Floats

MaskScorer = Callable[[Floats, NDArray[np.int64]], Floats]
"""A model's mask-IoU network: soft masks [N, Hp, Wp] at the size of the prototypes and labels [N], 0-based, to the IoUs
[N] that it expects the masks to have with their objects, 0 or more."""


class NetworkOutputs(NamedTuple):
    """A network's outputs for a batch of pictures, before detection.

    Attributes:
        logits: float32 [B, A, 1 + C], background first.
        regressions: float32 [B, A, 4], to be decoded from the anchors.
        coefficients: float32 [B, A, k], -1..1.
        prototypes: float32 [B, k, Hp, Wp], 0 or more.
        anchors: float32 [A, 4], centre x, centre y, width, height in 0..1.
    """

    logits: Floats
    regressions: Floats
    coefficients: Floats
    prototypes: Floats
    anchors: Floats


class Engine(Protocol):
    """A network, ready to run.

    Attributes:
        description: The engine, its version and what it computes with, for people: ``OpenVINO 2026.4.1, bf16``.
        reason: Why it is this engine, as the end of a sentence.
        parallel: Whether several pictures are faster one by one at the same time, each on cores of its own, than as one
            batch.
        mask_scorer: The model's mask-IoU network, where it has one.
    """

    description: str
    reason: str
    parallel: bool

    @property
    def mask_scorer(self) -> MaskScorer | None:
        """See above."""

    def run(self, images: Floats, neighbours: int = 0) -> NetworkOutputs:
        """The network's outputs for images.

        Args:
            images: float32 [B, 3, S, S], red, green, blue in 0..255, as `prepare` gives them.
            neighbours: How many other calls run at the same time, with which this one shares the cores.

        Returns:
            The outputs.
        """

    def fingerprint(self) -> str:
        """Text that differs where weights, precision or the engine's version do, and with them the detections."""
