"""Which anchor learns which object (YOLACT follows SSD: Liu et al., ECCV 2016, section 2.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import box_convert

from yolact_kit.config.schema import LossConfig
from yolact_kit.ops.boxes import box_iou, covered_share, meeting_groups
from yolact_kit.training.targets import Target

CROWD_SHARE = 0.7
"""An anchor with more than this share in an ignored region is not background."""

NEUTRAL = -1
BACKGROUND = 0
_FEW = 64
"""Up to this many objects are compared with every anchor; of more, only those with the anchors that they meet."""
_PAIRS_AT_ONCE = 4096
"""Pairs of an object and an anchor among which those that are settled already are looked for."""
_CLAIMED = 2.0
"""Overlap of an anchor that an object claims: above every IoU, so that it is positive."""


class Matches(NamedTuple):
    """What each anchor of one picture learns.

    Attributes:
        classes: int64 [A], of each anchor: 1..C, `BACKGROUND`, or `NEUTRAL` for anchors that learn nothing.
        objects: int64 [A]: index into the picture's objects that are not ignored; only valid for positive anchors.
        boxes: float32 [N, 4]: those objects' boxes.
        labels: int64 [N]: their classes counted from 0, one less than in ``classes``.
        numbers: int64 [N]: their numbers on the maps.
        maps: [L, S, S], integers: the maps of all objects of the picture, as `Target.maps`.
        total: How many objects the picture has, ignored ones included.
    """

    classes: Tensor
    objects: Tensor
    boxes: Tensor
    labels: Tensor
    numbers: Tensor
    maps: Tensor
    total: int


def match(target: Target, anchors: Tensor, config: LossConfig) -> Matches:
    """Gives each anchor the object that it overlaps most, and each object at least one anchor.

    Args:
        target: The picture's ground truth.
        anchors: [A, 4], centre x, centre y, width, height in 0..1.
        config: The IoU above which an anchor is positive and below which it is background.

    Returns:
        What each anchor learns. Where there are more objects than anchors, some have none.
    """
    taught = (~target.ignored).nonzero().flatten()
    boxes, labels = target.boxes[taught], target.labels[taught]
    corners = box_convert(anchors, "cxcywh", "xyxy")
    # Each anchor takes the object that it overlaps most. Then each object claims one anchor for itself, whose overlap
    # is set above all thresholds, so that no object goes unlearnt however badly the anchors fit it.
    if len(boxes):
        best = _best_of_few if len(boxes) <= min(_FEW, len(anchors)) else _best_of_many
        overlap, objects = best(boxes, corners)
        classes = labels[objects] + 1
    else:
        overlap = anchors.new_zeros(len(anchors))
        objects = torch.zeros(len(anchors), dtype=torch.int64, device=anchors.device)
        classes = torch.zeros_like(objects)
    classes = torch.where(overlap < config.positive_iou, NEUTRAL, classes)
    classes = torch.where(overlap < config.negative_iou, BACKGROUND, classes)
    if target.ignored.any():
        covered = _most_covered(corners, target.boxes[target.ignored])
        classes = torch.where((classes <= 0) & (covered > CROWD_SHARE), NEUTRAL, classes)
    return Matches(classes, objects, boxes, labels, taught + 1, target.maps, len(target.labels))


def _best_of_few(boxes: Tensor, corners: Tensor) -> tuple[Tensor, Tensor]:
    """The overlap [A] and the object [A] of each anchor, from the overlaps of all pairs.

    An object claims an anchor greedily: the best pair of an object and an anchor is chosen, its row and column are
    blotted out, and so on for every object. Indices stay tensors, so that a GPU does not wait for the host to read each
    of them.
    """
    overlaps = box_iou(boxes, corners)
    overlap, objects = overlaps.max(dim=0)
    chosen = torch.zeros(len(overlaps), dtype=torch.int64, device=overlaps.device)
    for _ in range(len(boxes)):
        best, anchors = overlaps.max(dim=1)
        item = best.argmax(keepdim=True)
        anchor = anchors.gather(0, item)
        chosen.scatter_(0, item, anchor)
        overlaps.index_fill_(1, anchor, -1)
        overlaps.index_fill_(0, item, -1)
    overlap[chosen] = _CLAIMED
    objects[chosen] = torch.arange(len(boxes), device=boxes.device)
    return overlap, objects


def _best_of_many(boxes: Tensor, corners: Tensor) -> tuple[Tensor, Tensor]:
    """The same as `_best_of_few`, from the pairs that overlap at all: objects meet few of the anchors."""
    rows, columns, values = _overlapping(boxes, corners)
    # The best pair first; of equal ones that of the first object, and of its first anchor.
    order = np.lexsort((columns, rows, -values))
    rows, columns, values = rows[order], columns[order], values[order]
    overlap, objects = np.zeros(len(corners), np.float32), np.zeros(len(corners), np.int64)
    # Where an anchor is in several pairs, the value that is written last stays: backwards, that of the best pair.
    overlap[columns[::-1]], objects[columns[::-1]] = values[::-1], rows[::-1]
    claimers, claimed = _claim(rows, columns, len(boxes), len(corners))
    overlap[claimed], objects[claimed] = _CLAIMED, claimers
    return torch.from_numpy(overlap).to(boxes.device), torch.from_numpy(objects).to(boxes.device)


def _overlapping(boxes: Tensor, corners: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The pairs of an object and an anchor that overlap: indices of both, and their IoU; each [P]."""
    rows, columns, values = [], [], []
    for group, near in meeting_groups(boxes, corners):
        overlaps = box_iou(boxes[group], corners[near])
        row, column = overlaps.nonzero(as_tuple=True)
        rows.append(group[row])
        columns.append(near[column])
        values.append(overlaps[row, column])
    return torch.cat(rows).cpu().numpy(), torch.cat(columns).cpu().numpy(), torch.cat(values).cpu().numpy()


def _claim(
    rows: NDArray[np.int64], columns: NDArray[np.int64], objects: int, anchors: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Objects and the anchors that they claim, from pairs that are sorted from the best to the worst."""
    chosen = np.full(objects, -1)
    free = np.ones(anchors, np.bool_)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        # Most pairs are of an object or an anchor that is settled already: these are passed over all at once.
        unsettled = ((chosen[rows[part]] < 0) & free[columns[part]]).nonzero()[0] + start
        for row, column in zip(rows[unsettled].tolist(), columns[unsettled].tolist(), strict=True):
            if chosen[row] < 0 and free[column]:
                chosen[row], free[column] = column, False
    # An object that overlaps no free anchor claims any free one, as long as there are some.
    left, rest = (chosen < 0).nonzero()[0], free.nonzero()[0]
    count = min(len(left), len(rest))
    chosen[left[:count]] = rest[:count]
    claimers = (chosen >= 0).nonzero()[0]
    return claimers, chosen[claimers]


def _most_covered(corners: Tensor, crowds: Tensor) -> Tensor:
    """The largest share [A] of each anchor that lies in one of the ignored regions."""
    covered = corners.new_zeros(len(corners))
    for group, near in meeting_groups(crowds, corners):
        if len(near):
            covered[near] = torch.maximum(covered[near], covered_share(corners[near], crowds[group]).amax(dim=1))
    return covered
