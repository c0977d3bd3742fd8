"""Measures of a mask: its centre and its direction."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from yolact_kit.shapes.crops import MaskCrop


class Measures(NamedTuple):
    """Position and direction of a mask.

    Attributes:
        centroid: The mean of its pixels' centres, x y in pixels; the top left pixel's centre is (0.5, 0.5). None where
            the mask is empty.
        orientation: The direction of its longest axis (its second moments' main axis) in degrees, 0 or more and below
            180, counter-clockwise from the picture's horizontal: 0 lies, 90 stands, 45 rises to the right. None where
            no axis is the longest, as of a disc or a square.
    """

    centroid: tuple[float, float] | None
    orientation: float | None


def measure(part: MaskCrop) -> Measures:
    """Measures a mask.

    Args:
        part: The mask, see `Prediction.crop`.

    Returns:
        Its centroid and orientation.

    Example:
        >>> measure(MaskCrop(10, 20, np.ones((2, 6), dtype=bool)))
        Measures(centroid=(13.0, 21.0), orientation=0.0)
    """
    moments = cv2.moments(part.pixels.astype(np.uint8), binaryImage=True) if part.pixels.size else {"m00": 0}
    if moments["m00"] == 0:
        return Measures(None, None)
    centroid = part.x + 0.5 + moments["m10"] / moments["m00"], part.y + 0.5 + moments["m01"] / moments["m00"]
    # The main axis of the second moments is at half the angle of (mu20 - mu02, 2 mu11); where that vector is as good as
    # nothing, the mask reaches equally far in every direction.
    along, across = moments["mu20"] - moments["mu02"], 2 * moments["mu11"]
    if math.hypot(along, across) <= 1e-6 * (moments["mu20"] + moments["mu02"]):
        return Measures(centroid, None)
    # The picture's y grows downwards, an angle's upwards.
    return Measures(centroid, math.degrees(-math.atan2(across, along) / 2) % 180)
