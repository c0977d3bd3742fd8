"""Whether an exported model predicts what the model that it was made of predicts, on real pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.shapes.rle import Rle
from yolact_kit.words import counted

BOX_TOLERANCE = 0.5
"""Pixels by which a side of a box may differ."""
MASK_TOLERANCE = 0.995
"""Share of the pixels of masks that have to agree."""
OUTPUT_TOLERANCE = 0.01
"""By how much one of the network's outputs may differ, as a share of the largest one of its kind."""
DETECTION_TOLERANCE = 0.03
"""Share of the detections that may be missing or added: where two boxes overlap by just the limit, rounding decides."""
SURE = 0.05
"""Scores this close to the threshold may fall on either side of it, and neighbours change places in suppression."""


@dataclass(slots=True)
class Parity:
    """How the detections of an exported model differ from those of the model itself.

    Attributes:
        pictures: How many pictures were compared.
        detections: How many detections the model itself has in them.
        missing: How many of them the exported model lacks.
        extra: How many the exported model has besides.
        box: Largest difference of a box's side in pixels.
        score: Largest difference of a score.
        mask: Smallest IoU of the masks of a pair; 1 without any pair.
        pixels: Pixels that all pairs of masks share, as a share of those that either has; 1 without any pair.
        outputs: Largest difference of one of the network's outputs, as a share of the largest one of its kind.
    """

    pictures: int
    detections: int = 0
    missing: int = 0
    extra: int = 0
    box: float = 0.0
    score: float = 0.0
    mask: float = 1.0
    pixels: float = 1.0
    outputs: float = 0.0

    @property
    def same(self) -> bool:
        """Whether everything is the same but for rounding."""
        detections = self.missing + self.extra <= DETECTION_TOLERANCE * self.detections
        close = self.box <= BOX_TOLERANCE and self.pixels >= MASK_TOLERANCE and self.outputs <= OUTPUT_TOLERANCE
        return detections and close

    def to_dict(self) -> dict[str, float | bool]:
        """All figures by name, and ``same``."""
        return {**asdict(self), "same": self.same}

    def describe(self) -> str:
        """The differences in words."""
        here = f"{counted(self.detections, 'detection')} in {counted(self.pictures, 'picture')}"
        others = f"{self.missing} missing, {self.extra} more" if self.missing or self.extra else "the same ones"
        return (
            f"{here}: {others}; boxes differ by at most {self.box:.2g} px, scores by {self.score:.2g}; masks share "
            f"{self.pixels:.2%} of their pixels, each at least {self.mask:.2%}; outputs of the network differ by "
            f"{self.outputs:.2g} of the largest"
        )


class Predicts(Protocol):
    """What predicts on pictures."""

    def predict(self, pictures: Iterable[NDArray[np.uint8]]) -> list[Prediction]:
        """As `Predictor.predict`."""


class Reference(Predicts, Protocol):
    """What predicts as it should, from a score on."""

    score: float


def compare_predictions(truth: Reference, exported: Predicts, pictures: Iterable[NDArray[np.uint8]]) -> Parity:
    """Predicts on pictures with both and compares the detections that both are sure of.

    Args:
        truth: The model itself, or what stands for it.
        exported: The exported model, with the same score threshold.
        pictures: Each uint8 [H, W, 3], red, green, blue.

    Returns:
        The differences.
    """
    parity, shared, either = Parity(0), 0.0, 0.0
    for pixels in pictures:
        [one], [other] = truth.predict([pixels]), exported.predict([pixels])
        pairs = _pairs(one, other)
        parity.pictures += 1
        parity.detections += len(one)
        parity.missing += _unpaired(one, [first for first, _ in pairs], truth.score)
        parity.extra += _unpaired(other, [second for _, second in pairs], truth.score)
        for first, second in pairs:
            parity.box = max(parity.box, float(np.abs(one.boxes[first] - other.boxes[second]).max()))
            parity.score = max(parity.score, float(abs(one.scores[first] - other.scores[second])))
            intersection, union = _overlap(one.masks[first], other.masks[second])
            parity.mask = min(parity.mask, intersection / max(1.0, union))
            shared, either = shared + intersection, either + union
        if isinstance(truth, Predictor) and isinstance(exported, Predictor):
            parity.outputs = max(parity.outputs, _output_difference(truth, exported, pixels))
    parity.pixels = shared / either if either else 1.0
    return parity


def _output_difference(truth: Predictor, exported: Predictor, pixels: NDArray[np.uint8]) -> float:
    """The largest difference of an output of the network's, as a share of the largest one of its kind."""
    differences = [0.0]
    for one, other in zip(truth.run([pixels]), exported.run([pixels]), strict=True):
        differences.append(float(np.abs(one - other).max()) / max(float(np.abs(one).max()), 1e-6))
    return max(differences)


def _pairs(one: Prediction, other: Prediction) -> list[tuple[int, int]]:
    """For each detection the one of the same class whose box is nearest, if it is within half of the box."""
    pairs: list[tuple[int, int]] = []
    free = set(range(len(other)))
    for first in range(len(one)):
        distances = np.abs(other.boxes - one.boxes[first]).max(axis=1)
        near = [index for index in free if other.labels[index] == one.labels[first]]
        if not near:
            continue
        second = min(near, key=lambda index: distances[index])
        if distances[second] <= 0.5 * float((one.boxes[first, 2:] - one.boxes[first, :2]).max()):
            pairs.append((first, second))
            free.discard(second)
    return pairs


def _unpaired(prediction: Prediction, paired: list[int], score: float) -> int:
    """How many detections have no counterpart, though rounding alone cannot have moved them below the threshold."""
    clear = (prediction.scores >= score + SURE).nonzero()[0].tolist()
    return len(set(clear) - set(paired))


def _overlap(mask: Rle, other: Rle) -> tuple[float, float]:
    """The pixels that two masks of the same picture share, and those that either has."""
    rles = [{"size": rle["size"], "counts": rle["counts"].encode("ascii")} for rle in (mask, other)]
    union = float(coco_mask.area(coco_mask.merge(rles)))
    return float(sum(coco_mask.area(rles))) - union, union
