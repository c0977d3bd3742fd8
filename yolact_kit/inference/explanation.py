"""How a model arrived at its detections: prototypes, coefficients, anchors and suppression.

A mask of YOLACT is a sum over prototypes, which the network computes once for the whole picture, each multiplied by a
coefficient that it predicts for each object (Bolya et al., ICCV 2019, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import ModelConfig
from yolact_kit.inference.postprocess import (
    choose_detections,
    in_picture,
    in_pixels,
    likely_anchors,
    nms_options,
)
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.preprocess import resize
from yolact_kit.ops.box_arrays import Floats, corners
from yolact_kit.ops.masks import CroppedMask, assemble_in, crop_windows, masks_to_rle
from yolact_kit.ops.nms_decisions import Decisions, explain_nms
from yolact_kit.shapes.rle import decode_rle

VIEW = 800
"""Longer side in pixels of the largest picture that is kept at its own size; larger ones are reduced to this."""

Corners = tuple[float, float, float, float]
Fate = Literal["given out", "low score", "empty mask", "suppressed", "cut off"]


@dataclass(slots=True)
class Candidate:
    """A box that took part in non-maximum suppression.

    Attributes:
        box: x1 y1 x2 y2 in pixels, within the picture.
        anchor: The anchor that it was regressed from, in the same form; it may reach beyond the picture.
        level: The pyramid level of the anchor: 3 for P3, the finest.
        label: 0-based index of the class.
        score: Score of the class, 0..1, before suppression and mask scoring.
        fate: What became of it: ``given out`` as a detection; dropped after suppression for its ``low score`` or its
            ``empty mask``; ``suppressed``; or ``cut off`` by the limit on the number of detections.
        rival: The candidate that suppressed it, None if none did.
        iou: The IoU of the two boxes; 0 without a rival.
    """

    box: Corners
    anchor: Corners
    level: int
    label: int
    score: float
    fate: Fate
    rival: int | None = None
    iou: float = 0.0


@dataclass(slots=True)
class Explanation:
    """How a model arrived at the detections of one picture.

    Attributes:
        prediction: The detections, the same that the predictor gives.
        view: uint8 [h, w, 3], the picture, at most `VIEW` pixels long.
        prototypes: float32 [K, Hp, Wp], 0 or more.
        coefficients: float32 [N, K], -1..1, one row per detection.
        crops: int64 [N, 4], x1 y1 x2 y2: the part of the prototypes that each mask is cropped to, ends not included.
        candidates: The boxes that took part in non-maximum suppression, best first.
        sources: For each of the N detections, the index of the candidate that it was.
        anchors: How many anchors the picture has.
        likely: How many of them have a high enough score to take part in suppression.
        nms: The kind of non-maximum suppression, a key of `yolact_kit.ops.nms.NMS`.
        nms_iou: A box whose IoU with a better one is above this is suppressed.
        min_score: Detections with a lower score are left out.
    """

    prediction: Prediction
    view: NDArray[np.uint8]
    prototypes: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    crops: NDArray[np.int64]
    candidates: list[Candidate]
    sources: list[int]
    anchors: int
    likely: int
    nms: str
    nms_iou: float
    min_score: float

    def shares(self, index: int) -> NDArray[np.float32]:
        """What each prototype adds to a mask: coefficient times prototype, averaged over the crop.

        Args:
            index: Which detection.

        Returns:
            float32 [K], signed.
        """
        x1, y1, x2, y2 = self.crops[index]
        inside = self.prototypes[:, y1:y2, x1:x2].reshape(len(self.prototypes), -1)
        means = inside.mean(axis=1) if inside.shape[1] else np.zeros(len(inside), np.float32)
        return np.asarray(self.coefficients[index] * means, dtype=np.float32)

    def order(self, index: int) -> NDArray[np.int64]:
        """The prototypes by how much they add to a mask, positively or negatively.

        Args:
            index: Which detection.

        Returns:
            int64 [K], indices of prototypes, the one with the largest share first.
        """
        return np.argsort(-np.abs(self.shares(index)), kind="stable")

    def running_sum(self, index: int, terms: int | None = None) -> NDArray[np.float32]:
        """The first terms of w1 * v1 + w2 * v2 + ..., those with the largest share first.

        Args:
            index: Which detection.
            terms: How many; all by default.

        Returns:
            float32 [Hp, Wp]; above 0 inside the mask, before it is cropped.
        """
        chosen = self.order(index)[:terms]
        return np.asarray(np.tensordot(self.coefficients[index, chosen], self.prototypes[chosen], axes=1), np.float32)

    def soft_mask(self, index: int, coefficients: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """The mask at the size of the prototypes: the sigmoid of the sum, zero outside the crop.

        Args:
            index: Which detection.
            coefficients: float32 [K]; the detection's own by default.

        Returns:
            float32 [Hp, Wp] in 0..1.
        """
        return self._crop(index, coefficients).whole()

    def _crop(self, index: int, coefficients: NDArray[np.float32] | None) -> CroppedMask:
        """The mask at the size of the prototypes, as the rectangle that is not cropped away."""
        weights = self.coefficients[index] if coefficients is None else coefficients
        return assemble_in(self.prototypes, weights, self.crops[index])

    def mask(self, index: int, coefficients: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
        """The mask for given coefficients, at the picture's size.

        Args:
            index: Which detection.
            coefficients: float32 [K]; the detection's own by default, which give the predictor's mask.

        Returns:
            uint8 [height, width] of 0 and 1.

        Example:
            >>> without = explanation.coefficients[0].copy()  # doctest: +SKIP
            >>> without[explanation.order(0)[0]] = 0  # doctest: +SKIP
            >>> explanation.mask(0, without).sum()  # doctest: +SKIP
        """
        soft = self._crop(index, coefficients)
        [rle], _ = masks_to_rle([soft], self.prediction.height, self.prediction.width)
        return decode_rle(rle)


def explain(predictor: Predictor, pixels: NDArray[np.uint8], file: str = "") -> Explanation:
    """Predicts on a picture, and explains how each detection came about.

    Args:
        predictor: The model.
        pixels: uint8 [H, W, 3], red, green, blue, upright.
        file: The picture's name.

    Returns:
        The explanation.
    """
    # The same steps as in prediction, with their results in between: the anchors that suppression saw, what survived it
    # (chosen), and what also has pixels (final). All three name an object by its anchor and label, which is how a
    # detection is traced back to its candidate.
    height, width = pixels.shape[:2]
    raw, detect = predictor.run([pixels]), predictor.config.detect
    likely = likely_anchors(raw, 0, detect)
    decisions = explain_nms(detect.nms, likely.boxes, likely.scores, nms_options(detect, predictor.legacy))
    chosen = choose_detections(raw, 0, detect, predictor.score, predictor.legacy, predictor.engine.mask_scorer)
    detections, indices = in_picture(chosen, raw.prototypes[0], (height, width), predictor.legacy)
    final = chosen.take(indices)
    rows = likely.rows[decisions.rows]
    index_of = {pair: index for index, pair in enumerate(_pairs(rows, decisions.labels))}
    sources = [index_of[pair] for pair in _pairs(final.rows, final.labels)]
    fates = _fates(decisions, {index_of[pair] for pair in _pairs(chosen.rows, chosen.labels)}, set(sources))
    boxes = in_pixels(likely.boxes[decisions.rows], height, width)
    anchors = corners(raw.anchors[rows]) * np.array([width, height] * 2, dtype=np.float32)
    levels = _levels(raw.anchors, predictor.config.model)[rows]
    return Explanation(
        prediction=Prediction(file, width, height, *detections, classes=predictor.classes),
        view=_view(pixels),
        prototypes=raw.prototypes[0],
        coefficients=final.coefficients,
        crops=crop_windows(final.boxes, *raw.prototypes.shape[2:]),
        candidates=_candidates(decisions, boxes, anchors, levels, fates),
        sources=sources,
        anchors=len(raw.anchors),
        likely=len(likely.rows),
        nms=detect.nms,
        nms_iou=detect.nms_iou,
        min_score=predictor.score,
    )


def _pairs(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Anchor and label of each detection: together they identify it, since an anchor may stand for several classes."""
    return list(zip(rows.tolist(), labels.tolist(), strict=True))


def _candidates(
    decisions: Decisions, boxes: Floats, anchors: Floats, levels: NDArray[np.int64], fates: list[Fate]
) -> list[Candidate]:
    """The candidates of suppression from the columns that describe them, in their order."""
    parts = boxes, anchors, levels, decisions.labels, decisions.scores, decisions.rivals, decisions.ious
    rows = zip(*(part.tolist() for part in parts), fates, strict=True)
    return [
        Candidate(tuple(box), tuple(anchor), level, label, score, fate, rival if rival >= 0 else None, iou)
        for box, anchor, level, label, score, rival, iou, fate in rows
    ]


def _fates(decisions: Decisions, chosen: set[int], final: set[int]) -> list[Fate]:
    """What became of each candidate, given the indices of those with a high enough score and of the detections."""
    fates: list[Fate] = []
    for index, (survives, rival) in enumerate(zip(decisions.survives.tolist(), decisions.rivals.tolist(), strict=True)):
        if index in final:
            fates.append("given out")
        elif survives:
            # It survived suppression, so one of the two later filters dropped it.
            fates.append("empty mask" if index in chosen else "low score")
        else:
            fates.append("suppressed" if rival >= 0 else "cut off")
    return fates


def _levels(anchors: Floats, config: ModelConfig) -> NDArray[np.int64]:
    """The pyramid level of each anchor, int64 [A], by the width of the first anchor of its cell."""
    # Each level has anchors of a size of its own, so the width tells the level. All anchors of a cell are of one level:
    # the first one of the cell is compared, and its level repeated for the others.
    scales, ratios = config.anchors.scales, config.anchors.aspect_ratios
    per_cell = len(scales[0]) * len(ratios)
    widths = np.array([level[0] * ratios[0] ** 0.5 / config.input_size for level in scales], dtype=np.float32)
    nearest = np.abs(anchors[::per_cell, 2, None] - widths).argmin(axis=1)
    return np.repeat(nearest + 3, per_cell)


def _view(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture, reduced to `VIEW` pixels if it is longer."""
    height, width = pixels.shape[:2]
    scale = VIEW / max(height, width)
    if scale >= 1:
        return pixels
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)), "area")
