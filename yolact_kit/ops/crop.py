"""The part of a mask that its box leaves, as tensors, for training and recorded programs."""

from __future__ import annotations

import torch
from torch import Tensor


def crop_region(boxes: Tensor, height: int, width: int, padding: float = 1) -> Tensor:
    """The pixels of masks that lie in their boxes.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        height: Height of the masks in pixels.
        width: Width of the masks in pixels.
        padding: Mask pixels by which each box grows on every side.

    Returns:
        bool [N, height, width]; a pixel lies in a box where its index is at least the left edge and below the right.

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
