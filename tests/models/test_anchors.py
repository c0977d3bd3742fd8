from __future__ import annotations

import torch

from yolact_kit.config.schema import AnchorConfig
from yolact_kit.models.anchors import make_anchors


def test_order_is_rows_then_columns_then_scales_then_ratios() -> None:
    config = AnchorConfig(scales=[[10, 20]], aspect_ratios=[1.0, 4.0], square=False)
    anchors = make_anchors([(2, 3)], config, 100)
    assert anchors.shape == (2 * 3 * 4, 4)
    assert torch.allclose(anchors[0], torch.tensor([1 / 6, 0.25, 0.1, 0.1]))
    assert torch.allclose(anchors[1], torch.tensor([1 / 6, 0.25, 0.2, 0.05]))
    assert torch.allclose(anchors[2], torch.tensor([1 / 6, 0.25, 0.2, 0.2]))
    assert torch.allclose(anchors[4, :2], torch.tensor([0.5, 0.25]))
    assert torch.allclose(anchors[12, :2], torch.tensor([1 / 6, 0.75]))


def test_square_anchors_have_the_width_of_their_ratio() -> None:
    anchors = make_anchors([(1, 1)], AnchorConfig(scales=[[10]], aspect_ratios=[4.0], square=True), 100)
    assert torch.allclose(anchors[0, 2:], torch.tensor([0.2, 0.2]))


def test_the_paper_has_19248_anchors_at_550_pixels() -> None:
    assert len(make_anchors([(69, 69), (35, 35), (18, 18), (9, 9), (5, 5)], AnchorConfig(), 550)) == 19248
