"""The classes: which outlines a class has, how small it may be, and which patterns it may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import starter_figures as figures
import starter_outlines as outlines
from starter_noise import Dice
from starter_outlines import Piece

PLAIN = ("plain", "gradient", "mottled", "speckled", "grain", "fur", "marble", "patches")
"""Patterns that any thing may have."""
ANY = (*PLAIN, "stripes", "dots", "checks")


@dataclass(frozen=True)
class Family:
    """A class.

    Attributes:
        outlines: Functions that each draw a random outline of it.
        smallest: Least length in pixels, from which its shape can be recognised.
        patterns: Patterns that it may have.
        clear: Whether it is transparent.
        stands: Whether it has an upper end, which is up in pictures that are taken from the side.
    """

    outlines: tuple[Callable[[Dice], list[Piece]], ...]
    smallest: float = 12.0
    patterns: tuple[str, ...] = ANY
    clear: bool = False
    stands: bool = False


_ROUND = (outlines.ellipse, outlines.blob)
FAMILIES: dict[str, Family] = {
    "blob": Family((outlines.blob,), 8, PLAIN),
    "ellipse": Family((outlines.ellipse,), 8, PLAIN),
    "striped": Family(_ROUND, 16, ("stripes",)),
    "spotted": Family(_ROUND, 16, ("dots",)),
    "glassy": Family(_ROUND, 12, ("plain", "gradient"), clear=True),
    "polygon": Family((outlines.polygon,), 8),
    "star": Family((outlines.star,), 11),
    "flower": Family((outlines.flower,), 12),
    "box": Family((outlines.box,), 8),
    "ring": Family((outlines.ring,), 9),
    "crescent": Family((outlines.crescent,), 10),
    "rod": Family((outlines.rod,), 22),
    "snake": Family((outlines.snake,), 18),
    "tree": Family((figures.tree,), 26, PLAIN, stands=True),
    "leaf": Family((figures.leaf,), 14),
    "drop": Family((outlines.drop,), 10, stands=False),
    "cross": Family((outlines.cross,), 10),
    "vase": Family((figures.vase,), 14, stands=True),
    "bunch": Family((figures.bunch,), 16, PLAIN),
    "zigzag": Family((outlines.zigzag,), 22),
    "glyph": Family((figures.glyph,), 14, PLAIN),
    "sieve": Family((figures.sieve,), 20),
    "paddle": Family((figures.paddle,), 16, stands=True),
    "cup": Family((figures.cup,), 14, stands=True),
    "beetle": Family((figures.beetle,), 16),
    "fish": Family((figures.fish,), 14),
    "figure": Family((figures.figure,), 22, stands=True),
    "mushroom": Family((figures.mushroom,), 13, stands=True),
    "bean": Family((outlines.bean,), 9),
    "bone": Family((outlines.bone,), 12),
}
CLASSES = list(FAMILIES)
