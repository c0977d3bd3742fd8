"""The result of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolact_kit.config.score_threshold import ScoreThreshold, describe_default
from yolact_kit.training.bad_batches import TrainingStoppedError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.training.diagnosis import Diagnosis

OVERFIT_AP = 0.5
"""Mask AP that a self-test has to reach on the pictures that it was trained on."""


@dataclass(slots=True)
class TrainResult:
    """The result of a run; printed, it says how far training came and where the weights are.

    Attributes:
        run: The run folder.
        steps: Steps that were taken, those of an earlier part included.
        best_ap: Best mask AP on the validation split, 0..1; None where there is none.
        undefined: Why mask AP on val is undefined, as where val has no objects; None where it is not, or without val.
        threshold: The score threshold that is stored with the best weights; None where none could be chosen.
        metrics: Metrics of the last validation, as in ``metrics.json``.
        interrupted: Whether the user ended it early.
        stopped: Why it could not go on; None if it could.
        bad_batches: Batches that were skipped because their loss was not finite.
        detections: Detections of the last validation, None if nothing was validated.
        trained: Whether it was trained at all; False if it was complete before.
        diagnosis: What stands out in the run; None where nobody looked, see `diagnose`.
    """

    run: Path
    steps: int
    best_ap: float | None = None
    undefined: str | None = None
    threshold: ScoreThreshold | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    stopped: TrainingStoppedError | None = None
    bad_batches: int = 0
    detections: int | None = None
    trained: bool = True
    diagnosis: Diagnosis | None = None

    @property
    def passes_self_test(self) -> bool:
        """Whether the best mask AP is as high as a self-test (``overfit``) requires."""
        return (self.best_ap or 0.0) >= OVERFIT_AP

    def __str__(self) -> str:
        """The result in words, such as ``Done after 300 steps; best mask AP on val 0.512. The weights are in ...``."""
        if self.interrupted:
            ending = "Stopped as you asked"
        elif self.stopped is not None:
            ending = "Stopped"
        else:
            ending = "Done"
        best = "" if self.undefined is None else f"; {self.undefined}"
        if self.best_ap is not None:
            best = f"; best mask AP on val {self.best_ap:.3f}"
        folder = self.run / "weights"
        weights = f"The weights are in {folder}." if folder.is_dir() else "No weights were saved."
        words = f"{ending} after {counted(self.steps, 'step')}{best}. {weights}"
        if self.threshold is None:
            return words
        return f"{words} `predict` uses {describe_default(self.threshold)}."
