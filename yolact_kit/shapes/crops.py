"""The part of a mask that is not empty: a hundred whole masks of a large picture would fill the memory."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.shapes.rle import Rle, compress, decode_counts, drop_pairs, run_lengths


class MaskCrop(NamedTuple):
    """The part of a mask that is not empty.

    Attributes:
        x: Left column of the part in the picture, in pixels.
        y: Top row of the part in the picture, in pixels.
        pixels: bool [h, w]; [0, 0] if the whole mask is empty.
    """

    x: int
    y: int
    pixels: NDArray[np.bool_]


def encode_crop(part: MaskCrop, height: int, width: int) -> Rle:
    """A mask of the picture's size from the part of it that is not empty; the inverse of `decode_crop`.

    Args:
        part: The part; it lies within the picture.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        Compressed RLE.

    Example:
        >>> decode_crop(encode_crop(MaskCrop(2, 1, np.ones((2, 3), dtype=bool)), 5, 9)).pixels.shape
        (2, 3)
    """
    # Run lengths go down the columns. With a frame of False above and below the part, each column's runs begin and end
    # where neighbours differ; a run that goes on in the next column ends and begins at the same pixel, which drops out.
    framed = np.zeros((part.pixels.shape[1], part.pixels.shape[0] + 2), dtype=np.bool_)
    framed[:, 1:-1] = part.pixels.T
    column, row = (framed[:, 1:] != framed[:, :-1]).nonzero()
    flips = drop_pairs((part.x + column) * height + part.y + row)
    return compress(run_lengths(flips, height, width), height, width)


def decode_crop(rle: Rle) -> MaskCrop:
    """The part of a mask that is not empty, without decoding the whole.

    Args:
        rle: Compressed RLE.

    Returns:
        The part; no row or column at its border is empty.

    Example:
        >>> part = decode_crop(compress(np.array([3, 1, 1, 1]), height=2, width=3))
        >>> part.x, part.y, part.pixels.tolist()
        (1, 1, [[True, True]])
    """
    # Runs of 0 and of 1 take turns, so their running sum is where each run of 1 begins and where it ends.
    height = rle["size"][0]
    flips = np.cumsum(decode_counts(rle["counts"]))
    starts, ends = flips[0:-1:2], flips[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    if len(starts) == 0:
        return MaskCrop(0, 0, np.zeros((0, 0), dtype=np.bool_))
    # Pixels are counted down the columns: column and row of each run's first and last pixel.
    first_column, top = starts // height, starts % height
    last_column, bottom = (ends - 1) // height, (ends - 1) % height
    x, y, tall = int(first_column[0]), int(top.min()), int(bottom.max() - top.min()) + 1
    if (first_column < last_column).any():
        # A run that goes on in the next column touches both the lower and the upper border.
        y, tall = 0, height
    # +1 where a run begins and -1 behind it, in the part's own columns: their running sum is the part.
    steps = np.zeros((int(last_column[-1]) - x + 1) * tall + 1, dtype=np.int8)
    steps[(first_column - x) * tall + top - y] += 1
    steps[(last_column - x) * tall + bottom - y + 1] -= 1
    pixels = np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)
    return MaskCrop(x, y, np.ascontiguousarray(pixels.reshape(-1, tall).T))


def resize_crop(part: MaskCrop, across: float, down: float, size: tuple[int, int]) -> MaskCrop:
    """A mask in a picture of another size, without drawing the whole: a pixel is set where half of it is covered.

    Args:
        part: The mask.
        across: New pixels for each old one, from left to right.
        down: New pixels for each old one, from top to bottom.
        size: Width and height of the new picture.

    Returns:
        The mask at the new size; it may be empty.

    Example:
        >>> resize_crop(MaskCrop(4, 2, np.ones((2, 4), dtype=bool)), 0.5, 0.5, (5, 3))[:2]
        (2, 1)
    """
    x, columns = _shares(part.x, part.pixels.shape[1], across, size[0])
    y, rows = _shares(part.y, part.pixels.shape[0], down, size[1])
    covered = rows @ part.pixels.astype(np.float32) @ columns.T
    return MaskCrop(x, y, covered > 0.5 - 1e-5)  # sums are rounded


def _shares(start: int, length: int, scale: float, end: int) -> tuple[int, NDArray[np.float32]]:
    """The first new pixel of a stretch, and the share [n, m] of each new pixel that each old one covers."""
    first, last = max(0, math.floor(start * scale)), min(end, math.ceil((start + length) * scale))
    new, old = np.arange(first, max(first, last))[:, None], (start + np.arange(length)) * scale
    covered = np.minimum(new + 1, old + scale) - np.maximum(new, old)
    return first, covered.clip(min=0).astype(np.float32)
