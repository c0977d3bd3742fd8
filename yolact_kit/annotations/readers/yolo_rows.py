"""What rows of YOLO's text files hold besides outlines: keypoints, oriented boxes, confidences, track ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RowNumbers = list[float]
"""The numbers of a row behind its class."""

Column = Literal["confidence", "track id"]

_BOX = 4
_CORNERS = 8
"""Numbers of an oriented box: x and y of four corners."""
_FEWEST_KEYPOINTS, _FEWEST_ROWS = 4, 3
"""Keypoints in a row, and rows, that it takes to tell keypoints by where they lie: one outline may do so by chance."""
_NEARLY_ALL = 0.9
"""Share of oriented boxes that are parallelograms, at least: the edge of the picture cuts corners off the others."""
_MANY = 10
"""Rows of four points, and no other, that are worth a warning; and rows of which some keypoints may lie otherwise."""
_MOSTLY = 0.75
"""Share of many rows whose keypoints fill their boxes, at least; of outlines fewer than half do so by chance."""
_TOLERANCE = 0.002
"""Shares of a picture by which the sides of an oriented box may differ; programs round and clip the corners."""


def numbers_of(words: Sequence[str]) -> RowNumbers | None:
    """The words of a row as numbers; None where one is none.

    Example:
        >>> numbers_of(["0.5", "1e-1"])
        [0.5, 0.1]
    """
    try:
        return [float(word) for word in words]
    except ValueError:
        return None


def columns_behind(rows: list[RowNumbers]) -> tuple[Column, ...]:
    """The columns that rows have behind their coordinates, as predictions have them.

    Args:
        rows: Rows that were written by the same program.

    Returns:
        ``("confidence",)``, ``("track id",)``, both, or none.

    Example:
        >>> columns_behind([[0.1, 0.1, 0.5, 0.1, 0.3, 0.7, 0.93], [0.2, 0.1, 0.5, 0.1, 0.3, 0.7, 0.88]])
        ('confidence',)
    """
    # Coordinates come in pairs: one number more in every row is a confidence or a track id, and two are both.
    parities = {len(row) % 2 for row in rows}
    if len(parities) != 1 or min(map(len, rows)) <= _BOX:
        return ()
    return _column_behind(rows) if parities == {1} else _columns_of_both(rows)


def _column_behind(rows: list[RowNumbers]) -> tuple[Column, ...]:
    """What the last number of every row is: a track id if it is whole and not always 1, a confidence if it is a share.

    Behind a box and a point a 1 can also mean that the point, a keypoint, is visible.
    """
    last = np.array([row[-1] for row in rows])
    if _are_whole(last) and last.max() > 1:
        return ("track id",)
    may_be_keypoints = _are_whole(last) and {len(row) for row in rows} == {_BOX + 3}
    return ("confidence",) if _are_shares(last) and not may_be_keypoints else ()


def _columns_of_both(rows: list[RowNumbers]) -> tuple[Column, ...]:
    """Both columns, where every row ends in a share and a whole number, and one of these is more than 1.

    No coordinate is more than 1. If a single object is tracked, the number is 1 in every row.
    """
    shares, last = np.array([row[-2:] for row in rows]).T
    if not _are_whole(last) or not _are_shares(shares):
        return ()
    return ("confidence", "track id") if last.max() > 1 or _stand_alone(rows) else ()


def _are_whole(values: NDArray[np.float64]) -> bool:
    return bool((values == np.round(values)).all() and (values >= 0).all())


def _are_shares(values: NDArray[np.float64]) -> bool:
    return bool((values >= 0).all() and (values <= 1).all())


def _stand_alone(rows: list[RowNumbers]) -> bool:
    """Whether the last two numbers of every row, read as a point, are alone at the lower edge of the picture."""
    # A single object has the track id 1 in every frame, which could be a point at the lower edge. An outline that
    # reaches the edge has other points near it.
    are_alone = [row[-1] == 1 and max(row[1:-2:2]) < 0.95 for row in rows]
    return len(rows) > 2 and all(are_alone)


def have_keypoints(rows: list[RowNumbers], shape: tuple[int, int] | None) -> bool:
    """Whether rows are boxes with keypoints.

    Args:
        rows: The rows of a set.
        shape: How many keypoints ``data.yaml`` says that a row has, and how many numbers each; None if it says nothing.

    Returns:
        Whether they are, by their number of columns or, without ``shape``, by what the numbers are.

    Example:
        >>> have_keypoints([[0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 2, 0.6, 0.6, 2]], (2, 3))
        True
    """
    if not rows:
        return False
    if shape is not None:
        count = _BOX + shape[0] * shape[1]
        fitting = sum(count <= len(row) <= count + 2 for row in rows)
        return 2 * fitting >= len(rows)
    counts = {len(row) for row in rows}
    if len(counts) != 1:
        return False
    values = np.array(rows)
    return any(_are_keypoints(values, extra, size) for size in (3, 2) for extra in (0, 1, 2))


def _are_keypoints(values: NDArray[np.float64], extra: int, size: int) -> bool:
    """Whether rows, [rows, numbers], are boxes, keypoints of 2 or 3 numbers each, and ``extra`` numbers."""
    count, rest = divmod(values.shape[1] - _BOX - extra, size)
    if rest or count < 1:
        return False
    boxes, points = values[:, :_BOX], values[:, _BOX : _BOX + count * size].reshape(len(values), count, size)
    visible = np.ones((len(values), count), dtype=bool)
    if size == 3:
        states = points[:, :, 2]
        are_states = np.isin(states, (0, 1, 2)).all()
        if are_states and not extra and (states == 2).any():
            return True
        if not are_states and not _are_shares(states.reshape(-1)):
            return False
        visible = states > 0
    is_enough = count >= _FEWEST_KEYPOINTS and len(np.unique(values, axis=0)) >= _FEWEST_ROWS
    if not is_enough:
        return False
    filled = np.mean(list(map(_fill, boxes, points[:, :, :2], visible)))
    return bool(filled >= (_MOSTLY if len(values) >= _MANY else 1))


def _fill(box: NDArray[np.float64], points: NDArray[np.float64], visible: NDArray[np.bool_]) -> bool:
    """Whether points lie around the centre of a box and fill it, unlike the points of an outline that begins there."""
    centre, extent, points = box[:2], box[2:], points[visible & points.any(axis=1)]
    if not len(points) or (extent <= 0).any():
        return not len(points)
    low, high = points.min(axis=0), points.max(axis=0)
    off_centre = np.abs((low + high) / 2 - centre) / extent
    return bool((off_centre < 0.25).all() and (high - low > 0.4 * extent).all() and (high - low < 1.2 * extent).all())


def are_oriented_boxes(rows: list[RowNumbers]) -> bool:
    """Whether rows are oriented boxes: all have four corners, nearly all are parallelograms, some of these turned.

    Args:
        rows: The rows of a set, without columns behind the coordinates.

    Returns:
        Whether they are. Rectangles that are turned are parallelograms in shares of the picture.

    Example:
        >>> are_oriented_boxes([[0.3, 0.1, 0.5, 0.3, 0.4, 0.4, 0.2, 0.2], [0.6, 0.5, 0.8, 0.6, 0.75, 0.7, 0.55, 0.6]])
        True
    """
    if len(rows) < 2 or {len(row) for row in rows} != {_CORNERS}:
        return False
    corners = np.array(rows).reshape(-1, 4, 2)
    gaps = np.abs(corners[:, 0] + corners[:, 2] - corners[:, 1] - corners[:, 3])
    are_parallelograms = (gaps < 2 * _TOLERANCE).all(axis=1)
    are_upright = np.abs(np.diff(corners, axis=1)).min(axis=2).max(axis=1) < _TOLERANCE
    return bool(are_parallelograms.mean() >= _NEARLY_ALL and not are_upright[are_parallelograms].all())


def have_four_corners(rows: list[RowNumbers]) -> bool:
    """Whether each of many rows has exactly four points, so that they may be boxes rather than outlines."""
    return len(rows) >= _MANY and {len(row) for row in rows} == {_CORNERS}
