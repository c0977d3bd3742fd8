"""An exported file in a layout of YOLO's as what predicts, to check what was just written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from yolact_kit.inference.engines.engine import NetworkOutputs
from yolact_kit.inference.export.parity import Parity, compare_predictions
from yolact_kit.inference.export.runtimes import Runs, runtime
from yolact_kit.inference.export.yolo_network import MASKS, YOLO_OUTPUTS, form_of, layout_side
from yolact_kit.inference.postprocess import softmax
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.traced import TracedNetwork
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.ops.box_arrays import decode_boxes
from yolact_kit.shapes.rle import decode_rle, encode_mask

Arrays = tuple[NDArray[np.float32], ...]

BARS = 114
"""The grey of the bars around a picture, 0..255."""


@dataclass(slots=True)
class LayoutParity(Parity):
    """How a file in a layout differs from the model in the same layout, and from the model's own masks.

    Attributes:
        own_pixels: Pixels that masks share with those of `Predictor`, as a share of those that either has. They differ
            along their edges, since prototypes are moved to other places; nothing is refused for it.
    """

    own_pixels: float = 1.0

    def describe(self) -> str:
        """The differences in words."""
        return f"{Parity.describe(self)}; with the masks of `predict` they share {self.own_pixels:.2%}"


def check_layout(
    model: YolactNetwork, settings: ExportedSettings, file: Path, pictures: Iterable[NDArray[np.uint8]], score: float
) -> LayoutParity:
    """How the detections of a file in a layout of YOLO's differ from those of the model that it was made of.

    Args:
        model: The model.
        settings: What is stored in the file.
        file: The file.
        pictures: The pictures to compare on, each uint8 [H, W, 3]; all see them resized to fit between the bars.
        score: Detections with a lower score are left out.

    Returns:
        The differences between the file and the model in the same layout; and those to the model's own masks.
    """
    form = form_of(model, settings)
    exported = YoloPredictor(runtime(file, YOLO_OUTPUTS), settings, score)
    truth = YoloPredictor(_by_torch(form), settings, score)
    own = Predictor(model, settings.config, score)
    sized = [fitted(pixels, exported.side) for pixels in pictures]
    parity = compare_predictions(truth, exported, sized)
    for pixels in sized:
        parity.outputs = max(parity.outputs, _difference(own, truth, exported, pixels))
    return LayoutParity(**asdict(parity), own_pixels=compare_predictions(own, exported, sized).pixels)


def _difference(own: Predictor, truth: YoloPredictor, exported: YoloPredictor, pixels: NDArray[np.uint8]) -> float:
    """The largest difference of an output of the file's to what it should be, as a share of the largest of its kind."""
    found, expected = exported.parts(pixels), truth.parts(pixels)
    pairs = [(expected[-1], found[-1])]
    if exported.layout == "yolo-seg":
        # Rows of yolo26-seg are sorted by their scores, and those of nearly the same change places. Where all anchors
        # are there, it is the network itself that they are held to, with a picture that was never between bars.
        pairs += zip(_own_parts(own, pixels, exported.side), found[:3], strict=True)
    return max(float(np.abs(one - other).max() / max(np.abs(one).max(), 1e-6)) for one, other in pairs)


def _own_parts(own: Predictor, pixels: NDArray[np.uint8], side: int) -> Arrays:
    """Boxes, scores and coefficients as a file should give them, from the network's raw outputs for a picture."""
    raw = own.run([pixels])
    coefficients = raw.coefficients[0]
    corners = decode_boxes(raw.regressions[0], raw.anchors)
    height, width = pixels.shape[:2]
    _, (top, left) = with_bars(pixels, side)
    boxes = _centred(corners * np.array([width, height, width, height]) + np.array([left, top, left, top]))
    return boxes, softmax(raw.logits[0])[:, 1:], np.pad(coefficients, ((0, 0), (0, MASKS - coefficients.shape[1])))


def _centred(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes x1 y1 x2 y2 as centre x, centre y, width, height; float [N, 4] both."""
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)


def _by_torch(form: TracedNetwork) -> Runs:
    """The network in a layout, by torch."""

    def run(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [output.numpy() for output in form(torch.from_numpy(images))]

    return run


def fitted(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture that was resized to fit in a square, as YOLO's decoders do it before they add bars.

    Args:
        pixels: uint8 [H, W, 3].
        side: Side of the square.

    Returns:
        uint8 [h, w, 3]; the longer of the two is the side.
    """
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def with_bars(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A picture in the middle of a square with grey bars.

    Args:
        pixels: uint8 [H, W, 3], no larger than the square.
        side: Side of the square.

    Returns:
        uint8 [side, side, 3]; and the first row and column of the picture in it.
    """
    height, width = pixels.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    square = np.full((side, side, 3), BARS, dtype=np.uint8)
    square[top : top + height, left : left + width] = pixels
    return square, (top, left)


class YoloPredictor:
    """Predicts with a file in a layout of YOLO's, by the program of its format alone.

    Boxes, suppression and masks are the layout's, but for what decoders do in their own ways: suppression is the one
    that the model's configuration asks for, and masks are cut off at their boxes as `Predictor` does it.

    Args:
        run: Gives its outputs for an image.
        settings: What is stored in it.
        score: Detections with a lower score are left out.
    """

    def __init__(self, run: Runs, settings: ExportedSettings, score: float) -> None:
        self.layout, self.score = settings.layout, score
        self.side = layout_side(settings.config.model)
        square = settings.config.model.model_copy(update={"input_size": self.side})
        config = settings.config.model_copy(update={"model": square})
        self._engine = YoloEngine(run, settings)
        self._predictor = Predictor(self._engine, config, score)

    def predict(self, pictures: Iterable[NDArray[np.uint8]]) -> list[Prediction]:
        """As `Predictor.predict`, for pictures that `fitted` gave."""
        return [self._predict(pixels) for pixels in pictures]

    def _predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """The detections of one picture."""
        height, width = pixels.shape[:2]
        square, (top, left) = with_bars(pixels, self.side)
        [found] = self._predictor.predict([square])
        boxes = found.boxes - np.array([left, top, left, top], dtype=np.float32)
        boxes = boxes.clip(0, np.array([width, height, width, height], dtype=np.float32))
        masks = [decode_rle(rle)[top : top + height, left : left + width] for rle in found.masks]
        rles = [encode_mask(mask) for mask in masks]
        return Prediction(found.file, width, height, boxes, found.scores, found.labels, rles, found.classes)

    def parts(self, pixels: NDArray[np.uint8]) -> Arrays:
        """What the file gives for a picture: see `YoloEngine.parts`."""
        image = with_bars(pixels, self.side)[0].transpose(2, 0, 1)[None] / np.float32(255)
        return self._engine.parts(image)


class YoloEngine:
    """Runs such a file and turns what comes out into raw outputs that mean the same.

    Args:
        run: Gives its outputs for an image.
        settings: What is stored in it.
    """

    reason = "the format of the file"
    parallel = False
    mask_scorer = None

    def __init__(self, run: Runs, settings: ExportedSettings) -> None:
        self.description = settings.layout
        self._run = run
        self._side = layout_side(settings.config.model)
        self._classes = len(settings.config.classes)

    def run(self, images: NDArray[np.float32], neighbours: int = 0) -> NetworkOutputs:
        """See `Engine`; one picture at a time."""
        boxes, scores, coefficients, prototypes = self.parts(images / np.float32(255))
        # Boxes are their own anchors, and the softmax of the scores' logarithms is the scores again.
        background = 1 - scores.sum(axis=1, keepdims=True)
        logits = np.log(np.concatenate([background, scores], axis=1).clip(min=1e-9))
        regressions = np.zeros((1, len(boxes), 4), dtype=np.float32)
        return NetworkOutputs(logits[None], regressions, coefficients[None], prototypes, boxes / np.float32(self._side))

    def parts(self, image: NDArray[np.float32]) -> Arrays:
        """What the file gives for an image float32 [1, 3, S, S] in 0..1.

        Returns:
            Boxes [A, 4], centre x, centre y, width, height in pixels; scores [A, C]; coefficients [A, 32]; prototypes
            [1, 32, h, w].
        """
        detections, prototypes = self._run(image)
        split = self._split_rows if self.description == "yolo26-seg" else self._split_columns
        return *split(detections[0]), prototypes

    def fingerprint(self) -> str:
        """See `Engine`."""
        return self.description

    def _split_columns(self, columns: NDArray[np.float32]) -> Arrays:
        """Centred boxes [A, 4], scores [A, C] and coefficients [A, 32] of yolov8-seg's columns [4 + C + 32, A]."""
        rows = np.ascontiguousarray(columns.T)
        return rows[:, :4], rows[:, 4 : 4 + self._classes], rows[:, 4 + self._classes :]

    def _split_rows(self, rows: NDArray[np.float32]) -> Arrays:
        """The same of yolo26-seg's rows [N, 6 + 32]."""
        corners, scores, labels = rows[:, :4], rows[:, 4:5], rows[:, 5:6]
        return _centred(corners), scores * (labels == np.arange(self._classes)), rows[:, 6:]
