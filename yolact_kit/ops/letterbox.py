"""Pictures that stand in a square with grey bars, as YOLO's decoders put them there, and back again.

A network that saw its pictures squashed to a square should not see bars. So an exported model finds the bars itself,
squashes what is between them, and moves what it found back. Everything has a fixed shape and is recorded as it is.

Where pixels come from is computed in whole numbers: programs that run a model in half precision leave these alone,
while a position such as 511.5 would lose half a pixel in float16, and four in bfloat16.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

GREY = 114 / 255
"""The colour of the bars, on a scale from 0 to 1."""
_SAME_GREY = 0.5 / 255
"""By how much a value may differ from it."""


class Content(NamedTuple):
    """Where the picture lies between the bars.

    Attributes:
        rows: int64 [B, 2], its first row, and the one behind its last.
        columns: int64 [B, 2], its first column, and the one behind its last.
    """

    rows: Tensor
    columns: Tensor


def find_content(images: Tensor) -> Content:
    """Where pictures lie between grey bars.

    It begins with the first row and column that have another colour anywhere, and ends with the last.

    Args:
        images: float [B, 3, H, W], 0..1.

    Returns:
        The places; the whole image where all of it is grey.

    Example:
        >>> image = torch.full((1, 3, 8, 8), GREY)
        >>> image[:, 0, 2:6] = 0.9
        >>> [edges.tolist() for edges in find_content(image)]
        [[[2, 6]], [[0, 8]]]
    """
    coloured = ((images - GREY).abs().amax(dim=1) > _SAME_GREY).to(torch.int64)
    return Content(_edges(coloured.amax(dim=2)), _edges(coloured.amax(dim=1)))


def squash(images: Tensor, content: Content, size: int, area: bool) -> Tensor:
    """Squashes what is between the bars to a square, as `yolact_kit.models.preprocess.prepare` squashes a picture.

    Args:
        images: float [B, 3, H, W].
        content: Where it is.
        size: Side of the square.
        area: Whether to average when shrinking, rather than to sample two neighbours.

    Returns:
        float [B, 3, size, size].
    """
    down = _pixel_weights(content.rows, images.shape[2], size, area)
    across = _pixel_weights(content.columns, images.shape[3], size, area)
    return down[:, None] @ images @ across[:, None].transpose(2, 3)


def unsquash(maps: Tensor, content: Content, side: int, stride: int) -> Tensor:
    """Puts maps of a squashed picture where it stands between the bars; the bars get what is next to them.

    Args:
        maps: float [B, K, h, w].
        content: Where the picture is in the image.
        side: Height and width of the image in pixels.
        stride: Pixels of the image for each value of the result; divides its side.

    Returns:
        float [B, K, side / stride, side / stride].

    Example:
        >>> content = Content(torch.tensor([[0, 8]]), torch.tensor([[4, 8]]))
        >>> unsquash(torch.tensor([[[[1.0, 2.0]]]]), content, side=8, stride=4)[0, 0].tolist()
        [[1.0, 1.5], [1.0, 1.5]]
    """
    down = _value_weights(content.rows, side, stride, maps.shape[2])
    across = _value_weights(content.columns, side, stride, maps.shape[3])
    return down[:, None] @ maps @ across[:, None].transpose(2, 3)


def boxes_in_image(boxes: Tensor, content: Content) -> Tensor:
    """Boxes of a squashed picture as boxes in the image with bars.

    Args:
        boxes: float [B, N, 4], x1 y1 x2 y2 in 0..1 of the picture.
        content: Where the picture is.

    Returns:
        float [B, N, 4], x1 y1 x2 y2 in pixels of the image.
    """
    edges = torch.stack([content.columns, content.rows], dim=2).to(boxes.dtype)
    first, size = edges[:, 0], edges[:, 1] - edges[:, 0]
    return boxes * torch.cat([size, size], dim=1)[:, None] + torch.cat([first, first], dim=1)[:, None]


def _edges(coloured: Tensor) -> Tensor:
    """The first index at which an int64 [B, n] of 0 and 1 is 1, and the one behind the last; 0 and n if none is."""
    # The first one is the one with the most behind it; a maximum is known to every format, a search is not.
    count = coloured.shape[1]
    index = torch.arange(count)
    last = (coloured * (index + 1)).amax(dim=1)
    some = coloured.amax(dim=1)
    first = some * (count - (coloured * (count - index)).amax(dim=1))
    return torch.stack([first, last + (1 - some) * count], dim=1)


def _pixel_weights(edges: Tensor, side: int, size: int, area: bool) -> Tensor:
    """How much each of ``side`` pixels counts for each of ``size`` pixels that are made of those between two edges.

    Args:
        edges: int64 [B, 2].
        side: Number of pixels that there are.
        size: Number of pixels to make.
        area: See `squash`.

    Returns:
        float [B, size, side], rows add up to 1.
    """
    first, end = edges[:, :1, None], edges[:, 1:, None]
    span = end - first
    made, pixel = torch.arange(size)[:, None], torch.arange(side)
    # In units of a pixel / (2 size), the centre of each new pixel and the centres of the old ones are whole numbers.
    centre = (2 * made + 1) * span + 2 * size * first
    centre = torch.minimum(torch.maximum(centre, 2 * size * first + size), 2 * size * end - size)
    near = _nearness(centre - (2 * pixel + 1) * size, torch.tensor(2 * size))
    if not area:
        return near
    # A new pixel of an area is the mean of all that it covers, by how much of each; what is not shrunk is sampled.
    start = torch.maximum(made * span + size * first, size * pixel)
    stop = torch.minimum((made + 1) * span + size * first, size * (pixel + 1))
    covered = torch.maximum(stop - start, torch.tensor(0)).float() / span.float()
    shrinks = (span >= size).float()
    return covered * shrinks + near * (1 - shrinks)


def _value_weights(edges: Tensor, side: int, stride: int, count: int) -> Tensor:
    """How much each of ``count`` values along a squashed picture counts for each value along the image.

    Args:
        edges: int64 [B, 2], where the picture lies along the image.
        side: Pixels along the image.
        stride: Pixels for each value along the image.
        count: Values along the squashed picture.

    Returns:
        float [B, side / stride, count], rows add up to 1.
    """
    first, span = edges[:, :1, None], edges[:, 1:, None] - edges[:, :1, None]
    made, value = torch.arange(side // stride)[:, None], torch.arange(count)
    # A value of the squashed picture is span / count pixels wide. In units of a value / (2 span), the centres of both
    # kinds of values are whole numbers.
    centre = ((2 * made + 1) * stride - 2 * first) * count
    centre = torch.minimum(torch.maximum(centre, span), (2 * count - 1) * span)
    return _nearness(centre - (2 * value + 1) * span, 2 * span)


def _nearness(distance: Tensor, whole: Tensor) -> Tensor:
    """How near something is: 1 at a distance of 0, 0 from ``whole`` on, of whole numbers."""
    # OpenCV's DNN has minima and maxima of whole numbers, but neither their absolute values nor limits.
    nearness = torch.minimum(whole - distance, whole + distance)
    return torch.maximum(nearness, torch.tensor(0)).float() / whole.float()
