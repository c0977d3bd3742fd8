"""Predictions on the same few validation pictures at each validation, so that progress can be watched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import lightning
from lightning.pytorch.callbacks import Callback
from PIL import Image

from yolact_kit.config.score_threshold import default_score
from yolact_kit.inference.drawing import draw_prediction
from yolact_kit.pixels.writing import save_image
from yolact_kit.training.callbacks import ValidationCallback, tolerating_write_errors

_LONGER_SIDE = 800


class ProgressPictures(Callback):
    """Draws predictions into ``progress/step-NNNNNN/``.

    Args:
        validation: Where the predictions are.
        folder: The folder that they are drawn into.
        count: Pictures, spread over the validation split.
        say: Prints a line.
    """

    def __init__(self, validation: ValidationCallback, folder: Path, count: int, say: Callable[[str], None]) -> None:
        self.validation = validation
        self.folder = folder
        self.say = say
        total = len(validation.pictures)
        self.chosen = [number * total // min(count, total) for number in range(min(count, total))]

    def on_validation_end(self, trainer: lightning.Trainer, _module: lightning.LightningModule) -> None:
        """Draws the predictions of the latest validation."""
        if trainer.is_global_zero:
            with tolerating_write_errors("the predictions", self.say):
                self._draw(trainer.global_step)

    def _draw(self, step: int) -> None:
        score = default_score(self.validation.threshold)  # as `predict` would show them
        for index in self.chosen:
            picture = self.validation.pictures[index]
            prediction = self.validation.predictions[index]
            image = Image.fromarray(draw_prediction(picture.read(), prediction[prediction.scores >= score]))
            image.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
            stem = re.sub(r"[^\w.-]+", "_", Path(picture.file).stem)
            target = self.folder / f"step-{step:06d}" / f"{index + 1:03d}_{stem}.jpg"
            save_image(target, image, quality=88)
