"""The door for Python: a model in one line, predictions in another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.inference.explanation import Explanation, explain
from yolact_kit.inference.given import Picture, read_given
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor


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

    def predict(self, images: Picture | Iterable[Picture]) -> list[Prediction]:
        """The detections of pictures.

        Args:
            images: A picture or several: paths, folders, globs, videos and addresses; Pillow's pictures; the content
                of picture files; pixels, uint8 [H, W, 3], red, green, blue (OpenCV gives blue, green, red: turn them
                with ``pixels[..., ::-1]``), also grey [H, W] or with transparency [H, W, 4]; tensors [3, H, W], uint8
                or floats of 0 to 1; arrays and tensors of several, with the number of the picture in front.

        Returns:
            A prediction for each picture, in their order; a list of one for one picture, a list of many for a folder.

        Raises:
            UserError: There is no such picture, it cannot be read, or is of another kind.
        """
        return list(self.stream(images))

    def stream(self, images: Picture | Iterable[Picture]) -> Iterator[Prediction]:
        """As `predict`, one prediction after the other: a folder or video of any size fits into memory."""
        kept: deque[NDArray[np.uint8] | None] = deque()

        def shown() -> Iterator[tuple[str, NDArray[np.uint8]]]:
            for name, pixels, on_disk in read_given(images):
                kept.append(None if on_disk else pixels)
                yield name, pixels

        for found in self.predictor.stream(shown()):
            found.pixels = kept.popleft()
            yield found

    def explain(self, images: Picture | Iterable[Picture]) -> list[Explanation]:
        """How the model comes to the detections of pictures: prototypes, coefficients, anchors and suppression.

        Args:
            images: As `predict` takes them.

        Returns:
            An explanation for each picture, in their order.

        Raises:
            UserError: As `predict`.
        """
        return [explain(self.predictor, pixels, name) for name, pixels, _ in read_given(images)]
