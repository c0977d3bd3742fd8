"""Anchors: the boxes that the prediction head starts from, one set for each cell of each pyramid level."""

from __future__ import annotations

import torch
from torch import Tensor

from yolact_kit.config.schema import AnchorConfig


def anchor_shapes(scales: list[float], config: AnchorConfig) -> list[tuple[float, float]]:
    """Width and height of a cell's anchors.

    Args:
        scales: Sides of the anchors in input pixels.
        config: Aspect ratios, and whether anchors are square whatever the ratio.

    Returns:
        Pairs in input pixels; scale by scale, in each scale ratio by ratio, as the prediction head has its channels.

    Example:
        >>> anchor_shapes([32.0], AnchorConfig(aspect_ratios=[1, 4], square=False))
        [(32.0, 32.0), (64.0, 16.0)]
    """
    # A ratio changes the shape, not the area: width s * sqrt(r) and height s / sqrt(r) have the area s * s.
    shapes = []
    for scale in scales:
        for ratio in config.aspect_ratios:
            width = scale * ratio**0.5
            shapes.append((width, width if config.square else scale / ratio**0.5))
    return shapes


def level_anchors(height: int, width: int, scales: list[float], config: AnchorConfig, input_size: int) -> Tensor:
    """Anchors of one pyramid level.

    Args:
        height: Rows of the level.
        width: Columns of the level.
        scales: Sides of the anchors in input pixels.
        config: Aspect ratios, and whether anchors are square whatever the ratio.
        input_size: Side of the input in pixels.

    Returns:
        [height * width * len(scales) * len(aspect_ratios), 4]: centre x, centre y, width, height in 0..1; rows of
        cells, then cells, then scales, then aspect ratios.
    """
    sizes = [(across / input_size, down / input_size) for across, down in anchor_shapes(scales, config)]
    # Every cell's centre with every size: both become [height, width, sizes, 2]. Laid out flat, that is the order in
    # which the prediction head gives its outputs.
    rows = (torch.arange(height, dtype=torch.float64) + 0.5) / height
    columns = (torch.arange(width, dtype=torch.float64) + 0.5) / width
    centre_y, centre_x = torch.meshgrid(rows, columns, indexing="ij")
    centres = torch.stack([centre_x, centre_y], dim=-1)[:, :, None, :].expand(-1, -1, len(sizes), -1)
    shapes = torch.tensor(sizes, dtype=torch.float64).expand(height, width, -1, -1)
    return torch.cat([centres, shapes], dim=-1).reshape(-1, 4).float()


def make_anchors(levels: list[tuple[int, int]], config: AnchorConfig, input_size: int) -> Tensor:
    """Anchors of the whole pyramid.

    Args:
        levels: Rows and columns of each pyramid level, P3 first.
        config: Scales of each level, aspect ratios.
        input_size: Side of the input in pixels.

    Returns:
        [A, 4]: centre x, centre y, width, height in 0..1.

    Example:
        >>> make_anchors([(2, 2)], AnchorConfig(scales=[[32]], aspect_ratios=[1.0]), 64)[0]
        tensor([0.2500, 0.2500, 0.5000, 0.5000])
    """
    pyramid = []
    for (height, width), scales in zip(levels, config.scales, strict=True):
        pyramid.append(level_anchors(height, width, scales, config, input_size))
    return torch.cat(pyramid)
