"""The shapes of the workshop parts: outlines in millimetres and the relief of their surface."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ring = list[tuple[float, float]]
Field = NDArray[np.float32]

CLASSES = ("bolt", "hinge", "washer")


class Dice:
    """Random draws that are the same on every machine: they only use `random.Random.random`, which is stable."""

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
        """True with probability ``share``."""
        return self._source.random() < share


@dataclass
class Shape:
    """A part lying flat on the bench, x along its length, the origin at its middle.

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
    """A circle, or with ``stretch`` an ellipse that is longer along x."""
    turns = [2 * math.pi * i / sides for i in range(sides)]
    return [(x + stretch * radius * math.cos(t), y + radius * math.sin(t)) for t in turns]


def make_washer(dice: Dice) -> Shape:
    """A plain or a wide (fender) washer."""
    kind = dice.pick(("plain", "plain", "wide"))
    radius = dice.between(10.5, 16.5)
    inner = radius * (dice.between(0.28, 0.38) if kind == "wide" else dice.between(0.42, 0.6))
    size = {"radius": radius, "inner": inner}
    return Shape("washer", kind, [circle(radius)], [circle(inner)], dice.between(1.4, 2.6), size)


def make_hinge(dice: Dice) -> Shape:
    """A hinge, opened flat: two leaves with their screw holes and the knuckle between them."""
    half = dice.between(10.5, 13.0)
    leaf = half * dice.between(1.0, 1.3)
    pin = dice.between(2.4, 3.2)
    kind = dice.pick(("square", "square", "round"))
    cut = 0.8 if kind == "square" else dice.between(3.5, 5.0)
    body = _rectangle(leaf, half, cut)
    knuckle = [(-pin, -half - 0.8), (pin, -half - 0.8), (pin, half + 0.8), (-pin, half + 0.8)]
    screw = dice.between(1.5, 2.1)
    far = (leaf + pin) / 2
    holes = [circle(screw, side * far, place * half * 0.58) for side in (-1, 1) for place in (-1, 1)]
    size = {"pin": pin, "half": half, "leaf": leaf, "knuckles": float(dice.pick(("3", "5")))}
    return Shape("hinge", kind, [body, knuckle], holes, dice.between(1.6, 2.4), size)


def _rectangle(wide: float, high: float, radius: float) -> Ring:
    """A rectangle of twice ``wide`` by twice ``high`` with rounded corners."""
    ring: Ring = []
    for quarter, (x, y) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        for step in range(7):
            turn = math.pi / 2 * (quarter + step / 6)
            ring.append((x * (wide - radius) + radius * math.cos(turn), y * (high - radius) + radius * math.sin(turn)))
    return ring


def make_bolt(dice: Dice) -> Shape:
    """A bolt on its side: a hexagonal or a domed head, and a threaded shank."""
    kind = dice.pick(("hex", "hex", "hex", "dome"))
    shank = dice.between(5.0, 6.4)
    length = dice.between(22.0, 30.0)
    half = shank * dice.between(1.65, 1.95)
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


MAKERS = {"bolt": make_bolt, "hinge": make_hinge, "washer": make_washer}


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


def _hinge(size: dict[str, float], kind: str, u: Field, v: Field, edge: Field) -> Field:
    height = _rounded(edge, 0.7)
    barrel = np.sqrt(np.maximum(size["pin"] ** 2 - u**2, 0))
    joint = np.mod((v / size["half"] + 1) / 2 * size["knuckles"], 1.0)
    barrel = barrel * (1 - 0.35 * ((joint < 0.07) | (joint > 0.93)))
    return np.maximum(height, barrel).astype(np.float32)


def _bolt(size: dict[str, float], kind: str, u: Field, v: Field, edge: Field) -> Field:
    shank = np.sqrt(np.maximum(size["shank"] ** 2 - v**2, 0.02))
    threaded = (u > size["smooth"]).astype(np.float32)
    shank = shank + threaded * 0.3 * np.sin(2 * math.pi * (u + 0.12 * v) / size["pitch"])
    shank = shank - np.maximum(u - (size["tip"] - 1.5), 0)
    half = size["half"]
    if kind == "hex":
        head = np.minimum(half * 0.87, (half - np.abs(v)) * 1.6)
    else:
        head = np.sqrt(np.maximum(half**2 - v**2, 0.02))
    if kind == "dome":
        along = np.clip((size["neck"] - u) / size["tall"], 0, 1)
        head = head * np.sqrt(np.maximum(1 - along**2, 0.02))
    head = head + _rounded(edge, 0.6)
    return np.where(u < size["neck"], head, shank).astype(np.float32)


_RELIEFS = {"bolt": _bolt, "hinge": _hinge, "washer": _washer}
