"""From prototypes and coefficients to masks of the picture's size, without ever holding N full masks."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yolact_kit.shapes.rle import Rle, compress, drop_pairs, run_lengths

_BAND = 2**18
"""Values of a band of columns: as doubles 2 MB, which the processor's cache holds."""


def assemble(prototypes: Tensor, coefficients: Tensor, boxes: Tensor, padding: float = 1) -> Tensor:
    """Masks at the size of the prototypes: sigmoid(prototypes x coefficients), zero outside the boxes.

    Args:
        prototypes: float [K, Hp, Wp].
        coefficients: float [N, K].
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1 of the picture; may reach beyond it.
        padding: Prototype pixels by which the boxes grow before they crop; a 1 is part of published checkpoints.

    Returns:
        float32 [N, Hp, Wp] in 0..1.

    Example:
        >>> masks = assemble(torch.ones(1, 4, 4), torch.tensor([[9.0]]), torch.tensor([[0.5, 0.5, 0.5, 0.5]]))
        >>> (masks[0] > 0.5).sum().item()
        4
    """
    depth, height, width = prototypes.shape
    soft = coefficients.float() @ prototypes.float().reshape(depth, -1)
    return crop(soft.sigmoid_().reshape(-1, height, width), boxes, padding)


def crop(masks: Tensor, boxes: Tensor, padding: float = 1) -> Tensor:
    """Sets masks to zero outside their boxes.

    Args:
        masks: float [N, H, W].
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        padding: Mask pixels by which each box grows on every side.

    Returns:
        float [N, H, W]; a pixel stays where its index is at least the box's left edge and below its right edge.

    Example:
        >>> crop(torch.ones(1, 4, 4), torch.tensor([[0.0, 0.0, 0.5, 1.0]]), padding=0)[0, 0].tolist()
        [1.0, 1.0, 0.0, 0.0]
    """
    return masks.masked_fill(~crop_region(boxes, masks.shape[1], masks.shape[2], padding), 0)


def crop_region(boxes: Tensor, height: int, width: int, padding: float = 1) -> Tensor:
    """The pixels of a mask that `crop` keeps.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        height: Height of the masks in pixels.
        width: Width of the masks in pixels.
        padding: Mask pixels by which each box grows on every side.

    Returns:
        bool [N, height, width].

    Example:
        >>> int(crop_region(torch.tensor([[0.0, 0.0, 0.5, 1.0]]), 4, 4, padding=0).sum())
        8
    """
    columns = _within(boxes[:, 0], boxes[:, 2], width, padding)
    rows = _within(boxes[:, 1], boxes[:, 3], height, padding)
    return rows[:, :, None] & columns[:, None, :]


def _within(first: Tensor, second: Tensor, size: int, padding: float) -> Tensor:
    """The indices between two edges of each box, bool [N, size]; the edges [N] are in 0..1, in any order."""
    low = (torch.minimum(first, second) * size - padding).clamp(min=0)
    high = (torch.maximum(first, second) * size + padding).clamp(max=size)
    index = torch.arange(size, device=first.device, dtype=first.dtype)
    return (index >= low[:, None]) & (index < high[:, None])


def masks_to_rle(masks: Tensor, height: int, width: int, threshold: float = 0.5) -> tuple[list[Rle], NDArray[np.int64]]:
    """Masks of the picture's size from soft masks at the size of the prototypes, straight to run lengths.

    The same pixels as enlarging each whole mask bilinearly with ``align_corners=False``, but nothing ever has the
    picture's size: down a column of the picture the values are linear from one row of prototypes to the next, so the
    pixels at which a run begins and ends can be computed. Time and memory grow with the object's width in the picture
    and the height of the prototypes. All this is done on the host: bringing over what `assemble` gives for a hundred
    objects, 8 MB, is the smaller part of the work.

    Args:
        masks: float [N, Hp, Wp], as `assemble` gives them; what is not a number counts as 0.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this.

    Returns:
        N masks as compressed RLE, and their areas, int64 [N] in pixels.

    Example:
        >>> masks_to_rle(torch.ones(1, 2, 2), 4, 6)[1].tolist()
        [24]
    """
    rles, areas = [], []
    for mask in masks.detach().float().nan_to_num(0).cpu().numpy():
        counts = run_lengths(_flips(mask, height, width, threshold), height, width)
        rles.append(compress(counts, height, width))
        areas.append(int(counts[1::2].sum()))
    return rles, np.array(areas, dtype=np.int64)


def _flips(mask: NDArray[np.float32], height: int, width: int, threshold: float) -> NDArray[np.int64]:
    """Where the enlarged mask begins and ends, in turn: pixels counted down the columns, rising, each once."""
    over = (mask > threshold).any(axis=0).nonzero()[0]
    if len(over) == 0:
        return np.zeros(0, dtype=np.int64)
    # A column of the picture is a blend of two columns of prototypes, so it can only be set between the neighbours of
    # columns that are above the threshold. The centre of column c, c + 0.5 wide, lies at (c + 0.5) * scale - 0.5.
    scale = width / mask.shape[1]
    first = max(0, math.floor((over[0] - 0.5) * scale - 0.5))
    end = min(width, math.ceil((over[-1] + 1.5) * scale - 0.5) + 1)
    # Turned, so that each column of prototypes lies in one stretch of memory; some columns of the picture at a time.
    mask_columns = np.ascontiguousarray(mask.T, dtype=np.float64)
    band = max(1, _BAND // mask.shape[0])
    flips = []
    for start in range(first, end, band):
        x = np.arange(start, min(start + band, end))
        flips.append(_column_flips(mask_columns, x, height, width, threshold))
    # Where a run reaches the bottom and the next column begins with one, end and beginning are the same pixel.
    return drop_pairs(np.concatenate(flips))


def _column_flips(
    mask_columns: NDArray[np.float64], x: NDArray[np.int64], height: int, width: int, threshold: float
) -> NDArray[np.int64]:
    """The flips in the columns ``x`` of the picture, with those at its upper and lower border.

    Args:
        mask_columns: [Wp, Hp], the soft mask by columns.
        x: int64 [X], columns of the picture.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this.

    Returns:
        Pixels counted down the columns, int64 [F], rising; two may be the same.
    """
    # Across: each column of the picture is the blend of the two columns of prototypes that its centre lies between.
    wide, tall = mask_columns.shape
    across = ((x + 0.5) * (wide / width) - 0.5).clip(0, wide - 1)
    left = across.astype(np.int64)
    values = mask_columns[left]
    values += (mask_columns[np.minimum(left + 1, wide - 1)] - values) * (across - left)[:, None]
    # Down: between the centres of two rows of prototypes the values are linear. So a run begins or ends exactly where
    # one row is above the threshold and the next is not; that is flip k, between rows k - 1 and k. A frame of False
    # above and below makes runs that touch the border begin and end there: flips 0 and `tall`.
    framed = np.zeros((len(x), tall + 2), dtype=np.bool_)
    np.greater(values, threshold, out=framed[:, 1:-1])
    column, flip = (framed[:, 1:] != framed[:, :-1]).nonzero()
    inner = (flip > 0) & (flip < tall)
    above, below = values[column, np.maximum(flip - 1, 0)], values[column, np.minimum(flip, tall - 1)]
    # The point between the two rows at which the line crosses the threshold, then in rows of the picture.
    share = (threshold - above) / np.where(inner, below - above, 1)
    crossing = (flip - 0.5 + share) * (height / tall) - 0.5
    # A pixel right at the threshold is not set: a run begins after it and ends before it.
    row = np.where(below > threshold, np.floor(crossing) + 1, np.ceil(crossing)).astype(np.int64)
    row[flip == 0] = 0
    row[flip == tall] = height
    flips: NDArray[np.int64] = x[column] * height + row
    return flips
