"""Predicting: pictures in, detections out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import DEFAULT_SCORE, ScoreThreshold, default_score
from yolact_kit.errors import UserError
from yolact_kit.inference.merging import merge
from yolact_kit.inference.pipeline import on_cores
from yolact_kit.inference.postprocess import postprocess
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.views import ViewOptions, views_of
from yolact_kit.models.acceleration import accelerated
from yolact_kit.models.preprocess import prepare
from yolact_kit.models.weights import load_weights
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.depth import depth_range as range_of_pair

T = TypeVar("T")


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name.

    Args:
        name: ``auto`` for a GPU if there is one, or a name of torch's: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Returns:
        The device.

    Raises:
        UserError: There is no such device here.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(
            f"There is no device '{name}' here.", "Give `--device cpu`, or leave the option out."
        ) from error
    return device


class Predictor:
    """A model, ready to predict on pictures of any size.

    Args:
        model: The network; it is in evaluation mode while it predicts, and returns to its own mode afterwards.
        config: Its configuration, with the classes.
        device: Where the pictures go; None for where the model is.
        score: Detections with a lower score are left out.
        legacy: Whether to do exactly what the original's evaluation does, see `postprocess`.
        batch_size: Pictures that are processed at once.
        views: Tiles and test-time augmentation; by default each picture is predicted on once.
        exact: Whether the network computes exactly as it was trained, to the last bit. If not, a CPU uses a faster copy
            of the model as it is now, see `accelerated`, which does not change when the model learns on.
        depth_range: The values that become black and white in pictures of more than 8 bits; None for those that the
            model was trained with.
        threshold: The score threshold that training chose for the model, for information; None where it has none.

    Example:
        >>> from yolact_kit.config.schema import ModelConfig
        >>> config = Config(classes=["컵", "plate"], model=ModelConfig(input_size=64))
        >>> predictor = Predictor(YolactNetwork(config.model, num_classes=2), config, score=0.9)
        >>> [prediction] = predictor.predict([np.zeros((48, 64, 3), dtype=np.uint8)], files=["a.png"])
        >>> prediction.file, prediction.width, prediction.height
        ('a.png', 64, 48)
    """

    def __init__(
        self,
        model: YolactNetwork,
        config: Config,
        device: torch.device | str | None = None,
        score: float = 0.0,
        legacy: bool = False,
        batch_size: int = 8,
        views: ViewOptions | None = None,
        exact: bool = True,
        depth_range: DepthRange | None = None,
        threshold: ScoreThreshold | None = None,
    ) -> None:
        self.model = model
        self.config = config
        self.device = torch.device(device) if device is not None else next(model.parameters()).device
        self.score = score
        self.legacy = legacy
        self.batch_size = batch_size
        self.views = views or ViewOptions()
        self.depth_range = depth_range
        self.threshold = threshold
        self._accelerated = None if exact or self.device.type != "cpu" else accelerated(model)

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

        Returns:
            The predictor.

        Raises:
            UserError: The weights or the device are missing, or the weights cannot be read.
        """
        chosen = choose_device(device)
        loaded = load_weights(weights, chosen, model)
        options = {"top_k": top_k, "nms": nms}
        changes = {key: value for key, value in options.items() if value is not None}
        config = loaded.config.model_copy(update={"detect": loaded.config.detect.model_copy(update=changes)})
        if score is None:
            score = DEFAULT_SCORE if legacy else default_score(loaded.threshold)
        return cls(loaded.model, config, chosen, score, legacy, batch_size, views, exact, depth_range, loaded.threshold)

    @property
    def classes(self) -> list[str]:
        """Class names, in the order of the labels."""
        return self.config.classes

    @property
    def trained_range(self) -> DepthRange | None:
        """The values that became black and white in training; None if its pictures had 8 bits."""
        return range_of_pair(self.config.depth_range)

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
        """The predictions of named pictures, which the network gets as one batch, or a CPU one by one on its cores."""

        def predict_alone(picture: tuple[str, NDArray[np.uint8]]) -> Prediction:
            name, pixels = picture
            return self._prediction(self.run([pixels]), 0, name, pixels)

        if self._accelerated is not None:
            return on_cores(batch, predict_alone)
        raw = self.run([pixels for _, pixels in batch])
        return [self._prediction(raw, index, name, pixels) for index, (name, pixels) in enumerate(batch)]

    def run(self, pictures: Sequence[NDArray[np.uint8]]) -> RawOutputs:
        """The network's raw outputs for pictures.

        Args:
            pictures: Each uint8 [H, W, 3], red, green, blue, upright; of any size. They are one batch.

        Returns:
            The raw outputs, before detection.
        """
        images = torch.stack([prepare(pixels, self.config.model) for pixels in pictures]).to(self.device)
        if self._accelerated is not None:
            with torch.inference_mode():
                fast: RawOutputs = self._accelerated(images)
            return fast
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                raw: RawOutputs = self.model(images)
        finally:
            self.model.train(was_training)
        return raw

    def _prediction(self, raw: RawOutputs, index: int, name: str, pixels: NDArray[np.uint8]) -> Prediction:
        """The prediction of one picture of a batch from the network's raw outputs."""
        height, width = pixels.shape[:2]
        # With several views, the mean score counts: a view's own score may be lower.
        score = 0.0 if self.views.tta else self.score
        detections = postprocess(
            raw, index, (height, width), self.config.detect, score, self.legacy, self.model.mask_scoring
        )
        return Prediction(name, width, height, *detections, classes=self.config.classes)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` items, the last one of what remains; no more are taken than the next list needs."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
