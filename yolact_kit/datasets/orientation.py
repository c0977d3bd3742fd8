"""Which way objects lie: seen from above they lie every way, seen from the side they have an upper end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Instance, Picture

ELONGATED = 1.3
"""An object at least this much longer than wide has a direction that can be told."""

FEWEST = 30
"""Fewer objects with a direction say nothing of how the others may lie."""

SPREAD = 0.3
"""A class whose directions' resultant length is below this lies every way; 1 is all one way."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """The directions in which objects lie.

    Attributes:
        counted: Objects long enough to have a direction.
        agreement: Mean resultant length of the doubled angles, averaged over classes by their objects: 0 every way
            alike, 1 all one way (Mardia and Jupp, Directional Statistics, 2000); 0 where nothing was counted.
    """

    counted: int
    agreement: float

    @property
    def any_way(self) -> bool:
        """Whether the objects surely lie every way."""
        return self.counted >= FEWEST and self.agreement < SPREAD


def orientation(pictures: list[Picture]) -> Orientation:
    """How the objects of pictures lie.

    Args:
        pictures: The pictures; objects of crowds are not counted.

    Returns:
        Their directions.

    Example:
        >>> orientation([]).any_way
        False
    """
    angles: dict[str, list[float]] = {}
    for picture in pictures:
        for instance in picture.instances:
            if instance.crowd:
                continue
            angle = direction(instance, picture)
            if angle is not None:
                angles.setdefault(instance.label, []).append(angle)
    counted = sum(map(len, angles.values()))
    resultant = sum(abs(np.exp(2j * np.array(values)).sum()) for values in angles.values())
    return Orientation(counted, float(resultant / counted) if counted else 0.0)


def direction(instance: Instance, picture: Picture) -> float | None:
    """Angle of an object's long axis to the horizontal in radians, 0..pi, from the second moments of its outline.

    Args:
        instance: The object.
        picture: The picture that it is in.

    Returns:
        The angle; None for an object that is nearly as wide as it is long.
    """
    moments = _moments(instance, picture)
    if moments["m00"] <= 0:
        return None
    xx, yy, xy = moments["mu20"], moments["mu02"], moments["mu11"]
    middle, reach = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    if math.sqrt((middle + reach) / max(middle - reach, 1e-9)) < ELONGATED:
        return None
    return (0.5 * math.atan2(2 * xy, xx - yy)) % math.pi


def _moments(instance: Instance, picture: Picture) -> dict[str, float]:
    if len(instance.polygons) == 1:
        outline: NDArray[np.float32] = instance.polygons[0].astype(np.float32).reshape(-1, 1, 2)
        moments = dict(cv2.moments(outline))
        # All moments of an outline change their sign with the direction in which it was drawn.
        sign = math.copysign(1.0, moments["m00"])
        return {name: sign * value for name, value in moments.items()}
    return dict(cv2.moments(instance.mask(picture.height, picture.width), binaryImage=True))
