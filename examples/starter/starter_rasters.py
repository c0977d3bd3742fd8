"""Outlines as pixels: how much of each pixel a thing covers, and how far within it lies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from starter_noise import Field
from starter_outlines import Piece, Points

_SHIFT = 4
"""OpenCV draws at coordinates in sixteenths of a pixel."""
_MARGIN = 2


@dataclass(frozen=True)
class Raster:
    """A thing as pixels.

    Attributes:
        cover: Which share of each pixel it covers, float32 [height, width] of 0..1.
        depth: Distance from the edge of its piece in pixels, float32 [height, width]; 0 outside.
        part: Which of its two materials is there, float32 [height, width] of 0..1.
        turn: How far it was turned, in radians.
    """

    cover: Field
    depth: Field
    part: Field
    turn: float


def pose(pieces: list[Piece], turn: float, squash: float, lean: float) -> list[Piece]:
    """A thing turned, and flattened along a direction as if seen at a slant; its longest side becomes 1 around 0.

    Args:
        pieces: The thing.
        turn: By how much it is turned, in radians.
        squash: By which factor it is flattened.
        lean: The direction in which it is flattened, in radians.

    Returns:
        The thing.
    """
    c, s = np.cos(turn), np.sin(turn)
    a, b = np.cos(lean), np.sin(lean)
    frame = np.array([[a, b], [-b, a]])
    matrix = np.array([[c, s], [-s, c]]) @ frame.T @ np.diag([squash, 1.0]) @ frame
    turned = [Piece([line @ matrix for line in piece.lines], piece.widths, piece.part) for piece in pieces]
    low, high = _bounds(turned)
    scale = 1 / max(high - low)
    middle = (low + high) / 2
    scaled = []
    for piece in turned:
        lines = [(line - middle) * scale for line in piece.lines]
        scaled.append(Piece(lines, tuple(width * scale for width in piece.widths), piece.part))
    return scaled


def _bounds(pieces: list[Piece]) -> tuple[Points, Points]:
    """The lowest and the highest x y of a thing."""
    lows, highs = [], []
    for piece in pieces:
        for number, line in enumerate(piece.lines):
            half = piece.widths[number] / 2 if piece.widths else 0.0
            lows.append(line.min(axis=0) - half)
            highs.append(line.max(axis=0) + half)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def rasterise(pieces: list[Piece], length: float, turn: float = 0.0) -> Raster:
    """Draws a thing at several times its size and shrinks it.

    Args:
        pieces: The thing, as `pose` gives it.
        length: Its longest side in pixels.
        turn: How far it was turned; kept for the direction of patterns.

    Returns:
        The pixels around it.
    """
    fine = 4 if length < 90 else 2
    low, high = _bounds(pieces)
    width, height = (int(side) for side in np.ceil((high - low) * length) + 2 * _MARGIN)
    origin = np.array([width, height]) / 2 - (low + high) / 2 * length
    labels = np.zeros((height * fine, width * fine), np.uint8)
    parts = np.zeros_like(labels)
    for number, piece in enumerate(pieces, start=1):
        lines = [np.round(((line * length + origin) * fine - 0.5) * 2**_SHIFT).astype(np.int32) for line in piece.lines]
        _draw(labels, piece, lines, length * fine, number)
        _draw(parts, piece, lines, length * fine, 255 * piece.part)
    inside = (labels > 0).astype(np.uint8)
    cover = cv2.resize(inside * np.float32(1), (width, height), interpolation=cv2.INTER_AREA)
    inside[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    inside[1:] &= labels[1:] == labels[:-1]
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    depth = cv2.resize(depth, (width, height), interpolation=cv2.INTER_AREA) / fine
    part = cv2.resize(parts, (width, height), interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    return Raster(np.asarray(cover), np.asarray(depth), part / np.maximum(cover, 1e-3), turn)


def _draw(canvas: NDArray[np.uint8], piece: Piece, lines: list[NDArray[np.int32]], unit: float, value: int) -> None:
    """Draws a piece in one value; lines are at least a pixel and a half wide."""
    if not piece.widths:
        cv2.fillPoly(canvas, lines, value, shift=_SHIFT)
        return
    for line, width in zip(lines, piece.widths, strict=True):
        cv2.polylines(canvas, [line], False, value, max(3, round(width * unit)), shift=_SHIFT)
