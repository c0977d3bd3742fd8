"""Pixels of every mode as 8-bit RGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_AT_ONCE = 1 << 22
"""Pixels that are copied at once."""


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of one of Pillow's pictures, not turned.

    Args:
        image: The picture, in any mode of 8 bits or less; for others there is `deep_values`.

    Returns:
        uint8 [height, width, 3], R G B.

    Example:
        >>> to_rgb(Image.new("CMYK", (4, 2))).shape
        (2, 4, 3)
    """
    clear = "transparency" in image.info
    if image.mode in ("1", "L") and not clear:
        return grey_to_rgb(np.asarray(image.convert("L")))
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


def grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Three equal channels of a grey picture, uint8 [height, width]; one that has three already stays as it is."""
    return grey if grey.ndim == 3 else np.repeat(grey[:, :, None], 3, axis=2)
