"""In which directions objects lie: in all directions if seen from above, with one end up if seen from the side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Instance, Picture

ELONGATED = 1.3
"""An object has a direction if it is at least this many times as long as wide."""

FEWEST = 30
"""With fewer objects that have a direction, nothing can be said about the others."""

SPREAD = 0.3
"""If the resultant length of the directions is below this, objects lie in all directions; 1 is a single direction."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """The directions in which objects lie.

    Attributes:
        counted: Objects long enough to have a direction.
        agreement: Mean resultant length of the doubled angles, averaged over classes by their objects: 0 for all
            directions equally, 1 for a single direction (Mardia and Jupp, Directional Statistics, 2000); 0 if nothing
            was counted.
    """

    counted: int
    agreement: float

    @property
    def any_way(self) -> bool:
        """Whether there is enough evidence that the objects lie in all directions."""
        return self.counted >= FEWEST and self.agreement < SPREAD


def orientation(pictures: list[Picture]) -> Orientation:
    """The directions of the objects in pictures.

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
        # The sign of all moments depends on the direction in which the outline was drawn.
        sign = math.copysign(1.0, moments["m00"])
        return {name: sign * value for name, value in moments.items()}
    return dict(cv2.moments(instance.mask(picture.height, picture.width), binaryImage=True))
