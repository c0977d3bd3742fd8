"""Writing data sets in the formats of other programs, each in a file of its own; COCO's is `dataset_folder`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolact_kit.annotations.writers.labelme import write_labelme
from yolact_kit.annotations.writers.voc import write_voc
from yolact_kit.annotations.writers.yolo import write_yolo


@dataclass(frozen=True, slots=True)
class Layout:
    """How the folder of a format looks.

    Attributes:
        pictures: The folder of a split's pictures, below that of the data set; ``{split}`` stands for its name.
        write: Writes everything but the pictures: called with the data set, an existing folder, and problems, to
            which it adds what the format cannot store.
        can_keep: Whether pictures may lie elsewhere; ``write`` then takes their folder as ``base``.
    """

    pictures: str
    write: Callable[..., None]
    can_keep: bool = False


LAYOUTS = {
    "labelme": Layout("", write_labelme, can_keep=True),
    "voc": Layout("JPEGImages", write_voc),
    "yolo": Layout("images/{split}", write_yolo),
}
"""How each format's folder looks."""
