"""Tiles and test-time augmentation: the views of a picture that are predicted on, see `inference.merging`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError

TTA = ("flip", "scale")
_FURTHER, _NEARER = 4 / 3, 2 / 3


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """The views of a picture that are predicted on.

    Attributes:
        tile: Side of the tiles in pixels, 0 for none.
        overlap: Share of a tile that the next one also shows, at least 0 and below 1; an object no larger than the
            overlap is whole in one of the tiles.
        tta: Test-time augmentation, names of `TTA`: ``flip`` mirrors each view; ``scale`` adds the picture reduced, and
            parts of it enlarged.
        whole: Whether the whole picture is a view besides its tiles, for larger objects.
    """

    tile: int = 0
    overlap: float = 0.2
    tta: tuple[str, ...] = ()
    whole: bool = True

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tta) - set(TTA))
        if unknown:
            raise UserError(f"There is no test-time augmentation '{unknown[0]}'.", f"--tta takes {', '.join(TTA)}.")
        if self.tile and (self.tile < 32 or not 0 <= self.overlap < 1):
            raise UserError(
                f"Tiles of {self.tile} pixels with an overlap of {self.overlap} cannot be made.",
                "--tile must be at least 32, --overlap at least 0 and below 1.",
            )

        if not (self.whole or self.tile):
            raise UserError(
                "With --tiles-only but without tiles there is nothing to look at.", "Give --tile PX with --tiles-only."
            )

    def __bool__(self) -> bool:
        return bool(self.tile or self.tta)


class View(NamedTuple):
    """A window on a picture; it may reach beyond it.

    Attributes:
        x: Its left edge in pixels of the picture.
        y: Its top edge.
        width: In pixels.
        height: In pixels.
        mirrored: Whether left and right are swapped.
        tile: Whether it is one of the tiles; their objects may be too small for the other views.
    """

    x: int
    y: int
    width: int
    height: int
    mirrored: bool = False
    tile: bool = False

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture that the view shows.

        Args:
            pixels: uint8 [H, W, 3], the picture.

        Returns:
            uint8 [height, width, 3]; beyond the picture, the view has its mean colour.
        """
        tall, wide = pixels.shape[:2]
        top, left, bottom, right = self.y, self.x, self.y + self.height, self.x + self.width
        # The part inside the picture comes first. If the view reaches beyond, it is copied to its position on a canvas
        # of the mean colour, which is measured on a grid of about 64 x 64 pixels.
        window = pixels[max(top, 0) : min(bottom, tall), max(left, 0) : min(right, wide)]
        if window.shape[:2] != (self.height, self.width):
            padded = np.empty((self.height, self.width, 3), dtype=np.uint8)
            padded[:] = pixels[:: max(1, tall // 64), :: max(1, wide // 64)].mean(axis=(0, 1)).astype(np.uint8)
            y, x = max(-top, 0), max(-left, 0)
            padded[y : y + window.shape[0], x : x + window.shape[1]] = window
            window = padded
        return np.ascontiguousarray(window[:, ::-1] if self.mirrored else window)


def views_of(width: int, height: int, options: ViewOptions) -> list[View]:
    """The views of a picture, the whole of it first.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        options: Which views there are.

    Returns:
        The views.

    Example:
        >>> [(view.x, view.width) for view in views_of(1000, 600, ViewOptions(tile=600))]
        [(0, 1000), (0, 600), (400, 600)]
    """
    views = [View(0, 0, width, height)]
    if "scale" in options.tta:
        wide, tall = round(width * _FURTHER), round(height * _FURTHER)
        views.append(View((width - wide) // 2, (height - tall) // 2, wide, tall))
        views += _grid(width, height, math.ceil(width * _NEARER), math.ceil(height * _NEARER), 0)
    if options.tile:
        side = options.tile
        tiles = [view for view in _grid(width, height, side, side, options.overlap) if view not in views]
        # A picture no larger than a tile is its own only tile, so it stays whatever the options say.
        if tiles and not options.whole:
            views = []
        views += [view._replace(tile=True) for view in tiles]
    if "flip" in options.tta:
        views += [view._replace(mirrored=True) for view in views]
    return views


def _grid(width: int, height: int, wide: int, tall: int, overlap: float) -> Iterator[View]:
    """Windows of ``wide`` x ``tall`` pixels that cover a picture, row by row."""
    for y in _starts(height, tall, overlap):
        for x in _starts(width, wide, overlap):
            yield View(x, y, min(wide, width), min(tall, height))


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Start positions of evenly spaced windows that cover a length and overlap by at least a given amount."""
    if side >= length:
        return [0]
    # The last window starts at length - side. The number of steps to it is rounded up, so that no step is longer than
    # the overlap allows, and all of them are equally long.
    count = math.ceil((length - side) / max(1, side * (1 - overlap))) + 1
    return [round(number * (length - side) / (count - 1)) for number in range(count)]
