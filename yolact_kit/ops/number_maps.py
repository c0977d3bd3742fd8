"""Maps of objects' numbers instead of a mask of each object, see `yolact_kit.datasets.number_maps`, as tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def shrink_maps(maps: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Resizes maps as if each object's mask were resized bilinearly, and cut off at a half.

    Args:
        maps: [L, H, W], integers: the number of the object that each pixel belongs to, or 0.
        size: The new height and width, h and w.

    Returns:
        [L, h, w] of the type of ``maps``.

    Example:
        >>> shrink_maps(torch.tensor([[[1, 1, 2, 2], [1, 1, 2, 0]]]), (1, 2)).tolist()
        [[[1, 2]]]
    """
    # Between four pixels, the value of an object's mask is the sum of the weights of those that bear its number. Only
    # one object can have more than half, so it is enough to ask this of the number of each of the four.
    top, bottom, down = _neighbours(maps.shape[1], size[0], maps.device)
    left, right, across = _neighbours(maps.shape[2], size[1], maps.device)
    rows = [maps.index_select(1, top), maps.index_select(1, bottom)]
    corners = torch.stack([row.index_select(2, columns) for row in rows for columns in (left, right)])
    shrunk = torch.zeros_like(corners[0])
    for numbers in corners:
        same = (corners == numbers).float()
        upper, lower = same[::2] * (1 - across) + same[1::2] * across
        value = upper * (1 - down[:, None]) + lower * down[:, None]
        shrunk = torch.where(value > 0.5, numbers, shrunk)
    return shrunk


def _neighbours(old: int, new: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The two pixels between which the centre of each new pixel lies, and the weight of the second one, each [new]."""
    scale = torch.tensor(old, dtype=torch.float32, device=device) / new
    centre = (scale * (torch.arange(new, device=device) + 0.5) - 0.5).clamp(min=0)
    first = centre.long().clamp(max=old - 1)
    return first, (first + 1).clamp(max=old - 1), centre - first


def numbered_masks(maps: Tensor, numbers: Tensor) -> Tensor:
    """The masks of some objects.

    Args:
        maps: [L, H, W], integers.
        numbers: int64 [N], the objects' numbers.

    Returns:
        bool [N, H, W].

    Example:
        >>> numbered_masks(torch.tensor([[[1, 2]]]), torch.tensor([2])).tolist()
        [[[False, True]]]
    """
    masks = torch.zeros((len(numbers), *maps.shape[1:]), dtype=torch.bool, device=maps.device)
    for numbered in maps:
        masks |= numbered == numbers[:, None, None]
    return masks
