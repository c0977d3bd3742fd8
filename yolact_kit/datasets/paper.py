"""The augmentation of YOLACT's paper, which is that of SSD (Liu et al., ECCV 2016, section 2.2).

Colours are distorted; half of the pictures are put on a canvas up to four times as wide and high, which makes small
objects; then a part of it is cut out that shows an object well enough, and half of these are mirrored.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import albumentations as A  # noqa: N812
import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.datasets.number_maps import NumberMaps, measure_maps

LARGEST_CANVAS = 4.0
"""The canvas is at most this many times as wide and as high as the picture."""
_OVERLAPS = (None, 0.1, 0.3, 0.5, 0.7, 0.9, 0.0)
"""Smallest IoU of a crop with an object; None keeps the whole canvas, 0 only requires an object's centre."""
_SMALLEST_SIDE = 0.3
_TRIALS = 50
_DRAWS = 20
"""How many overlaps are tried, one after the other, if objects are too small for a crop to reach them."""


class CropWindow(NamedTuple):
    """The area that becomes the training picture, in pixels of the original picture."""

    left: float
    top: float
    width: float
    height: float


def colours() -> list[A.BasicTransform]:
    """The distortion of colours: each kind for half of the pictures."""
    same = (1.0, 1.0)
    return [
        A.RandomBrightnessContrast(brightness_limit=32 / 255, contrast_limit=0, p=0.5),
        A.RandomBrightnessContrast(brightness_limit=0, contrast_limit=0.5, p=0.5),
        A.ColorJitter(brightness=same, contrast=same, saturation=(0.5, 1.5), hue=(0.0, 0.0), p=0.5),
        A.ColorJitter(brightness=same, contrast=same, saturation=same, hue=(-18 / 360, 18 / 360), p=0.5),
    ]


class ExpandAndCrop(A.DualTransform):  # type: ignore[misc]
    """Puts a picture on a larger canvas or not, cuts a part out, and resizes it: in one step, without the canvas.

    Objects whose centre is not in the cut-out do not belong to the new picture: their numbers vanish from the maps.

    Args:
        size: Side of the new picture in pixels.
        fill: Grey of the canvas beside the picture.
        interpolation: OpenCV's way of shrinking.
    """

    def __init__(self, size: int, fill: int, interpolation: int) -> None:
        super().__init__(p=1.0)
        self.size, self.fill, self.interpolation = size, fill, interpolation

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Draws the window, and finds out which objects have their centre in it."""
        height, width = params["shape"][:2]
        maps = np.asarray(data.get("masks", np.zeros((0, height, width), np.uint8)))
        boxes = measure_maps(maps, int(maps.max(initial=0))).boxes.astype(np.float64)
        boxes[:, 2:] -= boxes[:, :2]
        window = draw_window(boxes, width, height, self.random_generator)
        return {"window": window, "centred": _centred(boxes, window)}

    def apply(self, img: NDArray[np.uint8], window: CropWindow, **_params: Any) -> NumberMaps:
        """The picture in the window."""
        return self._show(img, window, self.fill, self.interpolation)

    def apply_to_masks(
        self, masks: NumberMaps, window: CropWindow, centred: NDArray[np.bool_], **_params: Any
    ) -> NumberMaps:
        """The maps in the window, without the objects whose centre is not in it."""
        table = np.zeros(len(centred) + 1, masks.dtype)
        table[1:] = np.arange(1, len(table)) * centred
        return np.stack([table[self._show(numbers, window, 0, cv2.INTER_NEAREST_EXACT)] for numbers in masks])

    def _show(self, pixels: NumberMaps, window: CropWindow, fill: int, interpolation: int) -> NumberMaps:
        """The part of a picture or a map in a window, at the new size."""
        canvas = np.full((self.size, self.size, *pixels.shape[2:]), fill, pixels.dtype)
        rows, to_rows = self._span(window.top, window.height, pixels.shape[0])
        columns, to_columns = self._span(window.left, window.width, pixels.shape[1])
        target = canvas[to_rows, to_columns]
        target[:] = cv2.resize(pixels[rows, columns], target.shape[1::-1], interpolation=interpolation)
        return canvas

    def _span(self, start: float, length: float, whole: int) -> tuple[slice, slice]:
        """The visible pixels along one axis, and their new positions."""
        # The part of the window that the picture covers goes to the same share of the canvas; at least one pixel of it.
        first, last = max(0, round(start)), min(whole, round(start + length))
        scale = self.size / length
        begin = min(max(0, round((first - start) * scale)), self.size - 1)
        end = max(begin + 1, min(self.size, round((last - start) * scale)))
        return slice(first, last), slice(begin, end)


def draw_window(boxes: NDArray[np.float64], width: int, height: int, random: np.random.Generator) -> CropWindow:
    """Draws what a training picture shows.

    Args:
        boxes: float64 [N, 4], left, top, width, height of the objects in pixels.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        random: Draws.

    Returns:
        The window; it reaches beyond the picture if that was put on a canvas.
    """
    ratio = random.uniform(1, LARGEST_CANVAS) if random.random() < 0.5 else 1.0
    left, top = random.random(2) * (ratio - 1) * (width, height)
    canvas = CropWindow(-float(left), -float(top), width * ratio, height * ratio)
    for _ in range(_DRAWS if len(boxes) else 0):
        overlap = _OVERLAPS[random.integers(len(_OVERLAPS))]
        if overlap is None:
            break
        cut = _draw_cut(boxes, canvas, overlap, random)
        if cut is not None:
            return cut
    return canvas


def _draw_cut(
    boxes: NDArray[np.float64], canvas: CropWindow, overlap: float, random: np.random.Generator
) -> CropWindow | None:
    """A part of the canvas with such an IoU with an object; None if many trials found none."""
    for _ in range(_TRIALS):
        across, down = random.uniform(_SMALLEST_SIDE, 1, 2) * (canvas.width, canvas.height)
        if not 0.5 <= across / down <= 2:
            continue
        x, y = random.random(2) * (canvas.width - across, canvas.height - down)
        window = CropWindow(canvas.left + float(x), canvas.top + float(y), float(across), float(down))
        if _centred(boxes, window).any() and _overlaps(boxes, window).max() >= overlap:
            return window
    return None


def _centred(boxes: NDArray[np.float64], window: CropWindow) -> NDArray[np.bool_]:
    """Which boxes have their centre in a window."""
    inside = boxes[:, :2] + boxes[:, 2:] / 2 - window[:2]
    return np.asarray(((inside > 0) & (inside < window[2:])).all(axis=1))


def _overlaps(boxes: NDArray[np.float64], window: CropWindow) -> NDArray[np.float64]:
    """IoU of boxes with a window."""
    low = np.maximum(boxes[:, :2], window[:2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], np.add(window[:2], window[2:]))
    # A negative side means that box and window do not meet; it counts as 0.
    shared = (high - low).clip(min=0).prod(axis=1)
    return np.asarray(shared / (boxes[:, 2:].prod(axis=1) + window.width * window.height - shared))
