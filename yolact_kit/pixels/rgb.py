"""Pixels of every mode as 8-bit RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_AT_ONCE = 1 << 22
"""Pixels that are copied, or scaled to 8 bits, at once."""


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of one of Pillow's pictures, not turned; values of more than 8 bits are scaled to 8.

    Args:
        image: The picture, in any mode.

    Returns:
        uint8 [height, width, 3], R G B.

    Example:
        >>> to_rgb(Image.new("CMYK", (4, 2))).shape
        (2, 4, 3)
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _grey_to_rgb(_to_eight_bits(np.asarray(image)))
    clear = "transparency" in image.info
    if image.mode in ("1", "L") and not clear:
        return _grey_to_rgb(np.asarray(image.convert("L")))
    if image.mode in ("P", "PA", "LA", "RGBa") or clear:
        image = image.convert("RGBA")
    if image.mode != "RGB":
        image = image.convert("RGB")
    return _copied(image)


def _copied(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an RGB picture, copied some rows at a time: at once, Pillow would hold them twice besides."""
    width, height = image.size
    rows = max(1, _AT_ONCE // width)
    if rows >= height:
        return np.array(image, dtype=np.uint8)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    for top in range(0, height, rows):
        pixels[top : top + rows] = np.asarray(image.crop((0, top, width, min(top + rows, height))))
    return pixels


def _grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[:, :, None], 3, axis=2)


def _to_eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of more than 8 bits scaled to 8, some rows at a time: as floats all would take eight times the memory."""
    rows = max(1, _AT_ONCE // values.shape[1])
    blocks = [values[start : start + rows] for start in range(0, len(values), rows)]
    low, high = _value_range(blocks)
    scale = 255.0 / max(high - low, 1e-12)
    return np.concatenate([np.round((_finite(block) - low) * scale).astype(np.uint8) for block in blocks])


def _value_range(blocks: list[NDArray[Any]]) -> tuple[float, float]:
    """The values that become 0 and 255: the limits of the picture's likely number of bits, or its own extremes."""
    low = min(float(_finite(block).min()) for block in blocks)
    high = max(float(_finite(block).max()) for block in blocks)
    if low < 0 or high > 65535:
        return low, high
    top = next(limit for limit in (1.0, 255.0, 4095.0, 65535.0) if high <= limit)
    # A nearly black 16-bit picture is still 16-bit; only fractions make a range of 0 to 1.
    if top == 1.0 and all(np.array_equal(block, np.round(block)) for block in map(_finite, blocks)):
        top = 255.0
    return 0.0, top


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    """The values as floats, 0 in place of what is infinite or not a number."""
    return np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
