"""From prototypes and coefficients to masks of the picture's size, without ever holding N full masks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.ops.box_arrays import Floats
from yolact_kit.shapes.rle import Rle, compress, drop_pairs, run_lengths

_BAND = 2**18
"""Values of a band of columns: as doubles 2 MB, which the processor's cache holds."""


class CroppedMask(NamedTuple):
    """A soft mask at the size of the prototypes, 0 everywhere but in a rectangle.

    Attributes:
        top: The rectangle's first row.
        left: Its first column.
        values: float32 [h, w] in 0..1, what lies in it.
        size: Height and width of the whole mask.
    """

    top: int
    left: int
    values: Floats
    size: tuple[int, int]

    def whole(self) -> Floats:
        """The whole mask, float32 [Hp, Wp]."""
        mask = np.zeros(self.size, dtype=np.float32)
        height, width = self.values.shape
        mask[self.top : self.top + height, self.left : self.left + width] = self.values
        return mask

    def framed(self) -> CroppedMask:
        """The same mask in a rectangle that is a pixel larger on every side where the whole mask is."""
        height, width = self.values.shape
        up, before = min(1, self.top), min(1, self.left)
        down = min(1, self.size[0] - self.top - height)
        after = min(1, self.size[1] - self.left - width)
        values = np.zeros((height + up + down, width + before + after), dtype=np.float32)
        values[up : up + height, before : before + width] = self.values
        return CroppedMask(self.top - up, self.left - before, values, self.size)


def assemble(prototypes: Floats, coefficients: Floats, boxes: Floats, padding: float = 1) -> Iterator[CroppedMask]:
    """Masks at the size of the prototypes: sigmoid(prototypes x coefficients), zero outside the boxes.

    Args:
        prototypes: float32 [K, Hp, Wp].
        coefficients: float32 [N, K].
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1 of the picture; may reach beyond it.
        padding: Prototype pixels by which the boxes grow before they crop; a 1 is part of published checkpoints.

    Yields:
        The N masks, one in memory at a time.

    Example:
        >>> boxes = np.array([[0.5, 0.5, 0.5, 0.5]])
        >>> [mask] = assemble(np.ones((1, 4, 4)), np.array([[9.0]]), boxes)
        >>> int((mask.whole() > 0.5).sum())
        4
    """
    windows = crop_windows(boxes, prototypes.shape[1], prototypes.shape[2], padding)
    for weights, window in zip(coefficients, windows, strict=True):
        yield assemble_in(prototypes, weights, window)


def assemble_in(prototypes: Floats, coefficients: Floats, window: NDArray[np.int64]) -> CroppedMask:
    """One mask at the size of the prototypes, in a rectangle.

    Args:
        prototypes: float32 [K, Hp, Wp].
        coefficients: float32 [K].
        window: int64 [4], x1 y1 x2 y2 in prototype pixels, the ends not included.

    Returns:
        The mask.
    """
    x1, y1, x2, y2 = window.tolist()
    # Not by multiplying matrices: in so small a rectangle the threads of that would mostly wait for each other, and
    # take the core that predicts on the next picture.
    values = np.einsum("k,khw->hw", coefficients, prototypes[:, y1:y2, x1:x2])
    with np.errstate(over="ignore"):  # exp of what is very negative is infinite, and the sigmoid 0
        soft = np.exp(-values, dtype=np.float32)
    soft += 1
    return CroppedMask(y1, x1, np.reciprocal(soft, out=soft), prototypes.shape[1:])


def crop_windows(boxes: Floats, height: int, width: int, padding: float = 1) -> NDArray[np.int64]:
    """The rectangle of each mask that its box leaves.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        height: Height of the masks in pixels.
        width: Width of the masks in pixels.
        padding: Mask pixels by which each box grows on every side.

    Returns:
        int64 [N, 4], x1 y1 x2 y2 in mask pixels, the ends not included; a pixel lies in a box where its index is at
        least the left edge and below the right.

    Example:
        >>> crop_windows(np.array([[0.0, 0.0, 0.5, 1.0]]), 4, 4, padding=0).tolist()
        [[0, 0, 2, 4]]
    """
    size = np.array([width, height], dtype=boxes.dtype)
    first = (np.minimum(boxes[:, :2], boxes[:, 2:]) * size - padding).clip(0, size)
    second = (np.maximum(boxes[:, :2], boxes[:, 2:]) * size + padding).clip(0, size)
    # What is no number is in no pixel.
    edges: NDArray[np.int64] = np.nan_to_num(np.ceil(np.concatenate([first, second], axis=1)), nan=0.0).astype(np.int64)
    edges[:, :2] = np.minimum(edges[:, :2], edges[:, 2:])
    return edges


def masks_to_rle(
    masks: Iterable[CroppedMask], height: int, width: int, threshold: float = 0.5
) -> tuple[list[Rle], NDArray[np.int64]]:
    """Masks of the picture's size from soft masks at the size of the prototypes, straight to run lengths.

    The same pixels as enlarging each whole mask bilinearly with ``align_corners=False``, but nothing ever has the
    picture's size: down a column of the picture the values are linear from one row of prototypes to the next, so the
    pixels at which a run begins and ends can be computed. Time and memory grow with the object's width in the picture
    and its height in prototypes.

    Args:
        masks: N soft masks, as `assemble` gives them; what is not a number counts as 0.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this, 0 or more.

    Returns:
        N masks as compressed RLE, and their areas, int64 [N] in pixels.

    Example:
        >>> masks_to_rle([CroppedMask(0, 0, np.ones((2, 2), dtype=np.float32), (2, 2))], 4, 6)[1].tolist()
        [24]
    """
    rles, areas = [], []
    for mask in masks:
        counts = run_lengths(_flips(mask, height, width, threshold), height, width)
        rles.append(compress(counts, height, width))
        areas.append(int(counts[1::2].sum()))
    return rles, np.array(areas, dtype=np.int64)


def _flips(mask: CroppedMask, height: int, width: int, threshold: float) -> NDArray[np.int64]:
    """Where the enlarged mask begins and ends, in turn: pixels counted down the columns, rising, each once."""
    over = (mask.values > threshold).any(axis=0).nonzero()[0]
    if len(over) == 0:
        return np.zeros(0, dtype=np.int64)
    over += mask.left
    # A column of the picture is a blend of two columns of prototypes, so it can only be set between the neighbours of
    # columns that are above the threshold. The centre of column c, c + 0.5 wide, lies at (c + 0.5) * scale - 0.5.
    scale = width / mask.size[1]
    first = max(0, math.floor((over[0] - 0.5) * scale - 0.5))
    end = min(width, math.ceil((over[-1] + 1.5) * scale - 0.5) + 1)
    # Turned, so that each column of prototypes lies in one stretch of memory; some columns of the picture at a time.
    # The frame makes what lies around the rectangle part of it: zeros, with which its border is blended.
    framed = mask.framed()
    columns = np.nan_to_num(framed.values.T.astype(np.float64, order="C"), nan=0.0, copy=False)
    band = max(1, _BAND // len(columns[0]))
    flips = []
    for start in range(first, end, band):
        x = np.arange(start, min(start + band, end))
        flips.append(_column_flips(framed, columns, x, height, width, threshold))
    # Where a run reaches the bottom and the next column begins with one, end and beginning are the same pixel.
    return drop_pairs(np.concatenate(flips))


def _column_flips(
    mask: CroppedMask, columns: NDArray[np.float64], x: NDArray[np.int64], height: int, width: int, threshold: float
) -> NDArray[np.int64]:
    """The flips in the columns ``x`` of the picture, with those at its upper and lower border.

    Args:
        mask: The soft mask, framed.
        columns: float64 [w, h], its values by columns.
        x: int64 [X], columns of the picture.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this.

    Returns:
        Pixels counted down the columns, int64 [F], rising; two may be the same.
    """
    # Across: each column of the picture is the blend of the two columns of prototypes that its centre lies between.
    wide, tall = columns.shape
    across = (((x + 0.5) * (mask.size[1] / width) - 0.5).clip(0, mask.size[1] - 1) - mask.left).clip(0, wide - 1)
    left = across.astype(np.int64)
    values = columns[left]
    values += (columns[np.minimum(left + 1, wide - 1)] - values) * (across - left)[:, None]
    # Down: between the centres of two rows of prototypes the values are linear. So a run begins or ends exactly where
    # one row is above the threshold and the next is not; that is flip k, between rows k - 1 and k. A frame of False
    # above and below makes runs that touch the border begin and end there: flips 0 and `tall`.
    over = np.zeros((len(x), tall + 2), dtype=np.bool_)
    np.greater(values, threshold, out=over[:, 1:-1])
    column, flip = (over[:, 1:] != over[:, :-1]).nonzero()
    inner = (flip > 0) & (flip < tall)
    above, below = values[column, np.maximum(flip - 1, 0)], values[column, np.minimum(flip, tall - 1)]
    # The point between the two rows at which the line crosses the threshold, then in rows of the picture.
    share = (threshold - above) / np.where(inner, below - above, 1)
    crossing = (mask.top + flip - 0.5 + share) * (height / mask.size[0]) - 0.5
    # A pixel right at the threshold is not set: a run begins after it and ends before it.
    row = np.where(below > threshold, np.floor(crossing) + 1, np.ceil(crossing)).astype(np.int64)
    row[flip == 0] = 0
    row[flip == tall] = height
    flips: NDArray[np.int64] = x[column] * height + row
    return flips
