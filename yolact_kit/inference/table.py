"""Detections as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CSV_COLUMNS = (
    "picture", "object", "class", "score", "x", "y", "width", "height", "area", "centroid_x", "centroid_y",
    "orientation",
)  # fmt: skip
"""Columns of predictions.csv: pixels, square pixels, degrees; see `Measures` for the last three."""


def csv_row(detection: dict[str, Any], classes: Sequence[str]) -> list[Any]:
    """The columns after the first two of `CSV_COLUMNS`.

    Args:
        detection: One of `Prediction.measured`.
        classes: Class names.

    Returns:
        The class name and the rounded numbers; None for the centroid of an object without pixels.
    """
    box = (round(value, 2) for value in detection["bbox"])
    centroid = [round(value, 2) for value in detection["centroid"] or ()] or [None, None]
    # Just below 180 degrees rounds to 180, which is the same direction as 0.
    angle = None if detection["orientation"] is None else round(detection["orientation"], 2) % 180
    name, score = classes[detection["category_id"] - 1], round(detection["score"], 4)
    return [name, score, *box, int(detection["area"]), *centroid, angle]
