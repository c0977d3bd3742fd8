"""What becomes of pictures and their masks before training sees them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from yolact_kit.config.schema import AugmentConfig, ModelConfig
from yolact_kit.datasets.augmentation import Augmentation


def discs(width: int, height: int, count: int = 40) -> list[np.ndarray]:
    """Masks of a disc each, somewhere well inside."""
    random = np.random.default_rng(0)
    masks = np.zeros((count, height, width), np.uint8)
    for mask in masks:
        cv2.circle(mask, (int(random.integers(60, width - 60)), int(random.integers(60, height - 60))), 14, 1, -1)
    return list(masks)


def shown_and_masked(augment: Augmentation, mask: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a white object is seen afterwards, and where its mask is."""
    picture, masks = augment(np.repeat(mask[..., None] * np.uint8(255), 3, axis=2), mask[None], seed)
    return picture[..., 0] > 160, masks[0].astype(bool)  # brighter than what is left empty


@pytest.mark.parametrize("size", [(341, 256), (256, 341), (256, 256)])
def test_masks_are_resized_with_their_objects(size: tuple[int, int]) -> None:
    augment = Augmentation(None, ModelConfig(input_size=256, interpolation="area"))
    for seed, mask in enumerate(discs(*size)):
        seen, masked = shown_and_masked(augment, mask, seed)
        assert (seen & masked).sum() > 0.94 * (seen | masked).sum()


@pytest.mark.parametrize("size", [(341, 256), (256, 341)])
@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_masks_lie_neither_left_nor_right_of_their_objects_nor_above_or_below(
    recipe: str, size: tuple[int, int]
) -> None:
    config = AugmentConfig(brightness=0, contrast=0, saturation=0, hue=0)
    if recipe == "paper":
        config = AugmentConfig(recipe="paper")
    augment = Augmentation(config, ModelConfig(input_size=256, interpolation="area"))
    apart = []
    for seed, mask in enumerate(discs(*size, 120)):
        seen, masked = shown_and_masked(augment, mask, seed)
        if seen.sum() > 100 and masked.sum() > 100:
            apart.append(np.argwhere(masked).mean(axis=0) - np.argwhere(seen).mean(axis=0))
    assert len(apart) > 20
    np.testing.assert_allclose(np.mean(apart, axis=0), 0, atol=0.15)
