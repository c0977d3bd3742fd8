"""What COCO's metrics do not say: thresholds, kinds of errors, calibration, outlines, and the worst pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.score_threshold import DEFAULT_SCORE
from yolact_kit.evaluation.advice import Advice, advise
from yolact_kit.evaluation.boundary import BoundaryQuality, measure_boundaries
from yolact_kit.evaluation.calibration import Calibration, calibrate
from yolact_kit.evaluation.confusion import confusion_matrix
from yolact_kit.evaluation.errors import ErrorBreakdown, break_down_errors
from yolact_kit.evaluation.split_evaluation import Evaluation
from yolact_kit.evaluation.thresholds import Ranking
from yolact_kit.evaluation.worst import PictureErrors, worst_pictures


@dataclass(slots=True)
class Analysis:
    """What a set of detections is good and bad at, by masks; the IoU threshold is 0.5, except in COCO's metrics.

    Attributes:
        score: The threshold of the operating points, the confusion matrix and the worst pictures.
        categories: Class names in the order of the annotation file, which the confusion matrix has too.
        all: The detections of all classes together.
        by_class: Those of each class.
        confusion: int64 [C + 1, C + 1], see `confusion_matrix`.
        errors: The errors by kind.
        calibration: The reliability of scores.
        boundary: How well masks follow outlines.
        worst: The worst pictures, worst first.
        advice: Where AP is lost, and what to do next.
    """

    score: float
    categories: list[str]
    all: Ranking
    by_class: dict[str, Ranking]
    confusion: NDArray[np.int64]
    errors: ErrorBreakdown
    calibration: Calibration
    boundary: BoundaryQuality
    worst: list[PictureErrors]
    advice: Advice

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``, beside COCO's metrics."""
        by_class = {name: _points(ranking, self.score) for name, ranking in self.by_class.items()}
        return {
            "thresholds": {"iou": 0.5, **_points(self.all, self.score), "by_class": by_class},
            "confusion": {"classes": self.categories, "score": self.score, "counts": self.confusion.tolist()},
            "errors": self.errors.to_dict(),
            "calibration": self.calibration.to_dict(),
            "boundary": self.boundary.to_dict(),
            "worst": [picture.to_dict() for picture in self.worst],
            "advice": self.advice.to_dict(),
        }


def _points(ranking: Ranking, score: float) -> dict[str, Any]:
    """The operating points at the chosen and at the best threshold."""
    best = ranking.best()
    return {"chosen": ranking.at(score).to_dict(), "best": None if best is None else best.to_dict()}


def analyse(evaluation: Evaluation, score: float = DEFAULT_SCORE, worst: int = 20) -> Analysis:
    """Analyses the detections of an evaluation.

    Args:
        evaluation: The detections and the ground truth.
        score: The score threshold that the model will be used with.
        worst: How many of the worst pictures are listed.

    Returns:
        The analysis.

    Example:
        >>> analyse(evaluate_split(predictor, load_split("data", "val"))).all.best().score  # doctest: +SKIP
        0.46
    """
    truth, results, masks = evaluation.truth, evaluation.results, evaluation.metrics.mask
    together = Ranking.of(masks.matches)
    errors, boundary = break_down_errors(truth, results, masks), measure_boundaries(truth, results, masks)
    return Analysis(
        score=score,
        categories=[category["name"] for category in truth["categories"]],
        all=together,
        by_class={name: Ranking.of([matches]) for name, matches in zip(masks.by_class, masks.matches, strict=True)},
        confusion=confusion_matrix(truth, results, score),
        errors=errors,
        calibration=calibrate(together),
        boundary=boundary,
        worst=worst_pictures(truth, masks, score, worst),
        advice=advise(masks, boundary, errors),
    )
