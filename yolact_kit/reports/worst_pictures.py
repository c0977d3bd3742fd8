"""Drawings of the pictures that a model does badly on, beside the labels; misses and wrong detections stand out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Picture
from yolact_kit.evaluation.overlaps import to_rle
from yolact_kit.evaluation.worst import PictureErrors
from yolact_kit.inference.drawing import DrawnObject, Style, class_color, class_font, draw, label_text
from yolact_kit.shapes.rle import Rle

LONGEST = 720
"""Longer side of each half in pixels, at most."""
_GUTTER = 6
_FAINT = Style(fill=0, labels=False)
_STRONG = Style(fill=0.5)


def draw_errors(
    pixels: NDArray[np.uint8], errors: PictureErrors, truth: dict[str, Any], results: Sequence[dict[str, Any]]
) -> NDArray[np.uint8]:
    """Draws the objects of a picture on the left and its detections on the right; errors stand out.

    Args:
        pixels: uint8 [H, W, 3], the picture; not changed.
        errors: What is right and wrong in it.
        truth: The COCO document that was evaluated against.
        results: The detections.

    Returns:
        uint8 [H', W', 3]: the labels, with missed objects filled and named; a white line; the detections, with wrong
        ones filled and named.
    """
    label_of = {category["id"]: label for label, category in enumerate(truth["categories"])}
    names = [str(category["name"]) for category in truth["categories"]]
    font = class_font(names)
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    halves = []
    for entries, right, wrong in (
        (truth["annotations"], errors.matched, errors.missed),
        (results, errors.right, errors.wrong),
    ):
        half = pixels
        for indices, style in ((right, _FAINT), (wrong, _STRONG)):
            shapes = []
            for index in indices:
                entry = entries[index]
                label = label_of[entry["category_id"]]
                text = label_text(names, label, entry.get("score"), font)
                shapes.append(_shape(entry, pixels.shape[:2], label, text))
            half = draw(half, shapes, font, style)
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        halves.append(cv2.resize(half, size, interpolation=cv2.INTER_AREA))
    line = np.full((halves[0].shape[0], _GUTTER, 3), 255, dtype=np.uint8)
    return np.hstack([halves[0], line, halves[1]])


def _shape(entry: dict[str, Any], size: tuple[int, ...], label: int, text: str) -> DrawnObject:
    """An annotation or a detection as it is drawn."""
    rle = to_rle(entry["segmentation"], size[0], size[1])
    mask: Rle = {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode("ascii")}
    x, y, wide, tall = entry["bbox"]
    return DrawnObject(mask, (x, y, x + wide, y + tall), class_color(label), text)


def draw_worst(
    worst: Iterable[PictureErrors], folder: Path, truth: dict[str, Any], results: Sequence[dict[str, Any]]
) -> Iterator[tuple[PictureErrors, NDArray[np.uint8]]]:
    """Draws pictures one after the other.

    Args:
        worst: What is right and wrong in each.
        folder: The folder that the pictures lie in.
        truth: The COCO document that was evaluated against.
        results: The detections.

    Yields:
        Each of them, and its drawing, see `draw_errors`.
    """
    for errors in worst:
        file, width, height = (errors.image[key] for key in ("file_name", "width", "height"))
        yield errors, draw_errors(Picture(file, width, height, folder / file).read(), errors, truth, results)
