"""What is drawn on a frame besides its objects: lines and zones, counts, speed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

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
    """The notes on a frame.

    Attributes:
        marks: Lines and zones.
        lines: Lines of text, for the upper left corner.
    """

    marks: tuple[Mark, ...] = ()
    lines: tuple[str, ...] = ()


def text_rectangles(notes: Notes, size: Sequence[int], font: FontChoice) -> list[tuple[int, int, int, int]]:
    """Where the lines of text are drawn.

    Args:
        notes: What is drawn.
        size: Height and width of the frame in pixels.
        font: The font.

    Returns:
        x1 y1 x2 y2 of the rectangle behind them, in pixels; empty if there are no lines.

    Example:
        >>> from yolact_kit.inference.fonts import find_font
        >>> text_rectangles(Notes(), (480, 640), find_font(["a"]))
        []
    """
    return [_lay_out(notes.lines, size, font).behind] if notes.lines else []


def _letters(size: Sequence[int], font: FontChoice) -> ImageFont.FreeTypeFont:
    """The font in a size that can be read on a frame of this size."""
    return load_font(font.path, max(11, round(min(size[:2]) / 28)))


class _NoteLayout(NamedTuple):
    """Lines of text ready to draw: wrapped if too long, with their positions and the rectangle behind them."""

    text: str
    start: tuple[int, int]
    behind: tuple[int, int, int, int]


def _lay_out(lines: Sequence[str], size: Sequence[int], font: FontChoice) -> _NoteLayout:
    """Wraps lines of text to the frame, and measures what they cover: a rectangle wider by a margin on each side."""
    letters, margin = _letters(size, font), max(4, min(size[:2]) // 80)
    rows: list[str] = []
    for line in lines:
        rows += _wrapped(line, letters, size[1] - 4 * margin)
    text = "\n".join(rows)
    start = 2 * margin, 2 * margin
    canvas = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left, top, right, bottom = canvas.multiline_textbbox(start, text, font=letters)
    behind = int(left) - margin, int(top) - margin, math.ceil(right) + margin, math.ceil(bottom) + margin
    return _NoteLayout(text, start, behind)


def _wrapped(line: str, letters: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """A line as rows of at most ``room`` pixels, broken between words; further rows are indented."""
    first, *words = line.split(" ")
    rows = [first]
    for word in words:
        longer = f"{rows[-1]} {word}"
        if letters.getlength(longer) > room:
            rows.append(f"    {word}")
        else:
            rows[-1] = longer
    return rows


def draw_notes(pixels: NDArray[np.uint8], notes: Notes, font: FontChoice) -> NDArray[np.uint8]:
    """Draws notes over a frame.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue; changed where there are marks.
        notes: What to draw.
        font: The font.

    Returns:
        uint8 [H, W, 3].
    """
    if not (notes.marks or notes.lines):
        return pixels
    # OpenCV draws the lines into the pixels, with smooth edges; Pillow writes the text, since OpenCV's own
    # letters are ASCII only. The marks' names come before the counts, which cover them if need be.
    unit, letters = min(pixels.shape[:2]), _letters(pixels.shape, font)
    for mark in notes.marks:
        cv2.polylines(pixels, [np.array(mark.points)], mark.closed, _LINE, max(2, round(unit / 200)), cv2.LINE_AA)
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image, "RGBA")
    stroke: dict[str, Any] = {"font": letters, "fill": (255, 255, 255), "stroke_width": 2, "stroke_fill": (0, 0, 0)}
    for mark in notes.marks:
        _, _, wide, tall = canvas.textbbox((0, 0), mark.name, font=letters, stroke_width=2)
        # The name goes to the middle of the mark, where the counts in the corner hide it least, and stays inside the
        # frame even if the mark does not.
        x, y = np.mean(mark.points, axis=0) - (wide / 2, tall / 2)
        x, y = min(max(x, 2), image.width - wide), min(max(y, 2), image.height - tall)
        canvas.text((round(x), round(y)), mark.name, **stroke)
    if notes.lines:
        layout = _lay_out(notes.lines, pixels.shape, font)
        canvas.rectangle(layout.behind, fill=(0, 0, 0, 170))
        canvas.multiline_text(layout.start, layout.text, font=letters, fill=(255, 255, 255))
    return np.array(image, dtype=np.uint8)
