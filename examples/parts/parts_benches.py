"""The benches that the parts lie on: wood, brushed metal, cloth, concrete, paint, cutting mat, cardboard."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from parts_render import Colour, clouds
from parts_shapes import Field

Texture = NDArray[np.float32]
Size = tuple[int, int]


def _tint(colour: Colour, strength: Field) -> Texture:
    return (np.array(colour, np.float32) * strength[..., None]).astype(np.float32)


def _turned(rng: np.random.Generator, size: Size, make: Callable[[Size], Texture]) -> Texture:
    """The texture at an angle: drawn on a larger square, rotated, and cut out of its middle."""
    side = math.ceil(math.hypot(*size)) + 4
    large = make((side, side))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(0, 180)), 1.0)
    turned = cv2.warpAffine(large, turn, (side, side), borderMode=cv2.BORDER_REFLECT)
    top, left = (side - size[0]) // 2, (side - size[1]) // 2
    return turned[top : top + size[0], left : left + size[1]].copy()


def _wood(rng: np.random.Generator, size: Size) -> Texture:
    tone: Colour = (0.50, 0.33, 0.20)
    ring = rng.uniform(9, 22)
    plank = rng.uniform(110, 240)

    def make(area: Size) -> Texture:
        ys = np.mgrid[0 : area[0], 0 : area[1]][0].astype(np.float32)
        warp = clouds(rng, area, 70, 2, 5.0) * 16
        rings = 0.5 + 0.5 * np.sin((ys + warp) * 2 * math.pi / ring)
        fibre = clouds(rng, area, 2.5, 2, 30.0)
        board = np.floor((ys + 37) / plank)
        shade = 1 + 0.16 * np.sin(board * 12.9898 + 3)
        gap = np.clip(np.abs(np.mod(ys + 37, plank) - 2) / 2, 0.35, 1)
        return _tint(tone, (0.86 + 0.16 * rings**2 + 0.07 * fibre) * shade * gap)

    return _turned(rng, size, make)


def _metal(rng: np.random.Generator, size: Size) -> Texture:
    tone: Colour = (0.62, 0.63, 0.65)

    def make(area: Size) -> Texture:
        strokes = clouds(rng, area, 1.6, 2, 90.0) + 0.5 * clouds(rng, area, 4, 1, 40.0)
        sheen = clouds(rng, area, 260, 2)
        return _tint(tone, 0.95 + 0.09 * strokes + 0.16 * sheen)

    return _turned(rng, size, make)


def _cloth(rng: np.random.Generator, size: Size) -> Texture:
    tone: Colour = (0.20, 0.27, 0.42)
    period = rng.uniform(4.5, 7.5)

    def make(area: Size) -> Texture:
        ys, xs = np.mgrid[0 : area[0], 0 : area[1]].astype(np.float32)
        bend = clouds(rng, area, 60, 2) * 2.5
        warp = np.sin((xs + bend) * 2 * math.pi / period)
        weft = np.sin((ys + bend) * 2 * math.pi / period)
        folds = clouds(rng, area, 170, 2, 1.8)
        return _tint(
            tone, 0.95 + 0.13 * warp * weft + 0.06 * (warp + weft) + 0.17 * folds + 0.06 * clouds(rng, area, 1.5, 1)
        )

    return _turned(rng, size, make)


def _concrete(rng: np.random.Generator, size: Size) -> Texture:
    tone: Colour = (0.60, 0.59, 0.57)
    texture = 0.95 + 0.10 * clouds(rng, size, 120, 4) + 0.06 * clouds(rng, size, 3, 2)
    pits = clouds(rng, size, 7, 1) > 1.25
    texture = texture * (1 - 0.4 * cv2.GaussianBlur(pits.astype(np.float32), (0, 0), 1.0))
    return _tint(tone, texture)


def _cardboard(rng: np.random.Generator, size: Size) -> Texture:
    tone: Colour = (0.68, 0.54, 0.39)

    def make(area: Size) -> Texture:
        ys = np.mgrid[0 : area[0], 0 : area[1]][0].astype(np.float32)
        flutes = np.sin(ys * 2 * math.pi / 11)
        flecks = np.maximum(clouds(rng, area, 3, 1, 3.0) - 1, 0)
        return _tint(tone, 0.97 + 0.022 * flutes + 0.05 * clouds(rng, area, 4, 3) - 0.12 * flecks)

    return _turned(rng, size, make)


BENCHES = {
    "wood": _wood,
    "metal": _metal,
    "cloth": _cloth,
    "concrete": _concrete,
    "cardboard": _cardboard,
}


def _scratched(rng: np.random.Generator, texture: Texture, count: int, lift: float) -> Texture:
    marks = np.zeros(texture.shape[:2], np.float32)
    for _ in range(count):
        x, y = rng.uniform(0, texture.shape[1]), rng.uniform(0, texture.shape[0])
        turn, length = rng.uniform(0, math.pi), rng.uniform(20, 160)
        end = (round(x + length * math.cos(turn)), round(y + length * math.sin(turn)))
        cv2.line(marks, (round(x), round(y)), end, float(rng.uniform(0.3, 1)), 1, cv2.LINE_AA)
    return (texture + lift * marks[..., None]).astype(np.float32)


def _stained(rng: np.random.Generator, texture: Texture) -> Texture:
    """Oil spots, cup rings and crumbs: round or bright things that are not parts."""
    size = texture.shape[:2]
    marks = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        centre = (int(rng.integers(size[1])), int(rng.integers(size[0])))
        filled = -1 if rng.random() < 0.5 else int(rng.integers(2, 6))
        cv2.circle(marks, centre, int(rng.integers(12, 60)), 1.0, filled, cv2.LINE_AA)
    marks = cv2.GaussianBlur(marks, (0, 0), 2.5) * np.clip(0.6 + 0.6 * clouds(rng, size, 25, 2), 0, 1)
    texture = texture * (1 - 0.28 * marks[..., None])
    crumbs = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(0, 40))):
        centre = (int(rng.integers(size[1])), int(rng.integers(size[0])))
        cv2.ellipse(
            crumbs, centre, (int(rng.integers(1, 5)), 1), float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA
        )
    return (texture + (0.75 - texture) * 0.6 * crumbs[..., None]).astype(np.float32)


def make_bench(rng: np.random.Generator, kind: str, size: Size, light: Colour, lamp_turn: float) -> Texture:
    """An empty bench under its light.

    Args:
        rng: Source of the texture.
        kind: A name of `BENCHES`.
        size: Height and width in pixels.
        light: Colour of the lamp, linear RGB.
        lamp_turn: Direction that the light comes from, in radians: that side is brighter.

    Returns:
        Linear RGB float32 [H, W, 3].
    """
    texture = np.clip(_stained(rng, BENCHES[kind](rng, size)), 0.02, 1) ** 2.2
    ys, xs = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    slope = 1 + 0.22 * (xs * math.cos(lamp_turn) + ys * math.sin(lamp_turn))
    return (texture * slope[..., None] * np.array(light, np.float32)).astype(np.float32)
