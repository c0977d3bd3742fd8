from __future__ import annotations

import numpy as np
import pytest

from yolact_kit.inference.drawing import class_font
from yolact_kit.inference.notes import Mark, Notes, draw_notes, text_rectangles


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


def test_lines_that_are_too_long_are_broken_and_stay_inside_the_picture() -> None:
    words = "zone 1: now 12 컵, 3 접시, 4 포크; entered 31 컵, 8 접시, 9 포크"
    font, plain = class_font([words]), np.full((240, 320, 3), 255, dtype=np.uint8)
    short, long = (Notes(lines=("9.1 FPS", line)) for line in ("zone 1: now 0", words))
    [small], [large] = (text_rectangles(notes, plain.shape, font) for notes in (short, long))
    assert large[2] <= 320 and large[3] > small[3]
    rows, columns = (draw_notes(plain.copy(), long, font) != plain).any(axis=2).nonzero()
    assert (columns.min(), rows.min()) == large[:2]
    assert columns.max() <= large[2] and rows.max() <= large[3]
