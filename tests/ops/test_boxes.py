from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou as torchvision_iou

from tests.ops.scenes import BOX
from tests.ops.slow_nms import slow_iou
from yolact_kit.ops.boxes import (
    area,
    box_iou,
    covered_share,
    decode,
    encode,
    meeting_groups,
    pairwise_intersection,
)

BOXES = st.lists(BOX, min_size=0, max_size=6)
WIDE = st.floats(width=32)
"""Any number that there is: huge, infinite, not a number."""


def tensor(boxes: list[list[float]]) -> torch.Tensor:
    return torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4)


@settings(max_examples=40, deadline=None)
@given(BOXES, BOXES)
def test_iou_and_what_it_is_made_of_agree_with_two_boxes_at_a_time(
    first: list[list[float]], second: list[list[float]]
) -> None:
    boxes, others = tensor(first), tensor(second)
    ious, shared = box_iou(boxes, others), pairwise_intersection(boxes, others)
    assert ious.shape == shared.shape == (len(first), len(second))
    for row, one in enumerate(first):
        assert float(area(boxes)[row]) == pytest.approx((one[2] - one[0]) * (one[3] - one[1]))
        for column, other in enumerate(second):
            iou = slow_iou(one, other)
            assert float(ious[row, column]) == pytest.approx(iou, abs=1e-9)
            assert float(shared[row, column]) * (1 + iou) == pytest.approx(
                iou * float(area(boxes)[row] + area(others)[column]), abs=1e-9
            )


@settings(max_examples=40, deadline=None)
@given(BOXES, BOXES)
def test_iou_agrees_with_torchvision_where_that_is_defined(first: list[list[float]], second: list[list[float]]) -> None:
    expected = torchvision_iou(tensor(first), tensor(second))
    defined = ~expected.isnan()
    ours = box_iou(tensor(first), tensor(second))
    assert torch.allclose(ours[defined], expected[defined], atol=1e-9)
    assert (ours[~defined] == 0).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(WIDE, WIDE, WIDE, WIDE), min_size=1, max_size=5))
def test_iou_is_a_number_whatever_the_boxes_are(values: list[tuple[float, ...]]) -> None:
    boxes = torch.tensor(values)
    ious = box_iou(boxes, boxes)
    assert ious.isfinite().all()
    assert (ious >= 0).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(BOXES.filter(lambda boxes: len(boxes) >= 2).map(lambda boxes: boxes[:2]), min_size=1, max_size=4))
def test_iou_of_a_batch_is_that_of_its_pictures(pictures: list[list[list[float]]]) -> None:
    boxes = torch.stack([tensor(picture) for picture in pictures])
    together = box_iou(boxes, boxes[:, :1])
    assert torch.equal(together, torch.stack([box_iou(picture, picture[:1]) for picture in boxes]))


def test_gradients_flow_through_the_iou() -> None:
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.5, 0.5, 3, 3]], dtype=torch.float64, requires_grad=True)
    others = torch.tensor([[1.0, 0.2, 3, 2.5]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(box_iou, (boxes, others))


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.floats(0.5, 0.95), st.floats(0.5, 0.95)),
    st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.05, 0.9), st.floats(0.05, 0.9)),
)
def test_encode_is_ssds_and_decode_undoes_it(box: tuple[float, ...], anchor: tuple[float, ...]) -> None:
    boxes = torch.tensor([box], dtype=torch.float64)
    anchors = torch.tensor([anchor], dtype=torch.float64)
    x, y, width, height = anchor
    expected = [
        ((box[0] + box[2]) / 2 - x) / width / 0.1,
        ((box[1] + box[3]) / 2 - y) / height / 0.1,
        math.log((box[2] - box[0]) / width) / 0.2,
        math.log((box[3] - box[1]) / height) / 0.2,
    ]
    encoded = encode(boxes, anchors)
    assert encoded[0].tolist() == pytest.approx(expected, abs=1e-9)
    assert torch.allclose(decode(encoded, anchors), boxes, atol=1e-9)


def test_no_regression_leaves_the_anchor() -> None:
    decoded = decode(torch.zeros(1, 4), torch.tensor([[0.5, 0.5, 0.2, 0.4]]))
    assert decoded[0].tolist() == pytest.approx([0.4, 0.3, 0.6, 0.7])


@settings(max_examples=40, deadline=None)
@given(BOXES, BOXES)
def test_covered_share_is_of_the_box_and_not_of_the_crowd(first: list[list[float]], second: list[list[float]]) -> None:
    boxes, crowds = tensor(first), tensor(second)
    shares = covered_share(boxes, crowds)
    assert shares.shape == (len(first), len(second))
    assert not shares.isnan().any()
    for row, size in enumerate(area(boxes)):
        if size > 1e-9:
            assert torch.allclose(shares[row] * size, pairwise_intersection(boxes, crowds)[row])
            assert (shares[row] <= 1 + 1e-9).all()


def test_covered_share_of_a_small_box_in_a_large_crowd() -> None:
    assert covered_share(tensor([[0, 0, 0.1, 0.1]]), tensor([[0, 0, 1, 0.05]])).item() == pytest.approx(0.5)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
def test_groups_hold_every_pair_that_meets_and_each_box_once(size: int, spread: float) -> None:
    random = torch.Generator().manual_seed(3)
    corners = torch.rand(300, 2, generator=random) * spread
    boxes = torch.cat([corners, corners + torch.rand(300, 2, generator=random)], dim=1)
    others = boxes[:200] + 0.1
    together = torch.zeros(len(boxes), len(others), dtype=torch.bool)
    seen: list[int] = []
    for rows, columns in meeting_groups(boxes, others, size):
        assert len(rows) <= max(size, 1) and rows.diff().gt(0).all() and columns.diff().gt(0).all()
        together[rows[:, None], columns] = True
        seen += rows.tolist()
    assert sorted(seen) == list(range(300))
    assert together[pairwise_intersection(boxes, others) > 0].all()


def test_no_boxes_meet_nothing() -> None:
    pairs = [rows.numel() * columns.numel() for rows, columns in meeting_groups(torch.zeros(0, 4), torch.zeros(0, 4))]
    assert sum(pairs) == 0
