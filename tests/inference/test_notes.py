from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.inference.drawing import class_font
from yolact_kit.inference.notes import Mark, Notes, draw_notes


@pytest.mark.parametrize(
    "points", [((0, 0), (320, 0), (320, 240), (0, 240)), ((-500, -90), (80, -90)), ((0, 900), (900, 239))]
)
def test_the_name_of_a_line_or_zone_is_inside_the_picture(points: tuple[tuple[int, int], ...]) -> None:
    named, nameless = (
        draw_notes(np.zeros((240, 320, 3), dtype=np.uint8), Notes((Mark(points, True, name),)), class_font([]))
        for name in ("zone 1", "")
    )
    rows, columns = (named != nameless).any(axis=2).nonzero()
    assert np.ptp(rows) >= 6 and np.ptp(columns) >= 30
    assert rows.min() > 0 and rows.max() < 239 and columns.min() > 0 and columns.max() < 319
