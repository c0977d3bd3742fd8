"""Boxes and scores as a detector gives them: many boxes an object, few high scores; made by hypothesis or by a seed."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

COORDINATE = st.floats(0, 1, width=32)


def box(values: tuple[float, float, float, float]) -> list[float]:
    """Four coordinates as x1 y1 x2 y2."""
    x1, y1, x2, y2 = values
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


BOX = st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).map(box)
"""A box within 0..1; points and lines come up often."""


def scene(seed: int, count: int, classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes that overlap a lot, some beyond the picture, and scores without ties."""
    random = np.random.default_rng(seed)
    centres = random.random((count, 2))
    if count:
        centres = centres[random.integers(0, max(1, count // 4), count)] + 0.05 * random.standard_normal((count, 2))
    sides = 0.05 + 0.2 * random.random((count, 2))
    boxes = np.concatenate([centres - sides, centres + sides], axis=1)
    ranks = random.permutation(count * classes).reshape(count, classes)
    return boxes.astype(np.float32), ((ranks + 0.5) / max(1, count * classes)).astype(np.float32)
