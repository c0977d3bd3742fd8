from __future__ import annotations

import pytest
import torch
from torchvision.ops import box_convert

from tests.largest_tensor import LargestTensor
from yolact_kit.config.schema import AnchorConfig, LossConfig
from yolact_kit.models.anchors import make_anchors
from yolact_kit.ops.boxes import box_iou, covered_share
from yolact_kit.training import matching
from yolact_kit.training.matching import BACKGROUND, NEUTRAL, Matches, match
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


LEVELS = [(20, 20), (10, 10), (5, 5)]
GRID = make_anchors(LEVELS, AnchorConfig(scales=[[16], [32], [64]], square=False), 160)


def crowd_of(count: int, seed: int = 0, equal: bool = False) -> Target:
    """Small objects, a tenth of them ignored; equal ones lie on a grid, so that many overlaps are the same."""
    random = torch.Generator().manual_seed(seed)
    centres = torch.rand(count, 2, generator=random)
    sides = torch.rand(count, 2, generator=random) * 0.1 + 0.01
    if equal:
        centres, sides = (centres * 20).round() / 20, torch.full((count, 2), 0.06)
    boxes = box_convert(torch.cat([centres, sides], dim=1), "cxcywh", "xyxy").clamp(0, 1)
    ignored = torch.rand(count, generator=random) < 0.1
    return Target(boxes, torch.arange(count) % 7, torch.zeros(1, 8, 8, dtype=torch.int32), ignored)


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("count", [65, 400, 1500])
def test_many_objects_are_matched_as_few_are(count: int, equal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    target, config = crowd_of(count, equal=equal), LossConfig(positive_iou=0.4, negative_iou=0.3)
    assert len(GRID) > count
    many = match(target, GRID, config)
    monkeypatch.setattr(matching, "_FEW", count)
    few = match(target, GRID, config)
    assert torch.equal(many.classes, few.classes)
    positive = few.classes > 0
    assert torch.equal(many.objects[positive], few.objects[positive])
    covered = covered_share(box_convert(GRID, "cxcywh", "xyxy"), target.boxes[target.ignored]).amax(dim=1)
    assert (covered[many.classes == BACKGROUND] <= matching.CROWD_SHARE).all()


def learnt(matched: Matches) -> set[int]:
    return set(matched.objects[matched.classes > 0].tolist())


def test_of_more_objects_than_anchors_each_anchor_has_another_one() -> None:
    target = crowd_of(3000)
    matched = match(target, GRID, LossConfig())
    assert (matched.classes > 0).all() and len(learnt(matched)) == len(GRID) < len(matched.boxes)
    # The object that overlaps an anchor most of all has that anchor.
    overlaps = box_iou(matched.boxes, box_convert(GRID, "cxcywh", "xyxy"))
    best = int(overlaps.argmax())
    assert int(matched.objects[best % len(GRID)]) == best // len(GRID)


def test_tensors_do_not_grow_with_objects_times_anchors() -> None:
    target = crowd_of(6000)
    with LargestTensor() as largest:
        match(target, GRID, LossConfig())
    assert largest.size < 6000 * len(GRID) / 8
