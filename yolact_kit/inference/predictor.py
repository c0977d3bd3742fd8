"""Predicting: pictures in, detections out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import DEFAULT_SCORE, ScoreThreshold, default_score
from yolact_kit.inference.engines.choice import EngineWish
from yolact_kit.inference.engines.engine import Engine, NetworkOutputs
from yolact_kit.inference.engines.load import load_engine
from yolact_kit.inference.merging import merge
from yolact_kit.inference.pipeline import on_cores, workers_for
from yolact_kit.inference.postprocess import postprocess
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.views import ViewOptions, views_of
from yolact_kit.models.preprocess import prepare
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.depth import depth_range as range_of_pair

if TYPE_CHECKING:
    from yolact_kit.models.yolact import YolactNetwork

T = TypeVar("T")


class Predictor:
    """A model, ready to predict on pictures of any size.

    Args:
        model: A network of torch's, which predicts where it is, or an engine that runs one.
        config: Its configuration, with the classes.
        score: Detections with a lower score are left out.
        legacy: Whether to do exactly what the original's evaluation does, see `postprocess`.
        batch_size: Pictures that are processed at once.
        views: Tiles and test-time augmentation; by default each picture is predicted on once.
        depth_range: The values that become black and white in pictures of more than 8 bits; None for those that the
            model was trained with.
        threshold: The score threshold that training chose for the model, for information; None where it has none.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> from yolact_kit.models.yolact import YolactNetwork
        >>> config = Config(classes=["컵", "plate"], model=ModelConfig(input_size=64))
        >>> predictor = Predictor(YolactNetwork(config.model, num_classes=2), config, score=0.9)
        >>> [prediction] = predictor.predict([np.zeros((48, 64, 3), dtype=np.uint8)], files=["a.png"])
        >>> prediction.file, prediction.width, prediction.height
        ('a.png', 64, 48)
    """

    def __init__(
        self,
        model: YolactNetwork | Engine,
        config: Config,
        score: float = 0.0,
        legacy: bool = False,
        batch_size: int = 8,
        views: ViewOptions | None = None,
        depth_range: DepthRange | None = None,
        threshold: ScoreThreshold | None = None,
    ) -> None:
        self.engine = _engine_of(model)
        self.config = config
        self.score = score
        self.legacy = legacy
        self.batch_size = batch_size
        self.views = views or ViewOptions()
        self.depth_range = depth_range
        self.threshold = threshold

    @classmethod
    def load(
        cls,
        weights: Path | str,
        device: str = "auto",
        score: float | None = 0.0,
        top_k: int | None = None,
        nms: str | None = None,
        legacy: bool = False,
        batch_size: int = 8,
        model: str | None = None,
        views: ViewOptions | None = None,
        exact: bool = False,
        depth_range: DepthRange | None = None,
        engine: str = "auto",
    ) -> Predictor:
        """A predictor from weights on disk.

        Args:
            weights: A run folder (its best weights), a file of weights, the original's ``.pth`` included, or a name
                such as ``coco:yolact_base``; see `read_weights`.
            device: ``auto``, or a device's name.
            score: Detections with a lower score are left out; None for the threshold that is stored with the weights,
                0.3 where there is none or ``legacy`` is asked for.
            top_k: Detections kept of a picture, None for the configuration's.
            nms: ``fast``, ``cross-class``, ``standard`` or ``cluster-spm``, None for the configuration's.
            legacy: Whether to do exactly what the original's evaluation does, see `postprocess`.
            batch_size: Pictures that are processed at once.
            model: Which model a checkpoint of the original's is of, if its name does not say.
            views: Tiles and test-time augmentation; by default each picture is predicted on once.
            exact: Whether the network computes exactly as it was trained, to the last bit, which is slower on a CPU.
            depth_range: The values that become black and white in pictures of more than 8 bits; None for the weights'.
            engine: ``torch``, ``openvino``, or ``auto`` for the faster one here, see `choose_engine`.

        Returns:
            The predictor.

        Raises:
            UserError: The weights, the device or the engine are missing, or the weights cannot be read.
        """
        loaded = load_engine(weights, EngineWish(engine, device, exact, legacy), model)
        options = {"top_k": top_k, "nms": nms}
        changes = {key: value for key, value in options.items() if value is not None}
        config = loaded.config.model_copy(update={"detect": loaded.config.detect.model_copy(update=changes)})
        if score is None:
            score = DEFAULT_SCORE if legacy else default_score(loaded.threshold)
        return cls(loaded.engine, config, score, legacy, batch_size, views, depth_range, loaded.threshold)

    @property
    def classes(self) -> list[str]:
        """Class names, in the order of the labels."""
        return self.config.classes

    @property
    def trained_range(self) -> DepthRange | None:
        """The values that became black and white in training; None if its pictures had 8 bits."""
        return range_of_pair(self.config.depth_range)

    def describe_engine(self) -> str:
        """What runs the network, and why."""
        return f"Engine: {self.engine.description} ({self.engine.reason})"

    def predict(self, pictures: Iterable[NDArray[np.uint8]], files: Iterable[str] | None = None) -> list[Prediction]:
        """The detections of pictures.

        Args:
            pictures: Each uint8 [H, W, 3], red, green, blue, upright; of any size.
            files: The name of each picture; their numbers by default.

        Returns:
            A prediction for each picture, in their order.
        """
        names = files if files is not None else (str(number) for number in range(2**62))
        return list(self.stream(zip(names, pictures)))  # noqa: B905 - the default names have no end

    def stream(self, pictures: Iterable[tuple[str, NDArray[np.uint8]]]) -> Iterator[Prediction]:
        """The detections of named pictures, one after the other; at most one batch is in memory at a time.

        Args:
            pictures: Name and pixels of each, see `predict`.

        Yields:
            A prediction for each picture, in their order.
        """
        if self.views:
            yield from (self._predict_views(name, pixels) for name, pixels in pictures)
            return
        for batch in _batches(pictures, self.batch_size):
            yield from self._predict_batch(batch)

    def _predict_views(self, name: str, pixels: NDArray[np.uint8]) -> Prediction:
        """Predicts on the views of one picture and merges their detections."""
        height, width = pixels.shape[:2]
        views = views_of(width, height, self.views)
        windows = ((name, view.of(pixels)) for view in views)
        predictions: list[Prediction] = []
        for batch in _batches(windows, self.batch_size):
            predictions += self._predict_batch(batch)
        return merge(views, predictions, name, (height, width), self.config.detect.top_k, self.score)

    def _predict_batch(self, batch: Sequence[tuple[str, NDArray[np.uint8]]]) -> list[Prediction]:
        """The predictions of named pictures, which the network gets as one batch or, on a processor, one by one."""
        # At the same time run as many calls as there are workers: each shares the cores with all others of them.
        neighbours = workers_for(len(batch)) - 1

        def predict_alone(picture: tuple[str, NDArray[np.uint8]]) -> Prediction:
            name, pixels = picture
            return self._prediction(self.run([pixels], neighbours), 0, name, pixels)

        if self.engine.parallel:
            return on_cores(batch, predict_alone)
        raw = self.run([pixels for _, pixels in batch])
        return [self._prediction(raw, index, name, pixels) for index, (name, pixels) in enumerate(batch)]

    def run(self, pictures: Sequence[NDArray[np.uint8]], neighbours: int = 0) -> NetworkOutputs:
        """The network's outputs for pictures.

        Args:
            pictures: Each uint8 [H, W, 3], red, green, blue, upright; of any size. They are one batch.
            neighbours: See `Engine.run`.

        Returns:
            The outputs, before detection.
        """
        return self.engine.run(np.stack([prepare(pixels, self.config.model) for pixels in pictures]), neighbours)

    def _prediction(self, raw: NetworkOutputs, index: int, name: str, pixels: NDArray[np.uint8]) -> Prediction:
        """The prediction of one picture of a batch from the network's raw outputs."""
        height, width = pixels.shape[:2]
        # With several views, the mean score counts: a view's own score may be lower.
        score = 0.0 if self.views.tta else self.score
        detections = postprocess(
            raw, index, (height, width), self.config.detect, score, self.legacy, self.engine.mask_scorer
        )
        return Prediction(name, width, height, *detections, classes=self.config.classes)


def _engine_of(model: YolactNetwork | Engine) -> Engine:
    """An engine as it is, or one of torch's around a network; only that one needs torch."""
    if "torch" not in sys.modules:
        return cast("Engine", model)
    from yolact_kit.inference.engines.torch_engine import TorchEngine
    from yolact_kit.models.yolact import YolactNetwork

    return TorchEngine(model) if isinstance(model, YolactNetwork) else model


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` items, the last one of what remains; no more are taken than the next list needs."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
