"""Evaluating a model on a split of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from yolact_kit.errors import UserError
from yolact_kit.evaluation.coco import Metrics, evaluate_documents, why_undefined
from yolact_kit.evaluation.split import LabelledSplit
from yolact_kit.inference.depth import CallDepth
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, deep_values_of, read_pictures
from yolact_kit.pixels.pictures import PictureError


@dataclass(slots=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        metrics: COCO's metrics of masks and boxes.
        results: Every detection in COCO's results format, with the ids of the split's annotation file.
        truth: The COCO document that was evaluated against: the split's, without pictures that cannot be read.
        broken: Those pictures, each with its problem.
    """

    metrics: Metrics
    results: list[dict[str, Any]]
    truth: dict[str, Any]
    broken: list[PictureError]

    def why_undefined(self, split: str) -> str | None:
        """Why there is no mask AP on the split of this name; None where there is one."""
        if self.metrics.mask.values["AP"] is not None:
            return None
        crowds = sum(bool(annotation.get("iscrowd")) for annotation in self.truth["annotations"])
        return why_undefined(split, crowds)


def evaluate_split(
    predictor: Predictor,
    split: LabelledSplit,
    track: Callable[[Iterable[Prediction], int], Iterable[Prediction]] | None = None,
    on_problem: Callable[[PictureError], None] | None = None,
) -> Evaluation:
    """Predicts on the pictures of a split and measures the predictions against its labels.

    Args:
        predictor: The model; its ``score`` should be 0, since COCO's metrics count all detections.
        split: The split.
        track: Wraps the predictions and their number to show progress.
        on_problem: Called for each picture that cannot be read; it is left out with its labels.

    Returns:
        The metrics and the detections.

    Raises:
        UserError: The model has none of the data set's classes, or no picture can be read.
    """
    categories = split.category_ids(predictor.classes)
    ids = {image["file_name"]: image["id"] for image in split.document["images"]}
    broken: dict[str, PictureError] = {}

    def note(picture: SourcePicture, error: PictureError) -> None:
        broken[picture.name] = error
        if on_problem is not None:
            on_problem(error)

    pictures = [SourcePicture(name, split.folder / name) for name in ids]
    depth = CallDepth(split.depth_range or predictor.trained_range, values=lambda: deep_values_of(pictures))
    stream: Iterable[Prediction] = predictor.stream(read_pictures(pictures, note, predictor.batch_size, depth))
    results = [
        result
        for prediction in (stream if track is None else track(stream, len(pictures)))
        for result in prediction.to_coco(ids[prediction.file], categories)
    ]
    if len(broken) == len(pictures):
        raise UserError("None of the pictures can be read.", f"The first: {next(iter(broken.values())).message}")
    truth = split.without(broken)
    return Evaluation(evaluate_documents(truth, results), results, truth, list(broken.values()))
