"""Fine-tuning with other anchors: which anchor of another model each anchor of a cell begins as."""

from __future__ import annotations

import torch
from torch import Tensor

from yolact_kit.config.schema import AnchorConfig
from yolact_kit.models.anchors import anchor_shapes
from yolact_kit.ops.box_arrays import VARIANCES

BRANCHES = ("head.box", "head.score", "head.coefficient")
"""Layers whose output channels are those of one anchor of a cell after the other."""


def finest_shapes(anchors: AnchorConfig) -> Tensor:
    """Width and height of a cell's anchors on P3, float64 [A, 2] in input pixels, in the head's order."""
    return torch.tensor(anchor_shapes(anchors.scales[0], anchors), dtype=torch.float64)


def fit_anchors(tensors: dict[str, Tensor], source: AnchorConfig, own: AnchorConfig) -> dict[str, Tensor]:
    """Rearranges a model's weights, so that each of other anchors begins as the one that is most like it.

    Args:
        tensors: The state dict of a model with the anchors ``source``.
        source: Its anchors.
        own: The anchors that the weights are to serve.

    Returns:
        A state dict for the anchors ``own``; ``tensors`` itself if these are the same.
    """
    theirs, ours = finest_shapes(source), finest_shapes(own)
    if theirs.shape == ours.shape and torch.allclose(theirs, ours):
        return tensors
    # Most like it: with the least difference of the logarithms of width and height.
    nearest = torch.cdist(ours.log(), theirs.log()).argmin(dim=1)
    fitted = dict(tensors)
    for branch in BRANCHES:
        for key in (f"{branch}.weight", f"{branch}.bias"):
            if key in tensors:
                by_anchor = tensors[key].reshape(len(theirs), -1, *tensors[key].shape[1:])
                fitted[key] = by_anchor[nearest].flatten(0, 1)
    if "head.box.weight" in tensors:
        _keep_boxes(fitted, theirs[nearest], ours)
    return fitted


def _keep_boxes(tensors: dict[str, Tensor], before: Tensor, now: Tensor) -> None:
    """Changes the regressions of anchors that have another size, so that their boxes stay where they were."""
    # A box's centre is regression x variance x the anchor's size away, its size the anchor's x exp(regression x
    # variance): another anchor needs the centre in proportion, and the size by a constant more.
    proportion = (before / now).float()
    weight = tensors["head.box.weight"].float().reshape(len(now), 4, -1).clone()
    bias = tensors["head.box.bias"].float().reshape(len(now), 4).clone()
    weight[:, :2] *= proportion[:, :, None]
    bias[:, :2] *= proportion
    bias[:, 2:] += proportion.log() / VARIANCES[1]
    tensors["head.box.weight"] = weight.reshape(tensors["head.box.weight"].shape)
    tensors["head.box.bias"] = bias.flatten()
