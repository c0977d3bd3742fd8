"""How many things a picture has, how large they are, and how they lie: alone, strewn, in crowds, in piles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from starter_noise import Dice

Frame = tuple[int, int, int, int]
"""x, y, width and height of a raster in pixels."""


@dataclass(frozen=True)
class Layout:
    """How things are placed in a picture.

    Attributes:
        side: Height and width of the picture in pixels.
        count: How many things are tried.
        kinds: How many kinds of things there are.
        lengths: Shortest and longest length of things in pixels.
        overlap: Share of a thing that may lie on others.
        inside: Share of a thing that must lie in the picture.
        arrangement: ``free``, ``pile`` around a centre, or ``touching`` side by side.
        centre: Middle of a pile, in pixels.
        spread: Deviation of places in a pile, in pixels.
        upright: Whether the picture is taken from the side.
        faint: Whether things differ little from the background.
        clutter: How much clutter there is, 0..1.
    """

    side: int
    count: int
    kinds: int
    lengths: tuple[float, float]
    overlap: float
    inside: float
    arrangement: str
    centre: tuple[float, float]
    spread: float
    upright: bool
    faint: bool
    clutter: float

    def length(self, dice: Dice) -> float:
        """A length in pixels, small ones as likely as large ones by their ratio."""
        return float(np.exp(dice.uniform(*np.log(self.lengths))))

    def spot(self, dice: Dice, width: int, height: int, frames: list[Frame]) -> tuple[int, int]:
        """A place for a thing: column and row of its frame's upper left corner.

        Args:
            dice: Where randomness comes from.
            width: Width of the thing's frame in pixels.
            height: Height of the frame.
            frames: The frames of things that lie there.
        """
        if self.arrangement == "touching" and frames and dice.random() < 0.85:
            return _beside(dice, width, height, frames[int(dice.integers(len(frames)))])
        if self.arrangement != "free":
            x, y = dice.normal(self.centre, self.spread)
        else:
            x, y = dice.uniform(0, self.side, 2)
            if self.count <= 2:
                x, y = (x + self.side) / 3, (y + self.side) / 3
        return round(x - width / 2), round(y - height / 2)


def _beside(dice: Dice, width: int, height: int, frame: Frame) -> tuple[int, int]:
    """A place that touches a frame or nearly so."""
    angle = dice.uniform(0, 2 * np.pi)
    c, s = np.cos(angle), np.sin(angle)
    across, down = (frame[2] + width) / 2, (frame[3] + height) / 2
    # Between the ellipse that touches round things and a little within it, since rasters have a margin.
    reach = dice.uniform(0.78, 1.0)
    x = frame[0] + frame[2] / 2 + c * across * reach
    y = frame[1] + frame[3] / 2 + s * down * reach
    return round(x - width / 2), round(y - height / 2)


def random_layout(dice: Dice, side: int) -> Layout:
    """A layout: one large thing, several, crowds, piles, clusters that touch, mixed sizes, or none.

    Args:
        dice: Where randomness comes from.
        side: Height and width of the picture in pixels.

    Returns:
        The layout.
    """
    name = str(dice.choice(list(_LAYOUTS), p=[weight for weight, *_ in _LAYOUTS.values()]))
    _, (fewest, most), kinds, lengths, overlap, arrangement = _LAYOUTS[name]
    unit = side / 320
    low, high = lengths[0] * unit, lengths[1] * unit
    if name in ("crowd", "pile", "touching"):  # things of one picture are of about one size there
        middle = np.exp(dice.uniform(np.log(low), np.log(high)))
        low, high = max(low, middle * 0.75), middle * 1.3
    low = max(8.0, low)
    high = max(1.2 * low, high)
    count = round(float(np.exp(dice.uniform(np.log(max(1, fewest)), np.log(most)))) if most else 0)
    return Layout(
        side=side,
        count=count,
        kinds=min(count, int(dice.integers(1, kinds + 1))),
        lengths=(low, high),
        overlap=overlap * dice.random(),
        inside=dice.choice([0.35, 0.6, 0.98]),
        arrangement=arrangement,
        centre=(side * dice.uniform(0.3, 0.7), side * dice.uniform(0.3, 0.7)),
        spread=side * dice.uniform(0.12, 0.25),
        upright=bool(dice.random() < 0.35),
        faint=bool(dice.random() < 0.15),
        clutter=1.0 if name == "none" else dice.uniform(0, 0.7),
    )


_LAYOUTS: dict[str, tuple[float, tuple[int, int], int, tuple[float, float], float, str]] = {
    # share, things, most kinds, lengths at 320 pixels, overlap, arrangement
    "large": (0.15, (1, 3), 3, (90, 280), 0.2, "free"),
    "several": (0.28, (3, 15), 6, (28, 120), 0.15, "free"),
    "crowd": (0.14, (20, 60), 4, (9, 40), 0.1, "free"),
    "pile": (0.13, (6, 28), 4, (35, 110), 0.8, "pile"),
    "touching": (0.14, (5, 35), 2, (14, 70), 0.06, "touching"),
    "mixed": (0.12, (4, 24), 8, (8, 220), 0.35, "free"),
    "none": (0.04, (0, 0), 1, (8, 9), 0.0, "free"),
}
