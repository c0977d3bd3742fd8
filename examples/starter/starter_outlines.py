"""Outlines of simple things, each a family of shapes that a few random numbers choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from starter_noise import Dice

Points = NDArray[np.float64]
"""float64 [P, 2], x y; the unit is about half of the thing's length, and y goes down."""
TURN = 2 * np.pi


@dataclass(frozen=True)
class Piece:
    """A piece of a thing that bulges by itself; later pieces lie on earlier ones.

    Attributes:
        lines: Rings to be filled, a ring within a ring being a hole; or lines to be drawn, where there are ``widths``.
        widths: The width of each line; empty for rings.
        part: Which of the thing's two materials it is of, 0 or 1.
    """

    lines: list[Points]
    widths: tuple[float, ...] = ()
    part: int = 0


def polar(radii: Points) -> Points:
    """The ring whose distances from its centre are given, at even angles."""
    angles = np.arange(len(radii)) * TURN / len(radii)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def disc(x: float = 0.0, y: float = 0.0, radius: float = 1.0, tall: float = 1.0) -> Points:
    """An ellipse around a point, ``tall`` times as high as wide."""
    return polar(np.ones(40)) * radius * [1.0, tall] + [x, y]


def wobble(dice: Dice, amount: float, waves: Sequence[int] = (2, 3, 4, 5), count: int = 72) -> Points:
    """Radii around 1 that vary smoothly by about ``amount``."""
    angles = np.arange(count) * TURN / count
    radii = np.ones(count)
    for wave in waves:
        radii += amount * dice.normal() * np.cos(wave * angles + dice.uniform(0, TURN)) / len(waves) ** 0.5
    return np.maximum(radii, 0.25)


def curve(knots: Points, count: int = 60) -> Points:
    """A smooth line through points (Catmull-Rom)."""
    # Each stretch between two knots is a cubic whose slope at a knot is half the way between the knot's neighbours.
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    steps = np.linspace(0, len(knots) - 1 - 1e-9, count)
    index, t = steps.astype(int), (steps % 1)[:, None]
    a, b, c, d = (padded[index + offset] for offset in range(4))
    smooth: Points = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return smooth


def band(spine: Points, widths: Points) -> Points:
    """The ring around a line with a half width at each of its points."""
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * widths[:, None]
    return np.concatenate([spine + across, (spine - across)[::-1]])


def rounded_box(width: float, height: float, corner: float) -> Points:
    """A rectangle around 0 with round corners of radius ``corner``."""
    angles = np.linspace(0, TURN / 4, 7)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * corner
    right, low = width / 2 - corner, height / 2 - corner
    corners = []
    for quarter, (x, y) in enumerate([(right, low), (-right, low), (-right, -low), (right, -low)]):
        turned = arc if quarter % 2 == 0 else arc[:, ::-1]
        signs = np.sign([x or 1.0, y or 1.0])
        corners.append(turned * signs + [x, y])
    return np.concatenate(corners)


def blob(dice: Dice) -> list[Piece]:
    """A smooth irregular lump."""
    return [Piece([polar(wobble(dice, dice.uniform(0.16, 0.3))) * [1, dice.uniform(0.6, 1)]])]


def ellipse(dice: Dice) -> list[Piece]:
    """A disc, an oval or an egg."""
    ring = polar(wobble(dice, 0.012)) * [1, dice.uniform(0.52, 1)]
    ring[:, 1] *= 1 + dice.uniform(0, 0.25) * ring[:, 0]
    return [Piece([ring])]


def polygon(dice: Dice) -> list[Piece]:
    """Three to seven sharp corners."""
    count = int(dice.integers(3, 8))
    angles = (np.arange(count) + dice.uniform(-0.28, 0.28, count)) * TURN / count
    radii = dice.uniform(0.8, 1, count)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None] * [1, dice.uniform(0.6, 1)]
    return [Piece([ring])]


def star(dice: Dice) -> list[Piece]:
    """Four to nine spikes."""
    count = int(dice.integers(4, 10))
    radii = np.ones(2 * count)
    radii[1::2] = dice.uniform(0.3, 0.6)
    radii[::2] *= dice.uniform(1 - dice.uniform(0, 0.25), 1, count)
    pieces = [Piece([polar(radii)])]
    if dice.random() < 0.25:
        pieces.append(Piece([disc(radius=radii[1] * 0.7)], part=1))
    return pieces


def flower(dice: Dice) -> list[Piece]:
    """Four to nine round petals, mostly around a centre of another colour."""
    count, depth = int(dice.integers(4, 10)), dice.uniform(0.25, 0.55)
    pieces = []
    if dice.random() < 0.5:  # petals one by one
        size = min(0.42, 1.1 * np.pi / count / 2 + 0.08) * dice.uniform(0.85, 1.15)
        for angle in np.arange(count) * TURN / count:
            ring = disc(1 - size, 0, size, dice.uniform(0.9, 1.1)) * [1.15, 1]
            c, s = np.cos(angle), np.sin(angle)
            pieces.append(Piece([ring @ np.array([[c, s], [-s, c]])]))
        pieces.append(Piece([disc(radius=0.6)]))
    else:
        angles = np.arange(120) * TURN / 120
        pieces.append(Piece([polar(1 - depth + depth * np.abs(np.cos(count * angles / 2)) ** dice.uniform(0.4, 1))]))
    if dice.random() < 0.75:
        pieces.append(Piece([disc(radius=dice.uniform(0.18, 0.42))], part=1))
    return pieces


def box(dice: Dice) -> list[Piece]:
    """A rectangle with round corners, sometimes with a band or a label."""
    height = dice.uniform(0.4, 1)
    pieces = [Piece([rounded_box(2, 2 * height, height * dice.uniform(0.06, 0.45))])]
    if dice.random() < 0.3:
        pieces.append(Piece([rounded_box(dice.uniform(0.3, 1.5), height * dice.uniform(0.5, 1.5), 0.05)], part=1))
    return pieces


def ring(dice: Dice) -> list[Piece]:
    """A round band around a hole."""
    radii = wobble(dice, dice.uniform(0, 0.06), (2, 3))
    hole = polar(radii) * dice.uniform(0.4, 0.8) + dice.uniform(-0.04, 0.04, 2)
    return [Piece([polar(radii), hole])]


def crescent(dice: Dice) -> list[Piece]:
    """A moon, a horn or a banana: an arc of a circle and a flatter arc between the same ends."""
    end = dice.uniform(0.6, 1.3)
    angles = np.linspace(end, TURN - end, 50)
    outer = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    inner = outer[::-1].copy()
    inner[:, 0] = np.cos(end) + (inner[:, 0] - np.cos(end)) * dice.uniform(0.3, 0.7)
    return [Piece([np.concatenate([outer, inner])])]


def rod(dice: Dice) -> list[Piece]:
    """A thin stick, straight or nearly so, sometimes with an end of another colour."""
    half = dice.uniform(0.05, 0.14)
    x = np.linspace(-1, 1, 24)
    spine = np.stack([x, dice.uniform(0, 0.08) * (1 - x**2)], axis=1)
    widths = np.full(24, half) * np.linspace(1, dice.uniform(0.6, 1), 24)
    if dice.random() < 0.4:
        widths[-4:] *= np.linspace(1, dice.uniform(0.1, 0.6), 4)
    pieces = [Piece([band(spine, widths)])]
    if dice.random() < 0.45:
        cut = int(dice.integers(2, 8))
        pieces.append(Piece([band(spine[:cut], widths[:cut] * dice.choice([1.0, 1.0, 1.3]))], part=1))
    return pieces


def snake(dice: Dice) -> list[Piece]:
    """A long tube that winds, of one thickness or thinner towards its end."""
    # The direction swings from side to side while the tube grows, so that it seldom crosses itself.
    count = 50
    swing, turns = dice.uniform(0.8, 1.7), dice.uniform(1.0, 2.6)
    heading = swing * np.sin(np.linspace(0, turns * TURN / 1.4, count) + dice.uniform(0, TURN))
    heading += np.linspace(0, dice.uniform(-1.2, 1.2), count)
    spine = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
    spine *= 2 / np.ptp(spine, axis=0).max()
    thick = dice.uniform(0.09, 0.22) * np.linspace(1, dice.choice([1.0, 1.0, 0.25]), count)
    stretches = [spine[i : i + 3] for i in range(0, count - 2, 2)]
    return [Piece(stretches, tuple(thick[1 : 2 * len(stretches) : 2]))]


def drop(dice: Dice) -> list[Piece]:
    """A drop or a pear: round on one side, a point on the other."""
    t = np.linspace(0, TURN, 70, endpoint=False)
    ring = np.stack([-np.cos(t), np.sin(t) * np.sin(t / 2) ** dice.uniform(1.3, 3) * dice.uniform(0.55, 0.9)], axis=1)
    ring[:, 1] += dice.uniform(0, 0.15) * ring[:, 0] ** 2
    return [Piece([ring])]


def cross(dice: Dice) -> list[Piece]:
    """Two bars across each other."""
    a, b = dice.uniform(0.12, 0.32, 2) if dice.random() < 0.4 else [dice.uniform(0.12, 0.32)] * 2
    arm = dice.uniform(0.65, 1)
    quarter = np.array([[a, b], [a, arm], [-a, arm], [-a, b], [-1, b], [-1, -b]])
    return [Piece([np.concatenate([quarter, -quarter])])]


def bean(dice: Dice) -> list[Piece]:
    """A thick bent capsule."""
    angles = np.linspace(-1, 1, 40) * dice.uniform(0.75, 1.4)
    spine = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    shape = (1 - np.linspace(-1, 1, 40) ** 6) ** 0.5
    widths = dice.uniform(0.3, 0.45) * shape * np.linspace(1, dice.uniform(0.75, 1), 40)
    return [Piece([band(spine, widths)])]


def bone(dice: Dice) -> list[Piece]:
    """Two knobs joined by a waist."""
    x = np.linspace(-1, 1, 60)
    knob, waist = dice.uniform(0.32, 0.45), dice.uniform(0.08, 0.22)
    widths = waist + (knob - waist) * np.abs(x) ** dice.uniform(2, 5)
    widths *= np.sqrt(np.clip(1 - (np.clip(np.abs(x) - (1 - knob), 0, None) / knob) ** 2, 0, 1))
    widths[x > 0] *= dice.uniform(0.7, 1)
    spine = np.stack([x, dice.uniform(-0.15, 0.15) * x**2], axis=1)
    return [Piece([band(spine, widths)])]


def zigzag(dice: Dice) -> list[Piece]:
    """A line that goes to and fro, with sharp or with round turns."""
    count = int(dice.integers(5, 12))
    knots = np.stack([np.linspace(-1, 1, count), (np.arange(count) % 2 - 0.5) * dice.uniform(0.4, 1)], axis=1)
    line = curve(knots, 8 * count) if dice.random() < 0.5 else knots
    return [Piece([line], (min(0.2, 0.75 / count) * dice.uniform(0.6, 1.1),))]
