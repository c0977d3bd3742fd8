"""What is written and drawn over a frame besides its objects: lines and zones, counts, speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolact_kit.inference.fonts import FontChoice, load_font

_LINE = (255, 221, 0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line or a zone.

    Attributes:
        points: Its corners, x y in pixels.
        closed: Whether the last corner is joined to the first.
        name: What is written in its middle.
    """

    points: tuple[tuple[int, int], ...]
    closed: bool
    name: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What there is to say about a frame.

    Attributes:
        marks: Lines and zones.
        lines: Lines of text, for the upper left corner.
    """

    marks: tuple[Mark, ...] = ()
    lines: tuple[str, ...] = ()


def draw_notes(pixels: NDArray[np.uint8], notes: Notes | None, font: FontChoice) -> NDArray[np.uint8]:
    """Draws notes over a frame.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue; changed where there are marks.
        notes: What to draw.
        font: The font.

    Returns:
        uint8 [H, W, 3].
    """
    if notes is None or not (notes.marks or notes.lines):
        return pixels
    unit = min(pixels.shape[:2])
    letters = load_font(font.path, max(11, round(unit / 28)))
    for mark in notes.marks:
        cv2.polylines(pixels, [np.array(mark.points)], mark.closed, _LINE, max(2, round(unit / 200)), cv2.LINE_AA)
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image, "RGBA")
    around: dict[str, Any] = {"font": letters, "fill": (255, 255, 255), "stroke_width": 2, "stroke_fill": (0, 0, 0)}
    for mark in notes.marks:
        _, _, wide, tall = canvas.textbbox((0, 0), mark.name, font=letters, stroke_width=2)
        # In the middle, which the lines of text hide last; inside the picture, though a line may end beyond it.
        x, y = np.mean(mark.points, axis=0) - (wide / 2, tall / 2)
        x, y = min(max(x, 2), image.width - wide), min(max(y, 2), image.height - tall)
        canvas.text((round(x), round(y)), mark.name, **around)
    if notes.lines:
        text = "\n".join(notes.lines)
        margin = max(4, unit // 80)
        left, top, right, bottom = canvas.multiline_textbbox((2 * margin, 2 * margin), text, font=letters)
        canvas.rectangle((left - margin, top - margin, right + margin, bottom + margin), fill=(0, 0, 0, 150))
        canvas.multiline_text((2 * margin, 2 * margin), text, font=letters, fill=(255, 255, 255))
    return np.array(image, dtype=np.uint8)
