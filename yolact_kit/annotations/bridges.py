"""Objects of several parts or with holes as one outline, for formats that store only one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely

from yolact_kit.annotations.dataset import Instance
from yolact_kit.shapes.rings import Ring, inner_rings, outer_rings
from yolact_kit.shapes.rle import Rle, decode_rle


def rings_of(instance: Instance) -> tuple[list[Ring], list[Ring]]:
    """The outlines of an object, whether it is stored as polygons or as a mask.

    Args:
        instance: The object.

    Returns:
        Its outer rings and its holes, each float64 [P, 2] in pixels. Those of a mask run along the edges of its
        pixels, so that the mask can be restored from them.
    """
    return mask_rings(instance.rle) if instance.rle is not None else (instance.polygons, [])


def one_outline(instance: Instance) -> Ring:
    """An object as a single outline.

    Args:
        instance: The object; where its parts overlap they are united first.

    Returns:
        The outline as `join_rings` makes it, float64 [P, 2] in pixels.
    """
    outer, holes = rings_of(instance)
    if len(outer) > 1 and not holes:
        parts = [shapely.make_valid(shapely.Polygon(ring)) for ring in outer]
        area = shapely.union_all(parts)
        if area.area < sum(part.area for part in parts) - 1e-9 * area.area:
            outer, holes = outer_rings(area), inner_rings(area)
    return join_rings([*outer, *holes])


def mask_rings(rle: Rle) -> tuple[list[Ring], list[Ring]]:
    """Traces a mask along the edges of its pixels.

    Args:
        rle: The mask.

    Returns:
        Outer rings and holes, corners only, x y in pixels: whole numbers.

    Example:
        >>> from yolact_kit.shapes.rle import encode_mask
        >>> outer, holes = mask_rings(encode_mask(np.ones((2, 3))))
        >>> shapely.Polygon(outer[0]).bounds, holes
        ((0.0, 0.0, 3.0, 2.0), [])
    """
    # Each column of the picture is cut into its runs of pixels, and each run is a box one pixel wide: where the padded
    # column steps up a run begins, where it steps down it ends. The union of the boxes is the mask.
    columns = decode_rle(rle).T
    edges = np.diff(np.pad(columns, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    xs, tops = np.nonzero(edges == 1)
    _, bottoms = np.nonzero(edges == -1)
    area = shapely.simplify(shapely.union_all(shapely.box(xs, tops, xs + 1, bottoms)), 0)
    return outer_rings(area), inner_rings(area)


def join_rings(rings: Iterable[Ring]) -> Ring:
    """Joins several outlines into one, as YOLO does: by a line there and back between their nearest points.

    What lies within an odd number of the rings lies within the outline, so that holes stay holes.

    Args:
        rings: Outer rings and holes, at least one, each float64 [P, 2].

    Returns:
        The outline, float64 [P, 2]: the points of all rings, and two more for each after the first.

    Example:
        >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
        >>> len(join_rings([square, square + 5]))
        10
    """
    joined, *rest = sorted(rings, key=len, reverse=True)
    # The ring that is nearest to the outline so far is joined next. The outline goes to its nearest point, once around
    # it, and back to where it left, so that both points are there twice: A B C with P Q R joined at B and Q is
    # A B Q R P Q B C.
    while rest:
        gaps = [_nearest(joined, ring) for ring in rest]
        nearest = min(range(len(rest)), key=lambda number: gaps[number][0])
        _, start, end = gaps[nearest]
        ring = np.roll(rest.pop(nearest), -end, axis=0)
        joined = np.concatenate([joined[: start + 1], ring, ring[:1], joined[start:]])
    return joined


def has_bridges(ring: Ring) -> bool:
    """Whether an outline goes along a line and back again, as joined outlines do."""
    points = [tuple(point) for point in ring.tolist()]
    edges = set(zip(points, points[1:] + points[:1], strict=True))
    return any(start != end and (end, start) in edges for start, end in edges)


def _nearest(ring: Ring, other: Ring) -> tuple[float, int, int]:
    """The distance between the nearest points of two rings, and the numbers of those points."""
    tree = shapely.STRtree(shapely.points(other))
    pairs, distances = tree.query_nearest(shapely.points(ring), return_distance=True, all_matches=False)
    best = int(np.argmin(distances))
    return float(distances[best]), int(pairs[0, best]), int(pairs[1, best])
