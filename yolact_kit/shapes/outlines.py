"""The outline of a mask as polygons that a person can correct."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from yolact_kit.shapes.crops import MaskCrop
from yolact_kit.shapes.rings import Ring, outer_rings, polygons_of

SIMPLIFY = 1.0
"""How far, in pixels, a simplified outline may be from the mask's by default."""


def outlines(part: MaskCrop, width: int, height: int, simplify: float = SIMPLIFY) -> list[Ring]:
    """Polygons of a mask: one for each part of it, without holes, simplified (Douglas and Peucker 1973).

    A polygon cannot have a hole, so a part with holes is cut in two through each of them. Parts and holes that are
    thinner than twice the allowed error are left out; the largest part stays as it is.

    Args:
        part: The mask, see `Prediction.crop`.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        simplify: How far the polygons may be from the mask's outline, in pixels, 0 or more. The outline is what runs
            half a pixel around the centres of the mask's pixels, so that the steps of slanting edges are not followed.

    Returns:
        The rings, the largest part's first; none of an empty mask. Coordinates are of pixels' edges, 0..width and
        0..height.

    Example:
        >>> [ring] = outlines(MaskCrop(2, 3, np.ones((4, 5), dtype=bool)), 20, 20)
        >>> sorted(map(tuple, ring.tolist()))
        [(2.0, 3.0), (2.0, 7.0), (7.0, 3.0), (7.0, 7.0)]
    """
    whole = shapely.intersection(_shape_of(part), shapely.box(0, 0, width, height))
    parts = sorted(polygons_of(whole), key=lambda polygon: -polygon.area)
    rings: list[Ring] = []
    for index, polygon in enumerate(parts):
        if _is_thin(polygon, simplify):
            # Simplified, the outline of something thin would collapse: the largest part stays as it is.
            if index == 0:
                rings += outer_rings(polygon)
            continue
        holes = [hole for hole in polygon.interiors if not _is_thin(shapely.Polygon(hole), simplify)]
        # Topology is kept, so that what is simplified neither crosses itself nor vanishes.
        simple = shapely.simplify(shapely.Polygon(polygon.exterior, holes), simplify)
        rings += [ring.round(2) for piece in _without_holes(simple) for ring in outer_rings(piece)]
    return rings


def _shape_of(part: MaskCrop) -> shapely.Geometry:
    """The area of a mask's pixels, its slanting edges without steps."""
    # OpenCV lists the outlines of parts and of holes together; a hole's parent is the index of the part around it, and
    # a part's parent is -1.
    contours, tree = cv2.findContours(part.pixels.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist() if len(contours) else []
    holes: dict[int, list[Ring]] = defaultdict(list)
    for contour, parent in zip(contours, parents, strict=True):
        holes[parent].append(_ring(contour))
    outer = [index for index, parent in enumerate(parents) if parent < 0]
    shapes = [_grown(_ring(contours[index]), holes[index]) for index in outer]
    # From the crop's pixel indices to the picture's coordinates, in which a pixel's centre is half a pixel further.
    offset = np.array([part.x + 0.5, part.y + 0.5])
    return shapely.transform(shapely.union_all(shapes), lambda points: points + offset)


def _grown(exterior: Ring, holes: list[Ring]) -> shapely.Geometry:
    """A shape given by the centres of its outermost pixels, grown by half a pixel to their edges."""
    if len(exterior) < 3:  # a pixel, or a line of them
        centres = shapely.Point(exterior[0]) if len(exterior) == 1 else shapely.LineString(exterior)
        return shapely.buffer(centres, 0.5, cap_style="square")
    centres = shapely.make_valid(shapely.Polygon(exterior, [hole for hole in holes if len(hole) > 2]))
    return shapely.buffer(centres, 0.5, cap_style="square", join_style="mitre", mitre_limit=2)


def _ring(contour: NDArray[Any]) -> Ring:
    """OpenCV's contour [P, 1, 2] as a ring."""
    return contour.reshape(-1, 2).astype(np.float64)


def _is_thin(polygon: shapely.Polygon, simplify: float) -> bool:
    """Whether nothing is left of a polygon once its border has moved inwards by the allowed error."""
    return bool(shapely.is_empty(shapely.buffer(polygon, -simplify)))


def _without_holes(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The pieces of a shape once it is cut from top to bottom through the middle of each of its holes."""
    pieces: list[shapely.Polygon] = []
    for polygon in polygons_of(shape):
        if not polygon.interiors:
            pieces.append(polygon)
            continue
        # Each cut removes one hole; the halves are cut in turn until no hole is left. Whole pixels where possible.
        left, top, right, bottom = polygon.bounds
        x1, _, x2, _ = polygon.interiors[0].bounds
        middle: float = round((x1 + x2) / 2)
        if not x1 < middle < x2:
            middle = (x1 + x2) / 2
        for half in (shapely.box(left, top, middle, bottom), shapely.box(middle, top, right, bottom)):
            pieces += _without_holes(shapely.intersection(polygon, half))
    return pieces
