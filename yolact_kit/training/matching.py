"""Which anchor learns which object (YOLACT follows SSD: Liu et al., ECCV 2016, section 2.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_convert

from yolact_kit.config.schema import LossConfig
from yolact_kit.ops.boxes import box_iou, covered_share
from yolact_kit.training.targets import Target

CROWD_SHARE = 0.7
"""An anchor with more than this share in an ignored region is not background."""

NEUTRAL = -1
BACKGROUND = 0
_CLAIMED = 2.0
"""Overlap of an anchor that an object claims: above every IoU, so that it is positive."""


class Matches(NamedTuple):
    """What each anchor of one picture learns.

    Attributes:
        classes: int64 [A], of each anchor: 1..C, `BACKGROUND`, or `NEUTRAL` for anchors that learn nothing.
        objects: int64 [A]: index into the picture's objects that are not ignored; only valid for positive anchors.
        boxes: float32 [N, 4]: those objects' boxes.
        masks: uint8 [N, S, S]: their masks.
        labels: int64 [N], of each object: its class counted from 0, one less than in ``classes``.
    """

    classes: Tensor
    objects: Tensor
    boxes: Tensor
    masks: Tensor
    labels: Tensor


def match(target: Target, anchors: Tensor, config: LossConfig) -> Matches:
    """Gives each anchor the object that it overlaps most, and each object at least one anchor.

    Args:
        target: The picture's ground truth.
        anchors: [A, 4], centre x, centre y, width, height in 0..1.
        config: The IoU above which an anchor is positive and below which it is background.

    Returns:
        What each anchor learns.
    """
    taught = ~target.ignored
    boxes, labels = target.boxes[taught], target.labels[taught]
    corners = box_convert(anchors, "cxcywh", "xyxy")
    # Each anchor takes the object that it overlaps most. Then each object claims one anchor for itself, whose overlap
    # is set above all thresholds, so that no object goes unlearnt however badly the anchors fit it.
    if len(boxes):
        overlaps = box_iou(boxes, corners)
        overlap, objects = overlaps.max(dim=0)
        chosen = _best_anchors(overlaps)
        overlap[chosen] = _CLAIMED
        objects[chosen] = torch.arange(len(boxes), device=boxes.device)
        classes = labels[objects] + 1
    else:
        overlap = anchors.new_zeros(len(anchors))
        objects = torch.zeros(len(anchors), dtype=torch.int64, device=anchors.device)
        classes = torch.zeros_like(objects)
    classes = torch.where(overlap < config.positive_iou, NEUTRAL, classes)
    classes = torch.where(overlap < config.negative_iou, BACKGROUND, classes)
    if target.ignored.any():
        covered = covered_share(corners, target.boxes[target.ignored]).amax(dim=1)
        classes = torch.where((classes <= 0) & (covered > CROWD_SHARE), NEUTRAL, classes)
    return Matches(classes, objects, boxes, target.masks[taught], labels)


def _best_anchors(overlaps: Tensor) -> Tensor:
    """A different anchor for each object [N]; the best of ``overlaps`` [N, A] are assigned first.

    Greedy: the best pair of an object and an anchor is chosen, its row and column are blotted out, and so on for every
    object. Indices stay tensors, so that a GPU does not wait for the host to read each of them.
    """
    overlaps = overlaps.clone()
    chosen = torch.zeros(len(overlaps), dtype=torch.int64, device=overlaps.device)
    for _ in range(len(overlaps)):
        best, anchors = overlaps.max(dim=1)
        item = best.argmax(keepdim=True)
        anchor = anchors.gather(0, item)
        chosen.scatter_(0, item, anchor)
        overlaps.index_fill_(1, anchor, -1)
        overlaps.index_fill_(0, item, -1)
    return chosen
