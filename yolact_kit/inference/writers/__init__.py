"""Writers: what predictions are given out as. Each is added one picture at a time and closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.writers.coco import CocoWriter
from yolact_kit.inference.writers.overlay import OverlayWriter
from yolact_kit.inference.writers.png import PngWriter

FORMATS = ("coco", "png", "overlay")
_LATER = ("labelme", "csv", "video")


class Writer(Protocol):
    """Writes predictions into a folder."""

    def add(self, prediction: Prediction, pixels: NDArray[np.uint8]) -> None:
        """Takes the prediction of one picture, and the picture itself, uint8 [H, W, 3]."""

    def close(self) -> None:
        """Writes what can only be written once every picture is there."""


def make_writers(formats: Iterable[str], out: Path, classes: Sequence[str]) -> list[Writer]:
    """The writers of some formats.

    Args:
        formats: Names among `FORMATS`.
        out: Folder to write into.
        classes: Class names.

    Returns:
        One writer for each name. The document comes last: an interrupt between two writers must not leave a picture
        in it that the others lack.

    Raises:
        UserError: A format is not known or not available yet.
    """
    wanted = check_formats(formats)
    makers: dict[str, Callable[[Path, Sequence[str]], Writer]] = {
        "png": PngWriter,
        "overlay": OverlayWriter,
        "coco": CocoWriter,
    }
    return [makers[name](out, classes) for name in makers if name in wanted]


def check_formats(formats: Iterable[str]) -> set[str]:
    """The names of formats as a set, each of them checked.

    Args:
        formats: Names.

    Returns:
        The names.

    Raises:
        UserError: A name is not known or not available yet, or there is none.

    Example:
        >>> sorted(check_formats(["overlay", "coco"]))
        ['coco', 'overlay']
    """
    wanted = set(formats)
    for name in sorted(wanted - set(FORMATS)):
        what = "is not available yet" if name in _LATER else "is not known"
        raise UserError(f"The format '{name}' {what}.", f"Available are {', '.join(FORMATS)}.")
    if not wanted:
        raise UserError("No format is given.", f"Available are {', '.join(FORMATS)}.")
    return wanted
