from __future__ import annotations

import torch

from yolact_kit.config.schema import LossConfig
from yolact_kit.training.matching import BACKGROUND, NEUTRAL, match
from yolact_kit.training.targets import Target

# Anchors as centre x, centre y, width, height: three along the diagonal, one far away.
ANCHORS = torch.tensor([[0.2, 0.2, 0.2, 0.2], [0.26, 0.2, 0.2, 0.2], [0.3, 0.2, 0.2, 0.2], [0.8, 0.8, 0.2, 0.2]])


def target(boxes: list[list[float]], labels: list[int], ignored: list[bool] | None = None) -> Target:
    count = len(boxes)
    return Target(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.tensor(labels, dtype=torch.int64),
        torch.zeros(count, 8, 8, dtype=torch.uint8),
        torch.tensor(ignored or [False] * count, dtype=torch.bool),
    )


def test_overlap_decides_between_positive_neutral_and_background() -> None:
    matched = match(target([[0.1, 0.1, 0.3, 0.3]], [4]), ANCHORS, LossConfig(positive_iou=0.6, negative_iou=0.4))
    # IoU with the object: 1, 0.54, 0.33, 0.
    assert matched.classes.tolist() == [5, NEUTRAL, BACKGROUND, BACKGROUND]


def test_each_object_has_an_anchor_of_its_own_however_small_the_overlap() -> None:
    boxes = [[0.1, 0.1, 0.3, 0.3], [0.11, 0.1, 0.31, 0.3], [0.72, 0.72, 0.73, 0.73]]
    matched = match(target(boxes, [0, 1, 2]), ANCHORS, LossConfig())
    assert {int(matched.objects[index]) for index in (matched.classes > 0).nonzero()} == {0, 1, 2}


def test_anchors_inside_an_ignored_region_are_not_background() -> None:
    matched = match(target([[0.6, 0.6, 1.0, 1.0]], [0], [True]), ANCHORS, LossConfig())
    assert matched.classes.tolist() == [BACKGROUND, BACKGROUND, BACKGROUND, NEUTRAL]
    assert len(matched.boxes) == 0


def test_a_picture_without_objects_is_all_background() -> None:
    matched = match(target([], []), ANCHORS, LossConfig())
    assert (matched.classes == BACKGROUND).all()
