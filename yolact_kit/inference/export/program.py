"""A program of torch.export's as an engine, to check what was just written."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from yolact_kit.models.traced import OUTPUTS
from yolact_kit.models.yolact import RawOutputs


class ProgramEngine:
    """Runs a ``.pt2`` on the processor. Reading it unpickles, so it is only for files that this process wrote.

    Args:
        file: The file.
    """

    description = "torch.export"
    reason = "the format of the file"
    parallel = False
    mask_scoring = None

    def __init__(self, file: Path) -> None:
        self._program = torch.export.load(file).module()

    def run(self, images: Tensor, neighbours: int = 0) -> RawOutputs:
        """See `Engine`."""
        with torch.inference_mode():
            outputs = self._program(images)
        return RawOutputs(**dict(zip(OUTPUTS, outputs, strict=True)), semantic=None)

    def fingerprint(self) -> str:
        """See `Engine`."""
        return self.description
