"""Non-maximum suppression as the papers word it, one box at a time: what the fast forms are held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]


def slow_iou(first: list[float], second: list[float]) -> float:
    """Intersection over union of two boxes x1 y1 x2 y2, 0 where neither has an area."""
    width = max(0.0, min(first[2], second[2]) - max(first[0], second[0]))
    height = max(0.0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (first, second)]
    union = sum(areas) - width * height
    return width * height / union if union > 0 else 0.0


def slow_candidates(
    scores: NDArray[np.float32], least: float, candidates: int | None, legacy: bool = False, every_class: bool = False
) -> dict[int, list[int]]:
    """The rows that take part for each class, best first; among equal scores the first row first."""
    values = scores.tolist()
    least = float(np.float32(least))  # scores are compared as they are stored
    taking = {}
    for label in range(scores.shape[1]):
        rows = []
        for row, of_row in enumerate(values):
            score = max(of_row) if every_class else of_row[label]
            if score > least or (score == least and not legacy):
                rows.append(row)
        taking[label] = sorted(rows, key=lambda row: -values[row][label])[:candidates]
    return taking


def slow_nms(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    taking: dict[int, list[int]],
    iou: float,
    greedy: bool = False,
) -> list[Pair]:
    """(row, class) of boxes that no better one overlaps, best first; with ``greedy`` no better one that was kept."""
    corners = boxes.astype(np.float64).tolist()
    kept = []
    for label, rows in taking.items():
        against: list[int] = []
        for row in rows:
            good = all(slow_iou(corners[row], corners[better]) <= iou for better in against)
            if good:
                kept.append((row, label))
            if good or not greedy:
                against.append(row)
    return sorted(kept, key=lambda pair: (-float(scores[pair]), pair))
