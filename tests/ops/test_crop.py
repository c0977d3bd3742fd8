from __future__ import annotations

import torch

from yolact_kit.ops.crop import crop_region


def test_a_box_grows_by_the_padding_and_ends_at_the_border() -> None:
    boxes = torch.tensor([[0.25, 0.25, 0.5, 0.5], [0.5, 0.5, 0.25, 0.25], [-1.0, 0.0, 2.0, 0.25]])
    regions = crop_region(boxes, 8, 8, padding=1)
    assert regions[0].nonzero().amin(dim=0).tolist() == [1, 1] and regions[0].nonzero().amax(dim=0).tolist() == [4, 4]
    assert torch.equal(regions[0], regions[1])  # corners in any order
    assert regions[2].any(dim=0).all() and int(regions[2].any(dim=1).sum()) == 3
    assert not crop_region(boxes[:1] * torch.nan, 8, 8).any()
