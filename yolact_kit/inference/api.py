"""The door for Python: a model in one line, predictions in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.pictures import PictureError
from yolact_kit.errors import UserError
from yolact_kit.inference.explanation import Explanation, explain
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, find_pictures, read_pictures

Picture = str | Path | NDArray[np.uint8] | Image.Image
"""A picture: a path, a folder, a glob or an address as `find_pictures` takes them, pixels, or one of Pillow's."""


class YOLACT:
    """A trained model.

    Args:
        predictor: What predicts.

    Example:
        >>> from yolact_kit import YOLACT  # doctest: +SKIP
        >>> [found] = YOLACT.load("runs/first").predict("cups.jpg")  # doctest: +SKIP
        >>> found.boxes, found.scores, found.names, found.mask(0)  # doctest: +SKIP
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    @classmethod
    def load(cls, weights: Path | str, score: float = 0.3, **options: Any) -> YOLACT:
        """Loads weights.

        Args:
            weights: A run folder (its best weights), a file of weights, or a name such as ``coco:yolact_base``.
            score: Detections with a lower score are left out.
            options: As `Predictor.load` takes them: ``device``, ``top_k``, ``nms``, ``legacy``, ``batch_size``,
                ``model`` and ``exact``.

        Returns:
            The model.

        Raises:
            UserError: The weights or the device are missing, or the weights cannot be read.
        """
        return cls(Predictor.load(weights, score=score, **options))

    @property
    def classes(self) -> list[str]:
        """Class names, in the order of the labels."""
        return self.predictor.classes

    def predict(self, images: Picture | Sequence[Picture]) -> list[Prediction]:
        """The detections of pictures.

        Args:
            images: A picture or several. Pixels are uint8 [H, W, 3], red, green, blue (OpenCV gives blue, green, red:
                turn them with ``pixels[..., ::-1]``), or grey [H, W].

        Returns:
            A prediction for each picture, in their order; a list of one for one picture, a list of many for a folder.

        Raises:
            UserError: There is no such picture, it cannot be read, or is of another kind.
        """
        return list(self.stream(images))

    def stream(self, images: Picture | Sequence[Picture]) -> Iterator[Prediction]:
        """As `predict`, one prediction after the other: a folder of any size fits into memory."""
        return self.predictor.stream(_pictures(images))

    def explain(self, images: Picture | Sequence[Picture]) -> list[Explanation]:
        """How the model comes to the detections of pictures: prototypes, coefficients, anchors and suppression.

        Args:
            images: As `predict` takes them.

        Returns:
            An explanation for each picture, in their order.

        Raises:
            UserError: As `predict`.
        """
        return [explain(self.predictor, pixels, name) for name, pixels in _pictures(images)]


def _pictures(images: Picture | Sequence[Picture]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    given: Sequence[Any] = images if isinstance(images, Sequence) and not isinstance(images, str) else [images]
    for number, picture in enumerate(given):
        if isinstance(picture, str | Path):
            paths = [one._replace(name=str(one.path)) for one in find_pictures(picture)]
            yield from read_pictures(paths, _refuse)
        elif isinstance(picture, Image.Image):
            yield str(number), np.asarray(picture.convert("RGB"), dtype=np.uint8)
        else:
            yield str(number), _checked(picture)


def _refuse(_: SourcePicture, error: PictureError) -> None:
    raise error


def _checked(pixels: Any) -> NDArray[np.uint8]:
    found = np.asarray(pixels)
    if found.ndim == 2:
        found = np.repeat(found[..., None], 3, axis=2)
    if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] != 3 or 0 in found.shape:
        raise UserError(
            f"An array {list(found.shape)} of {found.dtype} is no picture.",
            "Give uint8 [height, width, 3], red, green, blue, with values of 0 to 255.",
        )
    return found
