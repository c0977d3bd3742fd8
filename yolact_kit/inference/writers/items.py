"""A picture as writers get it, and their options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from yolact_kit.inference.drawing import Style
from yolact_kit.inference.notes import Notes
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.sources import SourcePicture
from yolact_kit.shapes.outlines import SIMPLIFY


class Item(NamedTuple):
    """A picture with its detections.

    Attributes:
        picture: Where it comes from.
        stem: What the names of its files begin with, a relative path.
        pixels: uint8 [H, W, 3], red, green, blue, upright.
        prediction: The detections.
        notes: What else is drawn over it.
    """

    picture: SourcePicture
    stem: str
    pixels: NDArray[np.uint8]
    prediction: Prediction
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How predictions are written.

    Attributes:
        simplify: How far labelme's polygons may be from the mask's outline, in pixels, see `outlines`.
        style: How detections are drawn.
    """

    simplify: float = SIMPLIFY
    style: Style = field(default_factory=Style)


class Writer(Protocol):
    """Writes the files of pictures, one after the other, into a folder."""

    def add(self, item: Item) -> None:
        """Writes the files of one picture, each as a whole or not at all."""

    def close(self) -> None:
        """Writes what belongs to all pictures."""
