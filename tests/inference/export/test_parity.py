from __future__ import annotations

import numpy as np
import pytest

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.inference.export.parity import Parity, compare_predictions
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.shapes.rle import encode_mask

SIDE = 40


class Fixed:
    """Predicts the same objects in every picture: each a score, a label and the edges of a box that its mask fills."""

    score = 0.3

    def __init__(self, *objects: tuple[float, int, tuple[int, int, int, int]]) -> None:
        self.objects = objects

    def predict(self, pictures: list[np.ndarray]) -> list[Prediction]:
        masks = []
        for _, _, (left, top, right, bottom) in self.objects:
            mask = np.zeros((SIDE, SIDE), np.uint8)
            mask[top:bottom, left:right] = 1
            masks.append(encode_mask(mask))
        boxes = np.array([box for _, _, box in self.objects], np.float32).reshape(-1, 4)
        scores = np.array([score for score, _, _ in self.objects], np.float32)
        labels = np.array([label for _, label, _ in self.objects], np.int64)
        return [Prediction("", SIDE, SIDE, boxes, scores, labels, masks, ["a", "b"]) for _ in pictures]


PICTURES = [np.zeros((SIDE, SIDE, 3), np.uint8)] * 2
TRUTH = Fixed((0.9, 0, (0, 0, 20, 20)), (0.8, 1, (20, 20, 40, 40)), (0.32, 0, (0, 30, 8, 40)))


def test_the_same_detections_in_another_order() -> None:
    parity = compare_predictions(TRUTH, Fixed(*TRUTH.objects[::-1]), PICTURES)
    assert parity == Parity(pictures=2, detections=6) and parity.same


def test_what_is_unsure_may_fall_below_the_threshold() -> None:
    assert compare_predictions(TRUTH, Fixed(*TRUTH.objects[:2]), PICTURES).same


@pytest.mark.parametrize(
    ("change", "figures"),
    [
        ({1: None}, {"missing": 2}),
        ({1: (0.8, 0, (20, 20, 40, 40))}, {"missing": 2, "extra": 2}),
        ({0: (0.9, 0, (0, 0, 20, 22))}, {"box": 2.0, "mask": 400 / 440, "pixels": (400 + 400 + 80) / (440 + 400 + 80)}),
        ({3: (0.7, 1, (10, 0, 20, 5))}, {"extra": 2}),
    ],
)
def test_differences_are_told(change: dict[int, object], figures: dict[str, float]) -> None:
    objects = {**dict(enumerate(TRUTH.objects)), **change}
    parity = compare_predictions(TRUTH, Fixed(*[item for item in objects.values() if item]), PICTURES)
    for name, value in figures.items():
        assert getattr(parity, name) == pytest.approx(value)
    assert not parity.same and "2 pictures" in parity.describe()


def test_a_score_that_differs_is_told_and_allowed() -> None:
    other = Fixed((0.88, 0, (0, 0, 20, 20)), *TRUTH.objects[1:])
    parity = compare_predictions(TRUTH, other, PICTURES)
    assert parity.score == pytest.approx(0.02) and parity.same


def test_outputs_are_compared_even_where_nothing_is_detected() -> None:
    config = tiny_config()
    truth = Predictor(tiny_model(config), config, score=1.0)
    picture = np.zeros((64, 64, 3), np.uint8)
    assert compare_predictions(truth, Predictor(tiny_model(config), config, score=1.0), [picture]).outputs == 0
    parity = compare_predictions(truth, Predictor(tiny_model(config, seed=1), config, score=1.0), [picture])
    assert parity.detections == 0 and parity.outputs > 0.1 and not parity.same
