"""Random fields: smooth noise of one or several scales, and cells around random points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Dice = np.random.Generator
Field = NDArray[np.float32]
"""float32 [height, width], or [height, width, 3] for colours R G B of 0..1."""


def smooth_noise(dice: Dice, height: int, width: int, cell: float, stretch: float = 1.0) -> Field:
    """Noise of one scale.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.
        cell: Distance of neighbouring random values in pixels.
        stretch: How many times longer its features are along x than along y.

    Returns:
        float32 [height, width] of mean 0 and a deviation below 1.
    """
    rows, columns = (max(2, round(side / length) + 1) for side, length in ((height, cell), (width, cell * stretch)))
    grid = dice.standard_normal((min(rows, height), min(columns, width)), dtype=np.float32)
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC))


def layered_noise(
    dice: Dice, height: int, width: int, cell: float, layers: int = 4, fade: float = 0.55, stretch: float = 1.0
) -> Field:
    """Noise of several scales, each half as wide as the one before.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.
        cell: The widest scale in pixels.
        layers: Number of scales; those below a pixel are left out.
        fade: Strength of each scale relative to the one before.
        stretch: How many times longer features are along x than along y.

    Returns:
        float32 [height, width] of mean 0 and a deviation of about 0.5.
    """
    total = np.zeros((height, width), np.float32)
    strength, sum_of_squares = 1.0, 0.0
    for _ in range(layers):
        if cell < 1:
            break
        total += strength * smooth_noise(dice, height, width, cell, stretch)
        sum_of_squares += strength**2
        strength, cell = strength * fade, cell / 2
    return total * np.float32(0.7 / max(1e-6, sum_of_squares) ** 0.5)


def turned_noise(dice: Dice, height: int, width: int, cell: float, stretch: float, angle: float) -> Field:
    """Noise whose features are long in one direction, as wood grain and fur are.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.
        cell: Their thickness in pixels.
        stretch: How many times longer than thick they are.
        angle: Their direction in radians.

    Returns:
        float32 [height, width].
    """
    side = int(np.hypot(height, width)) + 2
    field = layered_noise(dice, side, side, cell, 3, 0.6, stretch)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(np.degrees(angle)), 1.0)
    turn[:, 2] += [(width - side) / 2, (height - side) / 2]
    return np.asarray(cv2.warpAffine(field, turn, (width, height), flags=cv2.INTER_LINEAR))


def cells(dice: Dice, height: int, width: int, count: int) -> tuple[NDArray[np.int32], Field]:
    """Cells around random points.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.
        count: Number of points.

    Returns:
        The number of each pixel's nearest point, int32 [height, width] of 0..count, and the distance to it in pixels.
    """
    points = np.ones((height, width), np.uint8)
    points[dice.integers(0, height, count), dice.integers(0, width, count)] = 0
    distances, numbers = cv2.distanceTransformWithLabels(points, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return np.asarray(numbers) % (count + 1), np.asarray(distances)


def colour(dice: Dice, saturated: float = 0.5) -> Field:
    """A random colour: of nature, of paint, or a grey.

    Args:
        dice: Where randomness comes from.
        saturated: Share of strong colours.

    Returns:
        float32 [3], R G B of 0..1.
    """
    choice = dice.random()
    if choice < 0.22:
        return np.float32(dice.uniform(0.04, 0.97)) + dice.uniform(-0.03, 0.03, 3).astype(np.float32)
    if choice < 0.22 + 0.78 * saturated:
        hue, saturation, value = dice.uniform(0, 360), dice.uniform(0.35, 1.0), dice.uniform(0.25, 1.0)
    elif choice < 0.8:  # browns, ochres, reds and greens of nature
        hue, saturation, value = dice.uniform(5, 110), dice.uniform(0.2, 0.8), dice.uniform(0.15, 0.9)
    else:
        hue, saturation, value = dice.uniform(0, 360), dice.uniform(0.05, 0.4), dice.uniform(0.2, 0.98)
    hsv = np.array([[[hue, saturation, value]]], np.float32)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))[0, 0]


def blend(share: Field, first: Field, second: Field) -> Field:
    """Two colours mixed, or two pictures.

    Args:
        share: How much of the second, [height, width] of 0..1.
        first: R G B, [3] or [height, width, 3].
        second: As ``first``.

    Returns:
        float32 [height, width, 3].
    """
    weight = share[..., None]
    return np.asarray(first + (second - first) * weight, np.float32)
