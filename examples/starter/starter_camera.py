"""What a camera makes of a scene: uneven light, colour cast, blur, noise and JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from starter_noise import Dice, Field, smooth_noise


def expose(scene: Field, dice: Dice) -> NDArray[np.uint8]:
    """A photograph of a scene; edges stay where they are.

    Args:
        scene: float32 [height, width, 3], R G B of about 0..1.
        dice: Where randomness comes from.

    Returns:
        uint8 [height, width, 3], R G B.
    """
    height, width = scene.shape[:2]
    pixels = scene * _illumination(dice, height, width)[..., None]
    pixels *= dice.normal(1, 0.07, 3).clip(0.8, 1.2).astype(np.float32)
    pixels = _blurred(pixels, dice)
    haze, gain = dice.uniform(0, 0.12) * dice.integers(0, 2), dice.uniform(0.75, 1.2)
    pixels = np.clip(haze + pixels * np.float32(gain * (1 - haze)), 0, 1) ** np.float32(dice.uniform(0.75, 1.3))
    if dice.random() < 0.06:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    pixels += _noise(dice, height, width)
    return np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)


def _illumination(dice: Dice, height: int, width: int) -> Field:
    """Light that falls off to one side, towards the corners, and in wide patches."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle, fall = dice.uniform(0, 2 * np.pi), dice.uniform(0, 0.35)
    light = 1 + np.float32(fall) * (np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y)
    if dice.random() < 0.4:
        light = light * (1 - np.float32(dice.uniform(0.05, 0.3)) * (x * x + y * y))
    if dice.random() < 0.3:
        light = light * (1 + np.float32(dice.uniform(0.05, 0.15)) * smooth_noise(dice, height, width, width / 2))
    return np.asarray(np.maximum(light, 0.15), np.float32)


def _blurred(pixels: Field, dice: Dice) -> Field:
    """Slightly out of focus, or seldom moved; the blur is even to both sides."""
    choice = dice.random()
    if choice < 0.07:
        length, angle = int(dice.integers(3, 8)) | 1, dice.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        centre = (length - 1) / 2
        ends = [
            (round(centre + t * centre * np.cos(angle)), round(centre + t * centre * np.sin(angle))) for t in (-1, 1)
        ]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1)
        return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()))
    if choice < 0.65:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), dice.uniform(0.3, 1.3)))
    if choice < 0.78:  # the edges that cameras sharpen
        soft = cv2.GaussianBlur(pixels, (0, 0), 1.0)
        return np.asarray(pixels + (pixels - soft) * np.float32(dice.uniform(0.3, 1.0)))
    return pixels


def _noise(dice: Dice, height: int, width: int) -> Field:
    """Noise of the sensor, the same in all colours or not."""
    strength = np.float32(dice.uniform(0, 0.012) if dice.random() < 0.7 else dice.uniform(0.012, 0.05))
    grain = dice.standard_normal((height, width, 1 if dice.random() < 0.5 else 3), dtype=np.float32)
    return np.asarray(grain * strength)


def jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """A picture as a JPEG file.

    Args:
        pixels: uint8 [height, width, 3], R G B.
        quality: 0..100.

    Returns:
        The file's content.
    """
    done, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG file.")
    return coded.tobytes()
