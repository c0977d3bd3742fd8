"""The whole way from weights and a data set to metrics and their analysis; the command ``evaluate`` in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.score_threshold import ScoreThreshold, default_score
from yolact_kit.display import SILENT, Display
from yolact_kit.evaluation.analysis import Analysis, analyse
from yolact_kit.evaluation.bootstrap import Comparison, compare
from yolact_kit.evaluation.coco import Metrics
from yolact_kit.evaluation.plots import plot_confusion, plot_precision_recall
from yolact_kit.evaluation.split import LabelledSplit, load_split
from yolact_kit.evaluation.split_evaluation import Evaluation, evaluate_split
from yolact_kit.evaluation.tables import MetricsTable, metrics_table
from yolact_kit.files import atomic_write_text
from yolact_kit.inference.drawing import class_font
from yolact_kit.inference.predictor import Predictor
from yolact_kit.json_text import json_text
from yolact_kit.memory import keep_freed_memory
from yolact_kit.models.download import local_weights
from yolact_kit.pixels.pictures import PictureError
from yolact_kit.shown_paths import shown_path
from yolact_kit.words import counted


@dataclass(slots=True)
class ModelEvaluation:
    """A model measured on a split; printed, or shown in a notebook, it is a table of COCO's metrics.

    Attributes:
        weights: What the user calls the model.
        split: The split that it was measured on.
        evaluation: The metrics and every detection.
        analysis: What the model is good and bad at.
        against: What the user calls the model that it is compared with; None where there is none.
        other: The evaluation of that model.
        comparison: The differences between the two.
        threshold: The score threshold that is stored with the weights; None where they have none.
    """

    weights: str
    split: LabelledSplit
    evaluation: Evaluation
    analysis: Analysis
    against: str | None = None
    other: Evaluation | None = None
    comparison: Comparison | None = None
    threshold: ScoreThreshold | None = None

    @property
    def metrics(self) -> Metrics:
        """COCO's metrics, each 0..1 or None where it is undefined."""
        return self.evaluation.metrics

    @property
    def undefined(self) -> str | None:
        """Why there is no mask AP; None where there is one."""
        return self.evaluation.why_undefined(self.split.name)

    def table(self) -> MetricsTable:
        """The metrics by class, and those of the other model below."""
        objects = sum(self.metrics.mask.objects.values())
        title = f"{self.split.describe(self.evaluation.truth)}, {counted(objects, 'object')}"
        other = None if self.other is None else self.other.metrics
        return metrics_table(self.metrics, title, self.split.classes, other)

    def __str__(self) -> str:
        """The table as plain text, and below it why there is no mask AP, where that is so."""
        text = self.table().to_text()
        return text if self.undefined is None else f"{text}\n{self.undefined}"

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        note = "" if self.undefined is None else f"<p>{escape(self.undefined)}</p>"
        return self.table().to_html() + note

    def to_dict(self) -> dict[str, Any]:
        """All numbers, as in ``metrics.json``."""
        numbers = {**self.metrics.to_dict(), **self.analysis.to_dict()}
        numbers["thresholds"]["stored"] = None if self.threshold is None else self.threshold.model_dump()
        if self.comparison is not None:
            numbers["against"] = {"weights": self.against, **self.comparison.to_dict()}
        return numbers

    def save(self, folder: Path | str) -> None:
        """Writes ``metrics.json``, ``results.json``, the plots and, where models are compared, ``against.json``.

        Args:
            folder: The folder; made where it is missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        where = self.split.describe(self.evaluation.truth)
        plot_precision_recall(self.metrics.mask, folder / "precision_recall.png", f"Masks, {where}")
        title = f"Objects at score {self.analysis.score:g} and IoU 0.5, {where}"
        plot_confusion(self.analysis.confusion, self.analysis.categories, folder / "confusion.png", title)
        if self.other is not None:
            _write_json(folder / "against.json", self.other.metrics.to_dict())
        _write_json(folder / "results.json", self.evaluation.results, indent=False)
        _write_json(folder / "metrics.json", self.to_dict())


def evaluate_model(
    weights: Predictor | Path | str,
    dataset: LabelledSplit | Dataset | Path | str,
    split: str = "val",
    *,
    against: Predictor | Path | str | None = None,
    score: float | None = None,
    model: str | None = None,
    device: str = "auto",
    batch_size: int = 8,
    exact: bool = False,
    engine: str = "auto",
    display: Display = SILENT,
) -> ModelEvaluation:
    """Measures a model on a split of a data set.

    Args:
        weights: A run folder, a file of weights or a name such as ``coco:yolact_base``; or a predictor, whose score
            threshold should be 0, since COCO's metrics count all detections.
        dataset: The data set folder, a data set that was read from it, or a split from `load_split`.
        split: Name of the split.
        against: Another model to compare with, on the same pictures.
        score: Score threshold for precision, recall, the confusion matrix and the worst pictures; by default the one
            that is stored with the weights, or 0.3. COCO's metrics count all detections whatever it is.
        model: Which model a checkpoint of the original's is of, where its name does not say.
        device: ``auto``, or a device's name.
        batch_size: Pictures that are processed at once.
        exact: Whether the network computes exactly as in training, which is slower on a CPU.
        engine: What runs the network, see `Predictor.load`.
        display: Where lines, warnings and progress go.

    Returns:
        The metrics, their analysis and the comparison.

    Raises:
        UserError: The data set or the weights cannot be read, they have no class in common, or no picture can be read.

    Example:
        >>> print(evaluate_model("runs/first", "data", "test"))  # doctest: +SKIP
    """
    truth = _labelled_split(dataset, split)
    load = partial(Predictor.load, model=model, device=device, batch_size=batch_size, exact=exact, engine=engine)
    # Both models are loaded before either predicts: wrong weights should not cost the time of an evaluation.
    predictor = _load_predictor(weights, truth, load, display)
    rival = None if against is None else _load_predictor(against, truth, load, display)
    keep_freed_memory()
    evaluation = _evaluate(predictor, truth, display)
    other = None if rival is None else _evaluate(rival, truth, display)
    display.say("Analysing the errors")
    analysis = analyse(evaluation, default_score(predictor.threshold) if score is None else score)
    hint = class_font(truth.classes).hint
    if hint:
        display.warn(hint)
    result = ModelEvaluation(_model_name(weights), truth, evaluation, analysis, threshold=predictor.threshold)
    if result.undefined is not None:
        display.warn(f"{result.undefined}.")
    if against is not None and other is not None:
        result.against, result.other = _model_name(against), other
        result.comparison = compare(evaluation.metrics, other.metrics)
    return result


def _labelled_split(dataset: LabelledSplit | Dataset | Path | str, name: str) -> LabelledSplit:
    """The split of whatever the user calls a data set."""
    if isinstance(dataset, LabelledSplit):
        return dataset
    return load_split(dataset.folder() if isinstance(dataset, Dataset) else dataset, name)


def _load_predictor(
    weights: Predictor | Path | str, truth: LabelledSplit, load: Callable[[str], Predictor], display: Display
) -> Predictor:
    """A predictor; says which classes only the model or only the data set has, and refuses where they share none."""
    predictor = weights if isinstance(weights, Predictor) else load(local_weights(weights, display.track))
    name = _model_name(weights)
    unknown, foreign = truth.compare(predictor.classes)
    if unknown:
        display.warn(f"'{name}' does not know the classes {', '.join(unknown)}, so it cannot find them.")
    if foreign:
        display.say(
            f"{len(foreign)} of the {len(predictor.classes)} classes of '{name}' are not in the data set; they are "
            "left out."
        )
    truth.category_ids(predictor.classes)
    display.say(predictor.describe_engine())
    trained, here = predictor.trained_range, truth.depth_range
    if trained is not None and here is not None and trained != here:
        display.warn(
            f"The data set was scaled to 8 bits by the range {here}, but '{name}' was trained with {trained}: equal "
            f"greys mean different values. Convert it again with --depth-range {trained.low:g},{trained.high:g}."
        )
    return predictor


def _evaluate(predictor: Predictor, truth: LabelledSplit, display: Display) -> Evaluation:
    """The metrics of a model, with progress and a warning for each broken picture."""

    def warn(error: PictureError) -> None:
        display.warn(f"{error.message} It is left out, and so are its labels.")

    def track(predictions: Iterable[Any], total: int) -> Iterable[Any]:
        return display.track(predictions, "Evaluating", total)

    return evaluate_split(predictor, truth, track, warn)


def _model_name(weights: Predictor | Path | str) -> str:
    return weights.config.model.name if isinstance(weights, Predictor) else shown_path(weights)


def _write_json(file: Path, document: Any, indent: bool = True) -> None:
    atomic_write_text(file, json_text(document, indent))
