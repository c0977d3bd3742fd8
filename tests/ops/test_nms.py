from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou as torchvision_iou
from torchvision.ops import nms as torchvision_nms

from yolact_kit.ops.nms import Kept, cross_class_fast_nms, fast_nms, standard_nms


def scene(seed: int, count: int, classes: int, cluster: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes that overlap a lot, some beyond the picture, and scores without ties."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.rand(count, 2, generator=generator)
    if cluster and count:
        centres = centres[torch.randint(0, max(1, count // 4), (count,), generator=generator)]
        centres = centres + 0.05 * torch.randn(count, 2, generator=generator)
    sides = 0.05 + 0.2 * torch.rand(count, 2, generator=generator)
    boxes = torch.cat([centres - sides, centres + sides], dim=1)
    ranks = torch.randperm(count * classes, generator=generator).reshape(count, classes)
    return boxes, (ranks + 0.5) / max(1, count * classes)


def slow_fast_nms(
    boxes: torch.Tensor, scores: torch.Tensor, iou: float, least: float, candidates: int, top_k: int
) -> list[tuple[int, int]]:
    """Fast NMS as the paper words it, one box at a time: (row, class) of what is kept, best first."""
    overlap = torchvision_iou(boxes, boxes)
    kept = []
    for label in range(scores.shape[1]):
        rows = [row for row in np.argsort(-scores[:, label].numpy()) if scores[row, label] >= least][:candidates]
        for place, row in enumerate(rows):
            if all(overlap[row, better] <= iou for better in rows[:place]):
                kept.append((int(row), label))
    kept.sort(key=lambda pair: -float(scores[pair]))
    return kept[:top_k]


def pairs(kept: Kept) -> list[tuple[int, int]]:
    return list(zip(kept.rows.tolist(), kept.labels.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 40),
    classes=st.integers(1, 5),
    iou=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
    least=st.sampled_from([0.0, 0.05, 0.5, 0.99, 2.0]),
    candidates=st.sampled_from([1, 7, 200]),
    top_k=st.sampled_from([1, 10, 100]),
)
def test_fast_nms_keeps_what_the_paper_keeps(
    seed: int, count: int, classes: int, iou: float, least: float, candidates: int, top_k: int
) -> None:
    boxes, scores = scene(seed, count, classes)
    kept = fast_nms(boxes, scores, iou, least, candidates, top_k)
    assert pairs(kept) == slow_fast_nms(boxes, scores, iou, least, candidates, top_k)
    assert torch.equal(kept.scores, scores[kept.rows, kept.labels])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40), classes=st.integers(1, 5), iou=st.floats(0.1, 0.9))
def test_cross_class_fast_nms_is_fast_nms_on_the_best_class(seed: int, count: int, classes: int, iou: float) -> None:
    boxes, scores = scene(seed, count, classes)
    kept = cross_class_fast_nms(boxes, scores, iou, min_score=0.3, candidates=20, top_k=5)
    best = scores.amax(dim=1, keepdim=True)
    expected = slow_fast_nms(boxes, best, iou, 0.3, 20, 5)
    assert kept.rows.tolist() == [row for row, _ in expected]
    assert kept.labels.tolist() == scores.argmax(dim=1)[kept.rows].tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40), classes=st.integers(1, 5), iou=st.floats(0.1, 0.9))
def test_standard_nms_is_torchvisions_class_by_class(seed: int, count: int, classes: int, iou: float) -> None:
    boxes, scores = scene(seed, count, classes)
    kept = standard_nms(boxes, scores, iou, min_score=0.2, candidates=200, top_k=1000)
    expected = set()
    for label in range(classes):
        rows = (scores[:, label] >= 0.2).nonzero().squeeze(1)
        chosen = rows[torchvision_nms(boxes[rows].double(), scores[rows, label].double(), iou)]
        expected |= {(int(row), label) for row in chosen}
    assert set(pairs(kept)) == expected
    assert kept.scores.tolist() == sorted(kept.scores.tolist(), reverse=True)


CHAIN = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])


def test_a_suppressed_box_still_suppresses_in_fast_nms_only() -> None:
    scores = torch.tensor([[0.9], [0.8], [0.7]])
    assert fast_nms(CHAIN, scores, iou=0.3).rows.tolist() == [0]
    assert cross_class_fast_nms(CHAIN, scores, iou=0.3).rows.tolist() == [0]
    assert standard_nms(CHAIN, scores, iou=0.3).rows.tolist() == [0, 2]


def test_an_overlap_equal_to_the_threshold_is_kept() -> None:
    boxes = torch.tensor([[0.0, 0, 2, 1], [1, 0, 3, 1], [0, 0, 2, 1]])
    scores = torch.tensor([[0.9], [0.8], [0.7]])
    third = float(torchvision_iou(boxes[:1], boxes[1:2]))
    for suppress in (fast_nms, cross_class_fast_nms, standard_nms):
        assert suppress(boxes[:2], scores[:2], third).rows.tolist() == [0, 1]
        assert suppress(boxes[:2], scores[:2], third - 0.01).rows.tolist() == [0]
        assert suppress(boxes, scores, 0.99).rows.tolist() == [0, 1]


def test_legacy_lets_a_box_take_part_for_every_class() -> None:
    boxes = torch.tensor([[0.0, 0, 1, 1], [5, 5, 6, 6]])
    scores = torch.tensor([[0.9, 0.01], [0.02, 0.03]])
    assert pairs(fast_nms(boxes, scores)) == [(0, 0)]
    assert pairs(fast_nms(boxes, scores, legacy=True)) == [(0, 0), (0, 1)]
    assert pairs(fast_nms(boxes, scores, min_score=0.9)) == [(0, 0)]
    assert pairs(fast_nms(boxes, scores, min_score=float(scores[0, 0]), legacy=True)) == []


def test_cross_class_has_no_limit_on_request() -> None:
    boxes = torch.arange(150.0)[:, None] * 10 + torch.tensor([0.0, 0, 5, 5])
    scores = torch.linspace(0.9, 0.1, 150)[:, None]
    assert len(cross_class_fast_nms(boxes, scores).rows) == 100
    assert len(cross_class_fast_nms(boxes, scores, top_k=None).rows) == 150


@pytest.mark.parametrize("suppress", [fast_nms, cross_class_fast_nms, standard_nms])
def test_boxes_without_area_do_no_harm(suppress: object) -> None:
    boxes = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 2, 2]])
    kept = suppress(boxes, torch.tensor([[0.9], [0.8], [0.7]]))  # type: ignore[operator]
    assert 2 in kept.rows.tolist()
    assert not kept.scores.isnan().any()


@pytest.mark.parametrize("suppress", [fast_nms, cross_class_fast_nms, standard_nms])
def test_nothing_in_nothing_out(suppress: object) -> None:
    for boxes, scores in ((torch.zeros(0, 4), torch.zeros(0, 3)), (CHAIN, torch.zeros(3, 2))):
        kept = suppress(boxes, scores)  # type: ignore[operator]
        assert [len(part) for part in kept] == [0, 0, 0]
        assert kept.rows.dtype == kept.labels.dtype == torch.int64
