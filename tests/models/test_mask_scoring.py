from __future__ import annotations

import pytest
import torch

from yolact_kit.models.mask_scoring import SMALLEST, MaskScoring


@pytest.fixture(scope="module")
def scorer() -> MaskScoring:
    torch.manual_seed(0)
    return MaskScoring(classes=3)


@pytest.mark.parametrize("size", [(16, 16), (63, 63), (64, 40), (138, 138), (175, 175)])
def test_masks_of_any_size_are_scored(scorer: MaskScoring, size: tuple[int, int]) -> None:
    fits = scorer(torch.rand(4, *size), torch.tensor([0, 1, 2, 0]))
    assert fits.shape == (4,) and (fits >= 0).all()


def test_no_mask_has_no_score(scorer: MaskScoring) -> None:
    assert scorer(torch.zeros(0, 138, 138), torch.zeros(0, dtype=torch.int64)).shape == (0,)


def test_each_mask_has_the_score_of_its_class(scorer: MaskScoring) -> None:
    masks = torch.rand(1, 138, 138).expand(3, -1, -1)
    apart = [scorer(masks[:1], torch.tensor([label])).item() for label in range(3)]
    together = scorer(masks, torch.arange(3))
    assert together.tolist() == pytest.approx(apart, rel=1e-4)
    assert len(set(apart)) > 1


def test_a_small_mask_has_empty_surroundings(scorer: MaskScoring) -> None:
    small = torch.rand(1, 20, 20)
    large = torch.zeros(1, SMALLEST, SMALLEST)
    large[:, :20, :20] = small
    label = torch.tensor([1])
    torch.testing.assert_close(scorer(small, label), scorer(large, label))
