"""Free photographs that lie in scikit-image's wheel, as backgrounds; all of them public domain or CC0."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from starter_noise import Dice, Field

SURFACES = ("brick.png", "grass.png", "gravel.png")
"""Surfaces without things on them (CC0, from CC0Textures); sharp."""
SCENES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
"""Photographs of something; only ever out of focus, so that nothing in them is a thing."""


@lru_cache(maxsize=1)
def available() -> tuple[str, ...]:
    """The names of the photographs that are on this machine; none without scikit-image."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        return ()
    folder = Path(spec.origin).parent / "data"
    return tuple(str(folder / name) for name in (*SURFACES, *SCENES) if (folder / name).is_file())


@lru_cache(maxsize=16)
def _read(path: str) -> Field:
    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    return np.asarray(pixels[..., ::-1], np.float32) / np.float32(255)


def photo(dice: Dice, height: int, width: int) -> Field:
    """A part of a photograph, turned over at random; there must be one.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.

    Returns:
        float32 [height, width, 3] of 0..1.
    """
    path = str(dice.choice(available()))
    pixels = _read(path)
    sharp = Path(path).name in SURFACES
    side = int(min(pixels.shape[:2]) * dice.uniform(0.35, 1))
    y, x = (int(dice.integers(0, whole - side + 1)) for whole in pixels.shape[:2])
    part = np.rot90(pixels[y : y + side, x : x + side], int(dice.integers(4)))[:, :: int(dice.choice([-1, 1]))]
    if not sharp:
        part = cv2.resize(np.ascontiguousarray(part), (48, 48), interpolation=cv2.INTER_AREA)
        part = cv2.GaussianBlur(part, (0, 0), dice.uniform(1.2, 3))
    scaled = np.asarray(cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_LINEAR))
    tint = dice.uniform(0.6, 1.1, 3) if sharp and dice.random() < 0.6 else np.ones(3)
    return np.asarray(np.clip(scaled, 0, 1) * tint.astype(np.float32), np.float32)
