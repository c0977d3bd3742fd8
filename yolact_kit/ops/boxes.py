"""Boxes as tensors: conversions between forms, intersection over union, and the regressions from anchors."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torchvision.ops import box_convert

from yolact_kit.ops.box_arrays import VARIANCES


def pairwise_intersection(boxes: Tensor, others: Tensor) -> Tensor:
    """Area that each box shares with each other box.

    Args:
        boxes: [..., N, 4], x1 y1 x2 y2.
        others: [..., M, 4], in the same unit.

    Returns:
        [..., N, M], in that unit squared.
    """
    # One plane per coordinate: interleaved coordinates would keep the processor from using its vector registers.
    left, top, right, bottom = (part[..., :, None] for part in boxes.unbind(dim=-1))
    others_left, others_top, others_right, others_bottom = (part[..., None, :] for part in _planes(others))
    width = torch.minimum(right, others_right).sub_(torch.maximum(left, others_left)).clamp_(min=0)
    height = torch.minimum(bottom, others_bottom).sub_(torch.maximum(top, others_top)).clamp_(min=0)
    return width.mul_(height)


def _planes(boxes: Tensor) -> tuple[Tensor, ...]:
    """Left, top, right and bottom edges, each contiguous in memory."""
    return boxes.movedim(-1, 0).contiguous().unbind()


def area(boxes: Tensor) -> Tensor:
    """Area of boxes [..., 4] x1 y1 x2 y2: [...]."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def box_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of each box with each other box; 0 if both are empty.

    Args:
        boxes: [..., N, 4], x1 y1 x2 y2.
        others: [..., M, 4], in the same unit.

    Returns:
        [..., N, M], 0..1.

    Example:
        >>> box_iou(torch.tensor([[0., 0., 2., 2.]]), torch.tensor([[1., 0., 3., 2.]]))
        tensor([[0.3333]])
    """
    shared = pairwise_intersection(boxes, others)
    # In place, since these matrices are large. Of two empty boxes it is 0 over the smallest number, which is 0; what is
    # not a number, as of infinite boxes, counts as 0.
    union = (area(boxes)[..., :, None] + area(others)[..., None, :]).sub_(shared)
    return shared.div_(union.clamp_(min=torch.finfo(union.dtype).tiny)).nan_to_num_(0.0)


def meeting_groups(boxes: Tensor, others: Tensor, size: int = 256) -> Iterator[tuple[Tensor, Tensor]]:
    """Divides the search for boxes that meet, so that time and memory do not grow with the product of their numbers.

    Args:
        boxes: [N, 4], x1 y1 x2 y2.
        others: [M, 4], in the same unit.
        size: At most this many boxes are in a group; fewer boxes than that are one group with all others.

    Yields:
        Groups of boxes that lie close together, as rising indices int64 [n], each box in one of the groups; and the
        indices int64 [m] of the others that can share area with any of them, rising too.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [8.0, 8.0, 9.0, 9.0]])
        >>> [(rows.tolist(), columns.tolist()) for rows, columns in meeting_groups(boxes, boxes, size=1)]
        [([0], [0]), ([1], [1])]
    """
    if len(boxes) <= size:
        yield torch.arange(len(boxes), device=boxes.device), torch.arange(len(others), device=boxes.device)
        return
    # As many strips from top to bottom as there are groups in a strip from left to right, each of equally many boxes.
    strips = math.ceil(math.sqrt(len(boxes) / size))
    for strip in (boxes[:, 1] + boxes[:, 3]).argsort().chunk(strips):
        across = strip[(boxes[strip, 0] + boxes[strip, 2]).argsort()]
        for start in range(0, len(across), size):
            group = across[start : start + size].sort().values
            low, high = boxes[group, :2].amin(dim=0), boxes[group, 2:].amax(dim=0)
            yield group, ((others[:, :2] < high) & (others[:, 2:] > low)).all(dim=1).nonzero().flatten()


def covered_share(boxes: Tensor, crowds: Tensor) -> Tensor:
    """Share of each box that lies in each crowd region, as COCO measures overlap with crowds.

    Args:
        boxes: [N, 4], x1 y1 x2 y2.
        crowds: [M, 4], in the same unit.

    Returns:
        [N, M], 0..1.
    """
    return pairwise_intersection(boxes, crowds) / area(boxes)[:, None].clamp(min=1e-12)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Regressions that turn anchors into boxes.

    Args:
        boxes: [N, 4], x1 y1 x2 y2.
        anchors: [N, 4], centre x, centre y, width, height in the same unit.

    Returns:
        [N, 4]: offsets of the centre in units of the anchor's size, and logarithms of the ratios of the sizes, both
        divided by their `VARIANCES`.
    """
    # Centres in units of the anchor's size and sizes as logarithms of ratios: the same regression then means the same
    # relative change for small and large anchors, and decoded sizes are always positive.
    centred = box_convert(boxes, "xyxy", "cxcywh")
    offsets = (centred[..., :2] - anchors[..., :2]) / (VARIANCES[0] * anchors[..., 2:])
    return torch.cat([offsets, torch.log(centred[..., 2:] / anchors[..., 2:]) / VARIANCES[1]], dim=-1)


def decode(regressions: Tensor, anchors: Tensor) -> Tensor:
    """Applies regressions to anchors; the inverse of `encode`.

    Args:
        regressions: [..., N, 4].
        anchors: [N, 4], centre x, centre y, width, height.

    Returns:
        [..., N, 4], x1 y1 x2 y2 in the anchors' unit, not clipped.
    """
    centres = anchors[..., :2] + regressions[..., :2] * VARIANCES[0] * anchors[..., 2:]
    sizes = anchors[..., 2:] * torch.exp(regressions[..., 2:] * VARIANCES[1])
    top_left = centres - sizes / 2
    return torch.cat([top_left, top_left + sizes], dim=-1)
