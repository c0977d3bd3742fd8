"""Fingerprints of a picture's pixels, by which it is recognised: a digest and a small grey copy."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

THUMBNAIL = 16
"""Side in pixels of the small grey copies."""


def digest(pixels: NDArray[Any]) -> str:
    """A fingerprint of decoded pixels: equal for the same picture whatever its file format.

    Args:
        pixels: [H, W, ...], contiguous; 8-bit RGB, or the values of a picture of more than 8 bits.

    Returns:
        32 characters.

    Example:
        >>> digest(np.zeros((2, 3, 3), np.uint8)) == digest(np.zeros((3, 2, 3), np.uint8))
        False
    """
    height, width = pixels.shape[:2]
    return hashlib.blake2b(pixels.data, digest_size=16, person=f"{width}x{height}".encode()[:16]).hexdigest()


def grey_thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A small grey copy of a picture.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue.

    Returns:
        uint8 [16, 16].
    """
    import cv2  # This import takes a quarter of a second, which is not needed for reading labels alone.

    # Grey first: averaging one channel takes a third of the time.
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), dtype=np.uint8)
