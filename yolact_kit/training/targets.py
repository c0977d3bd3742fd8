"""Ground truth as tensors: what a batch of training pictures holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from yolact_kit.datasets.torch_dataset import Sample


class Target(NamedTuple):
    """The ground truth of one picture.

    Attributes:
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1.
        labels: int64 [N], 0-based.
        maps: [L, S, S], integers, at the input size: the number of the object that each pixel belongs to, counted from
            1, or 0. Objects that overlap are on different maps.
        ignored: bool [N], true for crowds and for remnants too small to learn from, where nothing is learnt.
    """

    boxes: Tensor
    labels: Tensor
    maps: Tensor
    ignored: Tensor


class Batch(NamedTuple):
    """Pictures and their ground truth.

    Attributes:
        images: uint8 or float32 [B, 3, S, S], red, green, blue in 0..255.
        targets: B targets.
        names: The pictures' names, for messages.
    """

    images: Tensor
    targets: list[Target]
    names: list[str]


def collate(samples: Sequence[Sample]) -> Batch:
    """A batch of samples."""
    targets = [Target(sample.boxes, sample.labels, sample.maps, sample.ignored) for sample in samples]
    return Batch(torch.stack([sample.image for sample in samples]), targets, [sample.name for sample in samples])
