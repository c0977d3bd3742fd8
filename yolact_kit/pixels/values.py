"""The values of pictures of more than 8 bits a channel, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.pixels.depth import DepthRange, value_range
from yolact_kit.pixels.fingerprints import THUMBNAIL

_NO_DATA_TAG = 42113
"""GDAL's tag of TIFF files: the value of pixels that hold nothing, as text."""
_WHOLE_BYTE = 257
"""65535 / 255: from 8 bits to 16."""


@dataclass(frozen=True, slots=True)
class DeepSummary:
    """What is remembered of a picture of more than 8 bits until the range of its set is known.

    Attributes:
        range: Its own lowest and highest value, see `value_range`.
        small: float32 [16, 16], its values in grey.
    """

    range: DepthRange
    small: NDArray[np.float32]


def is_deep(image: Image.Image) -> bool:
    """Whether a channel of a picture has more than 8 bits.

    Args:
        image: A picture of which only the header has been read; Pillow forgets how the pixels of others were stored.

    Returns:
        Whether it has.

    Example:
        >>> is_deep(Image.new("I;16", (4, 2))), is_deep(Image.new("RGB", (4, 2)))
        (True, False)
    """
    if is_grey(image):
        return True
    # The mode is what Pillow will decode to. How the pixels are stored is in its tiles: the fourth entry of each is or
    # begins with the stored mode; of PPM files it ends with the highest value.
    for tile in getattr(image, "tile", []):
        stored = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if ";16" in str(stored[0]) or (image.format == "PPM" and isinstance(stored[-1], int) and stored[-1] > 255):
            return True
    return False


def deep_values(image: Image.Image) -> NDArray[Any]:
    """The values of a picture of more than 8 bits, as Pillow has them.

    Args:
        image: The picture, loaded. Of colours Pillow has the upper 8 of 16 bits; `deep_colours` has all of them.

    Returns:
        [H, W], or [H, W, 3] red, green, blue, without transparency; NaN where the file says that a pixel holds nothing.
    """
    if is_grey(image):
        return _without_gaps(_native(np.asarray(image)), image)
    return np.asarray(np.asarray(image.convert("RGB"), dtype=np.uint16) * np.uint16(_WHOLE_BYTE))


def is_grey(image: Image.Image) -> bool:
    """Whether a picture of more than 8 bits has one channel, of which Pillow has all bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def deep_colours(source: Path | str | bytes) -> NDArray[Any] | None:
    """The colours of a file of more than 8 bits, as OpenCV reads them.

    Args:
        source: The file, or its content.

    Returns:
        [H, W, 3] red, green, blue, as stored, without transparency, or [H, W]; None where OpenCV cannot read the file,
        or has only 8 bits.
    """
    import cv2

    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if decoded is None or decoded.dtype == np.uint8:
        return None
    if decoded.ndim == 2:
        return np.asarray(decoded)
    return np.ascontiguousarray(decoded[:, :, 2::-1])  # blue, green, red, transparency


def summarise(values: NDArray[Any]) -> DeepSummary:
    """What is remembered of a picture of more than 8 bits.

    Args:
        values: [H, W] or [H, W, 3], as `deep_values` gives them, upright.

    Returns:
        Its range and a small copy.
    """
    import cv2  # As in fingerprints.py, only where it is needed.

    own = value_range(values)
    grey = values.astype(np.float32) if values.ndim == 2 else values.mean(axis=2, dtype=np.float32)
    grey = np.nan_to_num(grey, nan=own.low, posinf=own.high, neginf=own.low)
    small = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return DeepSummary(own, np.asarray(small, dtype=np.float32))


def _native(values: NDArray[Any]) -> NDArray[Any]:
    """The values in this machine's order of bytes; in 16 bits where they fit, as other files have them."""
    if values.dtype.kind == "i" and values.size and values.min() >= 0 and values.max() <= np.iinfo(np.uint16).max:
        return values.astype(np.uint16)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _without_gaps(values: NDArray[Any], image: Image.Image) -> NDArray[Any]:
    """The values, NaN where they are the one by which the file marks pixels that hold nothing."""
    tags = getattr(image, "tag_v2", {})
    try:
        nothing = float(str(tags[_NO_DATA_TAG]).strip("\0 "))
    except (KeyError, ValueError):
        return values
    empty = values == nothing
    return np.where(empty, np.float32(np.nan), values.astype(np.float32)) if empty.any() else values
