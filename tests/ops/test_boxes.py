from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import box_iou as torchvision_iou

from yolact_kit.ops.boxes import box_iou, covered_share, decode, encode

COORDINATE = st.floats(0, 1, width=32)


def box(values: tuple[float, float, float, float]) -> list[float]:
    x1, y1, x2, y2 = values
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


BOXES = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).map(box), min_size=1, max_size=6)


@given(BOXES, BOXES)
def test_iou_agrees_with_torchvision_where_that_is_defined(first: list[list[float]], second: list[list[float]]) -> None:
    boxes, others = torch.tensor(first, dtype=torch.float64), torch.tensor(second, dtype=torch.float64)
    expected = torchvision_iou(boxes, others)
    defined = ~expected.isnan()
    ours = box_iou(boxes, others)
    assert torch.allclose(ours[defined], expected[defined], atol=1e-9)
    assert (ours[~defined] == 0).all()


@given(
    st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.floats(0.5, 0.95), st.floats(0.5, 0.95)),
    st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.05, 0.9), st.floats(0.05, 0.9)),
)
def test_decode_undoes_encode(values: tuple[float, ...], anchor: tuple[float, ...]) -> None:
    boxes = torch.tensor([values], dtype=torch.float64)
    anchors = torch.tensor([anchor], dtype=torch.float64)
    assert torch.allclose(decode(encode(boxes, anchors), anchors), boxes, atol=1e-9)


def test_no_regression_leaves_the_anchor() -> None:
    decoded = decode(torch.zeros(1, 4), torch.tensor([[0.5, 0.5, 0.2, 0.4]]))
    assert decoded[0].tolist() == pytest.approx([0.4, 0.3, 0.6, 0.7])


def test_covered_share_is_of_the_box_and_not_of_the_crowd() -> None:
    small = torch.tensor([[0.0, 0.0, 0.1, 0.1]])
    crowd = torch.tensor([[0.0, 0.0, 1.0, 0.05]])
    assert covered_share(small, crowd).item() == pytest.approx(0.5)
