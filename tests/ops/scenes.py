"""Boxes and scores as a detector gives them: many boxes an object, few high scores; made by hypothesis or by a seed."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

COORDINATE = st.floats(0, 1, width=32)


def box(values: tuple[float, float, float, float]) -> list[float]:
    """Four coordinates as x1 y1 x2 y2."""
    x1, y1, x2, y2 = values
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


BOX = st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).map(box)
"""A box within 0..1; points and lines come up often."""


def scene(seed: int, count: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes that overlap a lot, some beyond the picture, and scores without ties."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.rand(count, 2, generator=generator)
    if count:
        centres = centres[torch.randint(0, max(1, count // 4), (count,), generator=generator)]
        centres = centres + 0.05 * torch.randn(count, 2, generator=generator)
    sides = 0.05 + 0.2 * torch.rand(count, 2, generator=generator)
    boxes = torch.cat([centres - sides, centres + sides], dim=1)
    ranks = torch.randperm(count * classes, generator=generator).reshape(count, classes)
    return boxes, (ranks + 0.5) / max(1, count * classes)
