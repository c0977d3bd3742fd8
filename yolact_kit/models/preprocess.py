"""From a picture to the network's input."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import ModelConfig


def resize(picture: NDArray[np.uint8], width: int, height: int, interpolation: str) -> NDArray[np.uint8]:
    """Resizes a picture [H, W, 3] to ``width`` x ``height``.

    Args:
        picture: uint8 [H, W, 3].
        width: New width in pixels.
        height: New height in pixels.
        interpolation: ``linear`` samples four neighbours; ``area`` averages when shrinking, so that fine texture does
            not turn into noise, and is linear when growing.

    Returns:
        uint8 [height, width, 3].
    """
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    mode = cv2.INTER_AREA if interpolation == "area" and shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=mode), dtype=np.uint8)


def prepare(picture: NDArray[np.uint8], config: ModelConfig) -> NDArray[np.float32]:
    """The network's input for one picture: squashed to the input size, whatever its aspect ratio.

    Args:
        picture: uint8 [H, W, 3], red, green, blue.
        config: The model's configuration.

    Returns:
        float32 [3, S, S] in 0..255.
    """
    size = config.input_size
    if config.interpolation == "linear":
        squashed: NDArray[np.float32] | NDArray[np.uint8] = _resize_linear(picture, size)
    else:
        squashed = resize(picture, size, size, config.interpolation)
    return np.ascontiguousarray(squashed.transpose(2, 0, 1), dtype=np.float32)


def _resize_linear(picture: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """Like the original: the picture becomes float before it is resized to a square, so nothing is rounded in between.

    Of a large picture only the two rows that each row of the result lies between become float: all of 50 megapixels
    would be 600 MB.
    """
    height = picture.shape[0]
    if height <= 2 * size:
        whole = cv2.resize(picture.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, dtype=np.float32)
    # Row r of the result samples the picture at height y, between two rows. These are resized across by OpenCV, all the
    # upper ones in the first half and all the lower ones in the second, and then blended down by hand.
    y = (np.arange(size) + 0.5) * (height / size) - 0.5
    above = np.floor(y).astype(np.int64)
    rows = picture[np.stack([above, above + 1]).reshape(-1)].astype(np.float32)
    narrow = cv2.resize(rows, (size, 2 * size), interpolation=cv2.INTER_LINEAR)
    weight_below = (y - above).astype(np.float32)[:, None, None]
    return np.asarray(narrow[:size] * (1 - weight_below) + narrow[size:] * weight_below, dtype=np.float32)
