"""The shapes of the workshop parts: outlines in millimetres and the relief of their surface."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ring = list[tuple[float, float]]
Field = NDArray[np.float32]

CLASSES = ("bolt", "key", "washer")


class Dice:
    """Draws that are the same on every machine: only `random.Random.random`, whose stream Python guarantees."""

    def __init__(self, *seed: int) -> None:
        self._source = random.Random("-".join(map(str, seed)))  # noqa: S311 - no secret is made here

    def between(self, low: float, high: float) -> float:
        """A number of [low, high)."""
        return low + (high - low) * self._source.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number of low..high, both included."""
        return low + int((high - low + 1) * self._source.random())

    def pick(self, items: tuple[str, ...]) -> str:
        """One of the items."""
        return items[self.whole(0, len(items) - 1)]

    def chance(self, share: float) -> bool:
        """True in ``share`` of the draws."""
        return self._source.random() < share


@dataclass
class Shape:
    """One part as it lies flat on the bench, x along its length, the origin at its middle.

    Attributes:
        label: Its class.
        kind: What it is within its class, such as ``"flange"``.
        outer: Rings whose union is the body, in mm.
        holes: Rings cut out of the body, in mm.
        thickness: Height above the bench in mm.
        size: Measures in mm that the relief needs, by name.
        swept: Whether it is a plate whose side walls show when seen from the side; a lying bolt is round instead.
    """

    label: str
    kind: str
    outer: list[Ring]
    holes: list[Ring]
    thickness: float
    size: dict[str, float] = field(default_factory=dict)
    swept: bool = True


def circle(radius: float, x: float = 0.0, y: float = 0.0, stretch: float = 1.0, sides: int = 72) -> Ring:
    """A circle, or with ``stretch`` an ellipse longer along x."""
    turns = [2 * math.pi * i / sides for i in range(sides)]
    return [(x + stretch * radius * math.cos(t), y + radius * math.sin(t)) for t in turns]


def make_washer(dice: Dice) -> Shape:
    """A plain or a wide (fender) washer."""
    kind = dice.pick(("plain", "plain", "wide"))
    radius = dice.between(10.5, 16.5)
    inner = radius * (dice.between(0.28, 0.38) if kind == "wide" else dice.between(0.42, 0.6))
    size = {"radius": radius, "inner": inner}
    return Shape("washer", kind, [circle(radius)], [circle(inner)], dice.between(1.4, 2.6), size)


def make_bolt(dice: Dice, kind: str = "") -> Shape:
    """A bolt on its side: a hexagonal or a domed head, and a threaded shank."""
    kind = kind or dice.pick(("hex", "hex", "hex", "dome"))
    shank = dice.between(5.0, 6.4)
    length = dice.between(24.0, 36.0)
    half = shank * dice.between(1.2, 1.3) if kind == "stout" else shank * dice.between(1.65, 1.95)
    tall = half * dice.between(0.6, 0.75)
    left = -(length + tall) / 2
    neck, tip = left + tall, left + tall + length
    if kind == "dome":
        arc = [math.pi * (0.5 + i / 24) for i in range(25)]
        head: Ring = [(neck + tall * math.cos(t), half * math.sin(t)) for t in arc]
    else:
        cut = 0.12 * half
        head = [
            (left + cut, -half),
            (neck, -half),
            (neck, half),
            (left + cut, half),
            (left, half - 2 * cut),
            (left, 2 * cut - half),
        ]
    body = [
        (neck - 0.5, -shank),
        (tip - 1.5, -shank),
        (tip, 1.4 - shank),
        (tip, shank - 1.4),
        (tip - 1.5, shank),
        (neck - 0.5, shank),
    ]
    size = {"shank": shank, "half": half, "neck": neck, "left": left, "tip": tip, "tall": tall}
    size["pitch"] = dice.between(1.3, 2.1)
    size["smooth"] = neck + length * (dice.between(0.25, 0.5) if dice.chance(0.4) else 0.0)
    return Shape("bolt", kind, [head, body], [], 2 * shank, size, swept=False)


def make_key(dice: Dice) -> Shape:
    """A key: bow with a hole, shoulder, and a blade cut on one side or both."""
    kind = dice.pick(("round", "round", "oval"))
    bow = dice.between(9.5, 12.0)
    blade = dice.between(23.0, 28.0)
    half = dice.between(4.0, 4.8)
    middle = -blade / 2
    outer = _bow(kind, bow, middle)
    start = middle + bow * 0.55
    tip = middle + bow + blade
    outer.append([(start, -half * 1.35), (start + 6.0, -half * 1.35), (start + 6.0, half * 1.35), (start, half * 1.35)])
    outer.append(_blade(dice, start, tip, half))
    where = middle - bow * 0.42
    hole = circle(bow * dice.between(0.22, 0.32), where, 0.0, 1.0 if dice.chance(0.6) else 0.75)
    size = {
        "half": half,
        "start": start + 6.0,
        "tip": tip,
        "middle": middle,
        "bow": bow,
        "groove": dice.between(-0.25, 0.25),
    }
    return Shape("key", kind, outer, [hole], dice.between(2.0, 2.6), size)


def _bow(kind: str, bow: float, middle: float) -> list[Ring]:
    if kind == "oval":
        return [circle(bow * 1.12, middle, 0.0, 0.78)]
    return [circle(bow, middle)]


def _blade(dice: Dice, start: float, tip: float, half: float) -> Ring:
    both = dice.chance(0.35)
    cuts = dice.whole(5, 6)
    step = (tip - start - 9.5) / cuts
    upper: Ring = [(start, -half)]
    lower: Ring = [(start, half)]
    for i in range(cuts):
        x = start + 7.0 + step * i
        for ring, sign, cut in ((upper, -1.0, True), (lower, 1.0, both)):
            depth = dice.between(0.5, 2.6) if cut else 0.0
            ring += [
                (x, sign * half),
                (x + step * 0.35, sign * (half - depth)),
                (x + step * 0.65, sign * (half - depth)),
            ]
    upper += [(tip - 2.0, -half), (tip, -half * 0.25)]
    lower += [(tip - 2.0, half), (tip, half * 0.25)]
    return upper + lower[::-1]


MAKERS = {"bolt": make_bolt, "key": make_key, "washer": make_washer}


def relief(shape: Shape, u: Field, v: Field, edge: Field) -> Field:
    """Height of the visible surface in mm.

    Args:
        shape: The part.
        u: Position along its length in mm, float32 [H, W].
        v: Position across it in mm, float32 [H, W].
        edge: Distance from the nearest edge in mm, float32 [H, W], 0 outside.

    Returns:
        float32 [H, W]; only differences matter.
    """
    return _RELIEFS[shape.label](shape.size, shape.kind, u, v, edge)


def _rounded(edge: Field, radius: float) -> Field:
    inside = np.clip(1 - edge / radius, 0, 1)
    return (radius * np.sqrt(np.maximum(1 - inside**2, 0))).astype(np.float32)


def _washer(size: dict[str, float], kind: str, u: Field, v: Field, edge: Field) -> Field:
    return _rounded(edge, 0.9)


def _bolt(size: dict[str, float], kind: str, u: Field, v: Field, edge: Field) -> Field:
    shank = np.sqrt(np.maximum(size["shank"] ** 2 - v**2, 0.02))
    threaded = (u > size["smooth"]).astype(np.float32)
    shank = shank + threaded * 0.3 * np.sin(2 * math.pi * (u + 0.12 * v) / size["pitch"])
    shank = shank - np.maximum(u - (size["tip"] - 1.5), 0)
    half = size["half"]
    if kind in ("hex", "stout"):
        head = np.minimum(half * 0.87, (half - np.abs(v)) * 1.6)
    else:
        head = np.sqrt(np.maximum(half**2 - v**2, 0.02))
    if kind == "dome":
        along = np.clip((size["neck"] - u) / size["tall"], 0, 1)
        head = head * np.sqrt(np.maximum(1 - along**2, 0.02))
    head = head + _rounded(edge, 0.6)
    return np.where(u < size["neck"], head, shank).astype(np.float32)


def _key(size: dict[str, float], kind: str, u: Field, v: Field, edge: Field) -> Field:
    height = _rounded(edge, 0.55)
    on_blade = (u > size["start"] - 8) & (u < size["tip"] - 1.5)
    groove = np.abs(v - size["groove"] * size["half"] - 0.3) < 0.75
    height = height - 0.6 * (on_blade & groove)
    on_bow = np.hypot(u - size["middle"], v) < size["bow"] * 0.72
    return (height - 0.3 * (on_bow & (edge > 1.6))).astype(np.float32)


_RELIEFS = {"bolt": _bolt, "key": _key, "washer": _washer}
