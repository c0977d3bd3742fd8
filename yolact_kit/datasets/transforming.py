"""One albumentations pipeline run on a picture and its masks."""

from __future__ import annotations

import albumentations as A  # noqa: N812
import numpy as np
from numpy.typing import NDArray


def transform(
    steps: A.Compose, picture: NDArray[np.uint8], masks: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Transforms a picture and its masks, even if there are no masks, which albumentations refuses.

    Args:
        steps: The pipeline.
        picture: uint8 [H, W, 3].
        masks: uint8 [N, H, W] of 0 and 1.

    Returns:
        uint8 [H', W', 3] and uint8 [N, H', W'].

    Example:
        >>> flip = A.Compose([A.HorizontalFlip(p=1.0)])
        >>> transform(flip, np.zeros((4, 6, 3), np.uint8), np.eye(4, 6, dtype=np.uint8)[None])[1][0, 0].tolist()
        [0, 0, 0, 0, 0, 1]
    """
    if not len(masks):
        image = steps(image=picture)["image"]
        return image, np.zeros((0, *image.shape[:2]), np.uint8)
    changed = steps(image=picture, masks=masks)
    return changed["image"], np.asarray(changed["masks"], np.uint8)
