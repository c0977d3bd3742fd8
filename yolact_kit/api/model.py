"""The model: predict, evaluate, explain."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from yolact_kit.api.data import DatasetLike
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.evaluation.evaluate import ModelEvaluation, evaluate_model
from yolact_kit.files import run_folder
from yolact_kit.inference.depth import CallDepth, call_depth
from yolact_kit.inference.engines.names import EngineName
from yolact_kit.inference.explanation import Explanation, explain
from yolact_kit.inference.images import PictureLike, deep_values_in, read_images
from yolact_kit.inference.passed_over import find_passed_over
from yolact_kit.inference.predict_sources import PredictionSummary, predict_to_folder
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import find_pictures
from yolact_kit.inference.views import ViewOptions
from yolact_kit.ops.nms_methods import NmsMethod
from yolact_kit.pixels.depth import depth_range as range_of_pair
from yolact_kit.reports.explanation import write_explanations

if TYPE_CHECKING:
    from yolact_kit.training.result import TrainResult


class Explanations(list[Explanation]):
    """Explanations of pictures; ``save`` writes the page and the figures that the command ``explain`` writes."""

    def save(self, out: Path | str, overwrite: bool = False) -> Path:
        """Writes a page with sliders, and figures to print.

        Args:
            out: The folder.
            overwrite: Whether an earlier output in the folder may be replaced.

        Returns:
            The page.
        """
        return write_explanations(self, out, overwrite=overwrite)


class YOLACT:
    """A trained model.

    Args:
        weights: A run folder (its best weights), a file of weights, or a name such as ``coco:yolact_base``.
        score: Detections with a lower score are left out; by default those below the threshold that training chose and
            stored with the weights, or below 0.3 where there is none or with ``legacy``.
        device: ``auto`` for a GPU where there is one, else ``cpu``, ``cuda``, ``mps``.
        top_k: At most this many objects of a picture; the configuration's number by default.
        nms: How duplicates are removed; as the configuration says by default.
        legacy: Whether to detect exactly as the original's evaluation does.
        batch_size: Pictures that are processed at once.
        model: The model of an original ``.pth``, if its name does not say.
        exact: Whether to compute exactly as in training, to the last bit; slower on a CPU.
        engine: What runs the network: ``torch``, ``openvino``, or ``auto`` for the faster one here.
        tile: Side of tiles in pixels, for small objects in large pictures; 0 for none.
        overlap: Share of a tile that the next one also shows.
        tiles_only: Whether to predict on tiles only, without the whole picture.
        tta: Test-time augmentation: ``flip`` and ``scale``.
        depth_range: The values that become black and white in pictures of more than 8 bits a channel, such as
            ``(0, 4095)``; those that the model was trained with by default.

    Attributes:
        predictor: The predictor.
        training: The result of the training, if `train` returned the model; None for a model that was loaded.

    Raises:
        UserError: The weights or the device are missing, or the weights cannot be read.

    Example:
        >>> from yolact_kit import YOLACT  # doctest: +SKIP
        >>> [cups] = YOLACT("runs/first").predict("cups.jpg")  # doctest: +SKIP
        >>> cups.boxes, cups.scores, cups.names, cups.mask(0)  # doctest: +SKIP
    """

    def __init__(
        self,
        weights: Path | str,
        score: float | None = None,
        *,
        device: str = "auto",
        top_k: int | None = None,
        nms: NmsMethod | None = None,
        legacy: bool = False,
        batch_size: int = 8,
        model: str | None = None,
        exact: bool = False,
        engine: EngineName = "auto",
        tile: int = 0,
        overlap: float = 0.2,
        tiles_only: bool = False,
        tta: Sequence[Literal["flip", "scale"]] = (),
        depth_range: tuple[float, float] | None = None,
    ) -> None:
        views = ViewOptions(tile, overlap, tuple(tta), not tiles_only)
        self.predictor = Predictor.load(
            weights, device=device, score=score, top_k=top_k, nms=nms, legacy=legacy, batch_size=batch_size,
            model=model, views=views, exact=exact, depth_range=range_of_pair(depth_range), engine=engine,
        )  # fmt: skip
        self.training: TrainResult | None = None

    @classmethod
    def load(
        cls,
        weights: Path | str,
        score: float | None = None,
        *,
        device: str = "auto",
        top_k: int | None = None,
        nms: NmsMethod | None = None,
        legacy: bool = False,
        batch_size: int = 8,
        model: str | None = None,
        exact: bool = False,
        engine: EngineName = "auto",
        tile: int = 0,
        overlap: float = 0.2,
        tiles_only: bool = False,
        tta: Sequence[Literal["flip", "scale"]] = (),
        depth_range: tuple[float, float] | None = None,
    ) -> YOLACT:
        """The same as ``YOLACT(...)``, see there; code of earlier versions calls it."""
        return cls(
            weights,
            score,
            device=device,
            top_k=top_k,
            nms=nms,
            legacy=legacy,
            batch_size=batch_size,
            model=model,
            exact=exact,
            engine=engine,
            tile=tile,
            overlap=overlap,
            tiles_only=tiles_only,
            tta=tta,
            depth_range=depth_range,
        )

    @classmethod
    def from_predictor(cls, predictor: Predictor) -> YOLACT:
        """A model around a predictor, for networks that were made in Python."""
        model = cls.__new__(cls)
        model.predictor, model.training = predictor, None
        return model

    def __repr__(self) -> str:
        config = self.predictor.config
        score = f"score {self.predictor.score:g}"
        return f"YOLACT({config.model.name}, {score}, {config.model.input_size} px: {', '.join(self.classes)})"

    @property
    def classes(self) -> list[str]:
        """Class names, in the order of the labels."""
        return self.predictor.classes

    @property
    def score(self) -> float:
        """Detections with a lower score are left out, 0..1."""
        return self.predictor.score

    @property
    def threshold(self) -> ScoreThreshold | None:
        """The score threshold that training chose, and what it promises; None where the weights have none."""
        return self.predictor.threshold

    def predict(self, images: PictureLike | Iterable[PictureLike], score: float | None = None) -> list[Prediction]:
        """The detections of pictures.

        Args:
            images: A picture or several: paths, folders, globs, videos and addresses; Pillow's pictures; the content
                of picture files; pixels, uint8 [H, W, 3], red, green, blue (OpenCV gives blue, green, red: turn them
                with ``pixels[..., ::-1]``), also grey [H, W] or with transparency [H, W, 4]; tensors [3, H, W], uint8
                or floats of 0 to 1; arrays and tensors of several, with the number of the picture in front. Values of
                more than 8 bits are scaled by the range that the model was trained with.
            score: Detections with a lower score are left out; the model's own threshold by default.

        Returns:
            A prediction for each picture, in their order; a list of one for one picture, a list of many for a folder.

        Raises:
            UserError: There is no such picture, or it cannot be read or is of another kind.
        """
        return list(self.stream(images, score))

    def stream(self, images: PictureLike | Iterable[PictureLike], score: float | None = None) -> Iterator[Prediction]:
        """As `predict`, one prediction after the other: a folder or video of any size fits into memory."""
        waiting: deque[NDArray[np.uint8] | None] = deque()
        depth = self._depth(images)

        def named_pixels() -> Iterator[tuple[str, NDArray[np.uint8]]]:
            for name, pixels, on_disk in read_images(images, depth):
                waiting.append(None if on_disk else pixels)
                yield name, pixels

        for prediction in self._with_score(score).stream(named_pixels()):
            prediction.pixels, prediction.depth = waiting.popleft(), depth
            yield prediction

    def predict_to_folder(
        self,
        sources: str | Path | Sequence[str | Path],
        out: Path | str | None = None,
        formats: Sequence[str] = ("coco", "overlay"),
        *,
        score: float | None = None,
        overwrite: bool = False,
    ) -> PredictionSummary:
        """Predicts and writes what the command ``predict`` writes; an interrupted run continues where it stopped.

        Args:
            sources: Pictures, folders, globs, lists, videos, addresses.
            out: The folder; ``runs/predict-N`` by default.
            formats: ``coco``, ``labelme``, ``csv``, ``png``, ``cutouts``, ``overlay``, ``video``.
            score: As in `predict`.
            overwrite: Whether an earlier output in the folder may be replaced.

        Returns:
            The number of pictures and objects, and the folder.

        Raises:
            UserError: The folder may not be written, or no picture can be read.
        """
        folder = Path(out) if out is not None else run_folder("predict")
        pictures = find_pictures(sources)
        summary = predict_to_folder(self._with_score(score), pictures, folder, formats, overwrite)
        summary.passed_over = find_passed_over(sources, pictures)
        return summary

    def evaluate(self, data: DatasetLike, split: str = "val", score: float | None = None) -> ModelEvaluation:
        """Measures the model on a split of a data set.

        Args:
            data: The data set.
            split: ``train``, ``val`` or ``test``.
            score: Score threshold for precision, recall, the confusion matrix and the worst pictures; by default the
                one that is stored with the weights, or 0.3.

        Returns:
            COCO's metrics and what the model is good and bad at; it appears as a table when printed or in a notebook.

        Raises:
            UserError: There is no such split, or the model has none of its classes.
        """
        # COCO's metrics count all detections, however unlikely.
        return evaluate_model(self._with_score(0.0), data, split, score=score)

    def explain(self, images: PictureLike | Iterable[PictureLike], score: float | None = None) -> Explanations:
        """How the model comes to the detections of pictures: prototypes, coefficients, anchors and suppression.

        Args:
            images: As `predict` takes them.
            score: As in `predict`.

        Returns:
            A list with an explanation for each picture, in their order; its ``save`` writes a page.

        Raises:
            UserError: As `predict`.
        """
        predictor = self._with_score(score)
        return Explanations(
            explain(predictor, pixels, name) for name, pixels, _ in read_images(images, self._depth(images))
        )

    def _depth(self, images: PictureLike | Iterable[PictureLike]) -> CallDepth:
        """The range for pictures of more than 8 bits; what can be gone through only once cannot be looked at before."""
        values = None if isinstance(images, Iterator) else partial(deep_values_in, images)
        return call_depth(self.predictor, values)

    def _with_score(self, score: float | None) -> Predictor:
        """The predictor, with another threshold if one is given."""
        if score is None:
            return self.predictor
        predictor = copy.copy(self.predictor)
        predictor.score = score
        return predictor
