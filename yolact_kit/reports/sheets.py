"""Sheets: figures put together from tiles at places in pixels, with plots and text between them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.files import atomic_write_bytes

_DPI = 120


class Sheet:
    """A white sheet. All places are in pixels from its upper left corner.

    Hundreds of tiles are one picture here: an axes of matplotlib's for each would take seconds to lay out.

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
        self.figure = Figure(figsize=(self.pixels.shape[1] / _DPI, self.pixels.shape[0] / _DPI), dpi=_DPI)
        self.ground: Axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.ground.set_axis_off()

    def put(self, x: float, y: float, pixels: NDArray[np.uint8]) -> None:
        """Lays a picture, uint8 [h, w, 3], on the sheet."""
        left, top = round(x), round(y)
        self.pixels[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels

    def plot(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes of matplotlib's for a plot."""
        tall, wide = self.pixels.shape[:2]
        axes: Axes = self.figure.add_axes((x / wide, 1 - (y + height) / tall, width / wide, height / tall))
        return axes

    def box(self, corners: tuple[float, float, float, float], color: Any, width: float, **options: Any) -> None:
        """Outlines x1 y1 x2 y2 with a line so many pixels wide."""
        x1, y1, x2, y2 = corners
        line = {"edgecolor": color, "linewidth": width * 72 / _DPI, "fill": False, **options}
        self.ground.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **line))

    def text(self, x: float, y: float, words: str, font: Path, size: float, **options: Any) -> None:
        """Writes text whose letters are so many pixels high; in the middle above the place by default."""
        properties = FontProperties(fname=str(font), size=size * 72 / _DPI)
        look = {"ha": "center", "va": "bottom", "color": "#222", **options}
        self.ground.text(x, y, words, fontproperties=properties, **look)

    def save(self, path: Path) -> None:
        """Writes the sheet as PNG."""
        tall, wide = self.pixels.shape[:2]
        self.ground.set(xlim=(0, wide), ylim=(tall, 0))
        self.figure.patch.set_alpha(0)
        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.draw()
        # Laid over the tiles afterwards: matplotlib would resample these, which takes longer than all the rest.
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        coded = io.BytesIO()
        Image.alpha_composite(Image.fromarray(self.pixels).convert("RGBA"), drawn).convert("RGB").save(coded, "PNG")
        atomic_write_bytes(path, coded.getvalue())


def fit(pixels: NDArray[np.uint8], width: float, height: float) -> NDArray[np.uint8]:
    """A picture, uint8 [H, W, 3], at another size in pixels."""
    size = max(1, round(width)), max(1, round(height))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def colored(
    values: NDArray[Any], colors: str, span: tuple[float, float], width: float, height: float
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
    shares = (np.asarray(values, dtype=np.float64) - span[0]) / (span[1] - span[0])
    painted = (colormaps[colors](shares.clip(0, 1))[..., :3] * 255).round().astype(np.uint8)
    size = max(1, round(width)), max(1, round(height))
    return np.asarray(cv2.resize(painted, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
