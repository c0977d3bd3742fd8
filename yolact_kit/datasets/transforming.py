"""One albumentations pipeline run on a picture and its masks, or maps that stand for them."""

from __future__ import annotations

from typing import Any, TypeVar

import albumentations as A  # noqa: N812
import numpy as np
from numpy.typing import NDArray

MaskValue = TypeVar("MaskValue", bound=np.integer[Any])


def transform(
    steps: A.Compose, picture: NDArray[np.uint8], masks: NDArray[MaskValue]
) -> tuple[NDArray[np.uint8], NDArray[MaskValue]]:
    """Transforms a picture and its masks, even if there are no masks, which albumentations refuses.

    Args:
        steps: The pipeline.
        picture: uint8 [H, W, 3].
        masks: [N, H, W], masks of 0 and 1, or maps of numbers for steps that do not blend pixels of masks.

    Returns:
        uint8 [H', W', 3], and [N, H', W'] of the type of ``masks``.

    Example:
        >>> flip = A.Compose([A.HorizontalFlip(p=1.0)])
        >>> transform(flip, np.zeros((4, 6, 3), np.uint8), np.eye(4, 6, dtype=np.uint8)[None])[1][0, 0].tolist()
        [0, 0, 0, 0, 0, 1]
    """
    if not len(masks):
        image = steps(image=picture)["image"]
        return image, np.zeros((0, *image.shape[:2]), masks.dtype)
    changed = steps(image=picture, masks=masks)
    return changed["image"], np.asarray(changed["masks"], masks.dtype)
