"""Choosing the size of the pictures that a model sees, by the size of the objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yolact_kit.datasets.statistics import ObjectTable

SIZES = (256, 320, 384, 512)
"""The sizes to choose from, in pixels; all of them multiples of 32 or, in the pyramid's upper levels, nearly so."""
SMALL = 12.0
"""Objects of a smaller side (the root of width times height) cover a cell and a half of the finest level."""
FEW = 0.1
"""As many of the objects may be smaller."""


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """The size that was chosen.

    Attributes:
        size: Side of the pictures in pixels.
        reason: Why this one.
    """

    size: int
    reason: str


def choose_size(table: ObjectTable, preset: int) -> SizeChoice:
    """The smallest size at which few objects are small; the largest, if they are small at all sizes.

    A training step takes time in proportion to the area of the pictures, so a size has to be needed.

    Args:
        table: The objects of the training pictures.
        preset: The preset's size in pixels, the smallest to choose.

    Returns:
        The size and why.
    """
    if not len(table.boxes):
        return SizeChoice(preset, "the preset's, since there are no objects to measure")
    sizes = [size for size in SIZES if size >= preset] or [preset]
    small = {size: float((np.sqrt(table.sides(size).prod(axis=1)) < SMALL).mean()) for size in sizes}
    size = next((size for size in sizes if small[size] <= FEW), sizes[-1])
    if size == preset:
        return SizeChoice(size, f"the preset's: {small[size]:.0%} of the objects are smaller than {SMALL:.0f} px in it")
    reason = (
        f"{small[preset]:.0%} of the objects are smaller than {SMALL:.0f} px in pictures of {preset} px, "
        f"{small[size]:.0%} in these; a step takes {(size / preset) ** 2:.1f} times as long (`--size {preset}` is "
        "faster)"
    )
    return SizeChoice(size, reason)
