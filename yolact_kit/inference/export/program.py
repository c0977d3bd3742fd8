"""A program of torch.export's as an engine, to check what was just written."""

from __future__ import annotations

from pathlib import Path

import torch

from yolact_kit.inference.engines.engine import NetworkOutputs
from yolact_kit.ops.box_arrays import Floats


class ProgramEngine:
    """Runs a ``.pt2`` on the processor. Reading it unpickles, so it is only for files that this process wrote.

    Args:
        file: The file.
    """

    description = "torch.export"
    reason = "the format of the file"
    parallel = False
    mask_scorer = None

    def __init__(self, file: Path) -> None:
        self._program = torch.export.load(file).module()

    def run(self, images: Floats, neighbours: int = 0) -> NetworkOutputs:
        """See `Engine`."""
        with torch.inference_mode():
            return NetworkOutputs(*(output.numpy() for output in self._program(torch.from_numpy(images))))

    def fingerprint(self) -> str:
        """See `Engine`."""
        return self.description
