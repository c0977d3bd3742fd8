"""From prototypes and coefficients to masks of the picture's size, without ever holding N full masks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch import Tensor

from yolact_kit.annotations.dataset import Rle


class MaskCrop(NamedTuple):
    """The part of a mask that is not empty.

    Attributes:
        x: Left column of the part in the picture, in pixels.
        y: Top row of the part in the picture, in pixels.
        pixels: bool [h, w]; [0, 0] where the whole mask is empty.
    """

    x: int
    y: int
    pixels: NDArray[np.bool_]


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
    return crop(soft.sigmoid().reshape(-1, height, width), boxes, padding)


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
    height, width = masks.shape[1:]
    columns = _within(boxes[:, 0], boxes[:, 2], width, padding)
    rows = _within(boxes[:, 1], boxes[:, 3], height, padding)
    return masks * (rows[:, :, None] & columns[:, None, :])


def _within(first: Tensor, second: Tensor, size: int, padding: float) -> Tensor:
    low = (torch.minimum(first, second) * size - padding).clamp(min=0)
    high = (torch.maximum(first, second) * size + padding).clamp(max=size)
    index = torch.arange(size, device=first.device, dtype=first.dtype)
    return (index >= low[:, None]) & (index < high[:, None])


def upsample_crop(mask: NDArray[np.float32], height: int, width: int, threshold: float = 0.5) -> MaskCrop:
    """Enlarges one soft mask bilinearly to the picture's size and thresholds it, only where it is not zero.

    The same pixels as enlarging the whole mask with ``align_corners=False``, at the cost of the object alone.

    Args:
        mask: float32 [Hp, Wp], such as one of `assemble`.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this.

    Returns:
        The part of the mask that holds every pixel set.

    Example:
        >>> part = upsample_crop(np.float32([[0, 0], [0, 1]]), 4, 4)
        >>> part.x, part.y, part.pixels.tolist()
        (2, 2, [[True, True], [True, True]])
    """
    over = mask > threshold
    rows, columns = over.any(axis=1).nonzero()[0], over.any(axis=0).nonzero()[0]
    if len(rows) == 0:
        return MaskCrop(0, 0, np.zeros((0, 0), dtype=np.bool_))
    y, top, bottom, down = _taps(int(rows[0]), int(rows[-1]), mask.shape[0], height)
    x, left, right, across = _taps(int(columns[0]), int(columns[-1]), mask.shape[1], width)
    # Columns first, on the few rows of the prototypes; only the second step has the picture's size.
    wide = mask[:, left] * (1 - across) + mask[:, right] * across
    full = wide[top]
    full += (wide[bottom] - full) * down[:, None]
    return _tight(MaskCrop(x, y, full > threshold))


def _taps(
    first: int, last: int, size: int, target: int
) -> tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Of the target pixels that source pixels first..last reach: the first; both source pixels and weight of each."""
    scale = size / target
    low = max(0, int(np.floor((first - 0.5) / scale - 0.5)))
    high = min(target, int(np.ceil((last + 1.5) / scale - 0.5)) + 1)
    place = np.maximum((np.arange(low, high) + 0.5) * scale - 0.5, 0)
    lower = np.minimum(place.astype(np.int64), size - 1)
    return low, lower, np.minimum(lower + 1, size - 1), (place - lower).astype(np.float32)


def _tight(part: MaskCrop) -> MaskCrop:
    rows, columns = part.pixels.any(axis=1).nonzero()[0], part.pixels.any(axis=0).nonzero()[0]
    if len(rows) == 0:
        return MaskCrop(0, 0, np.zeros((0, 0), dtype=np.bool_))
    pixels = part.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return MaskCrop(part.x + int(columns[0]), part.y + int(rows[0]), pixels)


def encode_crop(part: MaskCrop, height: int, width: int) -> Rle:
    """Compressed RLE of a whole mask from the part of it that is not empty.

    Args:
        part: The part, wholly within the picture.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        The RLE that pycocotools gives for the whole mask.

    Example:
        >>> encode_crop(MaskCrop(1, 0, np.ones((2, 1), dtype=bool)), 2, 2)["size"]
        [2, 2]
    """
    tall, wide = part.pixels.shape
    # Run lengths go down the columns: a zero above and below each column makes every run of it start and end.
    framed = np.zeros((wide, tall + 2), dtype=np.int8)
    framed[:, 1:-1] = part.pixels.T
    steps = np.diff(framed, axis=1)
    column, row = (steps > 0).nonzero()
    starts = (part.x + column) * height + part.y + row
    column, row = (steps < 0).nonzero()
    ends = (part.x + column) * height + part.y + row
    joined = starts[1:] == ends[:-1]
    edges = np.stack([starts[np.r_[True, ~joined][: len(starts)]], ends[np.r_[~joined, True][: len(ends)]]], axis=1)
    counts = np.diff(edges.reshape(-1), prepend=0).tolist()
    rest = height * width - (int(ends[-1]) if len(ends) else 0)
    if rest or not counts:
        counts.append(rest)
    coded = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    return {"size": [height, width], "counts": coded["counts"].decode("ascii")}


def masks_to_rle(masks: Tensor, height: int, width: int, threshold: float = 0.5) -> tuple[list[Rle], NDArray[np.int64]]:
    """Masks of the picture's size from soft masks at the size of the prototypes.

    Args:
        masks: float [N, Hp, Wp], as `assemble` gives them.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        threshold: A pixel is set where its value is above this.

    Returns:
        N masks as compressed RLE, and their areas, int64 [N] in pixels.

    Example:
        >>> masks_to_rle(torch.ones(1, 2, 2), 4, 6)[1].tolist()
        [24]
    """
    soft = masks.detach().float().cpu().numpy()
    parts = [upsample_crop(mask, height, width, threshold) for mask in soft]
    areas = np.array([int(part.pixels.sum()) for part in parts], dtype=np.int64)
    return [encode_crop(part, height, width) for part in parts], areas
