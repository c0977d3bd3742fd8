"""Maps of numbers as tensors: the same pixels as of masks that are resized one by one."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from yolact_kit.ops.number_maps import numbered_masks, shrink_maps


@pytest.mark.parametrize("size", [64, 96, 138, 256, 320, 550, 700])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_shrunk_maps_are_those_of_masks_shrunk_alone(size: int, dtype: torch.dtype) -> None:
    """At the sizes that the network has: an eighth of the input for classes, a quarter for masks."""
    count = 9
    coarse = torch.randint(0, count + 1, (2, 50, 50), generator=torch.Generator().manual_seed(size))
    noisy = torch.randint(0, count + 1, (2, size, size), generator=torch.Generator().manual_seed(size))
    blobs = functional.interpolate(coarse[None].float(), size=(size, size))[0].long()
    numbers = torch.arange(1, count + 1)
    for maps in (blobs.to(dtype), noisy.to(dtype)):
        for side in (-(-size // 8), 2 * -(-size // 8)):
            shrunk = shrink_maps(maps, (side, side))
            assert shrunk.dtype == dtype
            for before, after in zip(maps, shrunk, strict=True):
                masks = numbered_masks(before[None], numbers)[None].float()
                expected = functional.interpolate(masks, size=(side, side), mode="bilinear", align_corners=False)[0]
                assert torch.equal(numbered_masks(after[None], numbers), expected > 0.5)


def test_no_maps_have_no_masks() -> None:
    maps = shrink_maps(torch.zeros(0, 8, 8, dtype=torch.uint8), (4, 4))
    assert maps.shape == (0, 4, 4) and numbered_masks(maps, torch.zeros(0, dtype=torch.int64)).shape == (0, 4, 4)
