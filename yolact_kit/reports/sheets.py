"""Sheets: figures that are put together from tiles, lines and text, at positions in pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolact_kit.inference.drawing import Color
from yolact_kit.inference.explanation import Corners
from yolact_kit.inference.fonts import load_font
from yolact_kit.pixels.writing import save_image

INK: Color = (34, 34, 34)


class Sheet:
    """A white sheet. Positions are in pixels from its upper left corner; later drawings cover earlier ones.

    Args:
        width: Width in pixels.
        height: Height in pixels.

    Example:
        >>> sheet = Sheet(200, 100)
        >>> sheet.put(10, 10, np.zeros((50, 50, 3), dtype=np.uint8))
        >>> sheet.save(Path("sheet.png"))  # doctest: +SKIP
    """

    def __init__(self, width: float, height: float) -> None:
        self.pixels: NDArray[np.uint8] = np.full((round(height), round(width), 3), 255, dtype=np.uint8)

    def put(self, x: float, y: float, pixels: NDArray[np.uint8]) -> None:
        """Puts a picture, uint8 [h, w, 3], on the sheet with its upper left corner at x, y."""
        column, row = round(x), round(y)
        self.pixels[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels

    def fill(self, corners: Corners, color: Color) -> None:
        """Fills x1 y1 x2 y2, the lower and the right side not included."""
        x1, y1, x2, y2 = (round(value) for value in corners)
        self.pixels[y1:y2, x1:x2] = color

    def box(self, corners: Corners, color: Color, width: int, dash: int = 0) -> None:
        """Draws a rectangle.

        Args:
            corners: x1 y1 x2 y2.
            color: Red, green, blue.
            width: Width of the line in pixels.
            dash: Length of dashes in pixels, 0 for a solid line.
        """
        x1, y1, x2, y2 = (round(value) for value in corners)
        if not dash:
            cv2.rectangle(self.pixels, (x1, y1), (x2, y2), color, width)
            return
        # Dashes and gaps are of the same length, so a dash starts at every second multiple of it on each side.
        for x in range(x1, x2 + 1, 2 * dash):
            for y in (y1, y2):
                cv2.line(self.pixels, (x, y), (min(x + dash, x2), y), color, width)
        for y in range(y1, y2 + 1, 2 * dash):
            for x in (x1, x2):
                cv2.line(self.pixels, (x, y), (x, min(y + dash, y2)), color, width)

    def text(
        self, x: float, y: float, words: str, font: Path, size: int, color: Color = INK, anchor: str = "ms"
    ) -> None:
        """Writes a line of text.

        Args:
            x: Position of the anchor.
            y: Position of the anchor.
            words: The text.
            font: The font file.
            size: Height of the letters in pixels.
            color: Red, green, blue.
            anchor: Pillow's name of the point of the text that is put there; by default the middle of its base line.
        """
        # Pillow draws on pictures of its own: only a band around the line is copied, not the whole sheet.
        top, bottom = max(0, round(y) - 2 * size), round(y) + 2 * size
        band = Image.fromarray(self.pixels[top:bottom])
        ImageDraw.Draw(band).text((x, y - top), words, font=load_font(font, size), fill=color, anchor=anchor)
        self.pixels[top:bottom] = np.asarray(band)

    def upright_text(self, x: float, y: float, words: str, font: Path, size: int) -> None:
        """Writes text from bottom to top, with its middle at that position."""
        letters = load_font(font, size)
        label = Image.new("RGB", (round(letters.getlength(words)) + 2, size + 6), (255, 255, 255))
        ImageDraw.Draw(label).text((1, size // 2 + 3), words, font=letters, fill=INK, anchor="lm")
        turned = np.asarray(label.rotate(90, expand=True))[: self.pixels.shape[0]]
        self.put(max(x - turned.shape[1] / 2, 0), max(y - turned.shape[0] / 2, 0), turned)

    def save(self, path: Path) -> None:
        """Writes the sheet as PNG."""
        save_image(path, Image.fromarray(self.pixels), compress_level=6)


def fit(pixels: NDArray[np.uint8], width: float, height: float) -> NDArray[np.uint8]:
    """A picture, uint8 [H, W, 3], at another size in pixels."""
    size = max(1, round(width)), max(1, round(height))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def colored(
    values: NDArray[np.floating], colors: str, span: tuple[float, float], width: float, height: float
) -> NDArray[np.uint8]:
    """Values as a picture whose pixels can be told apart.

    Args:
        values: float [h, w].
        colors: Name of a colormap of matplotlib's.
        span: The values that have the first and the last colour.
        width: Width of the result in pixels.
        height: Height of the result in pixels.

    Returns:
        uint8 [height, width, 3].
    """
    shares = (values.astype(np.float64) - span[0]) / (span[1] - span[0])
    painted = (colormaps[colors](shares.clip(0, 1))[..., :3] * 255).round().astype(np.uint8)
    size = max(1, round(width)), max(1, round(height))
    return np.asarray(cv2.resize(painted, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
