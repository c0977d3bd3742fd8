"""From the network's raw outputs to the detections of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import DetectConfig
from yolact_kit.inference.engines.engine import MaskScorer, NetworkOutputs
from yolact_kit.ops.box_arrays import Floats, decode_boxes
from yolact_kit.ops.candidates import largest_of_rows
from yolact_kit.ops.masks import CroppedMask, assemble, masks_to_rle
from yolact_kit.ops.nms import NMS, NmsOptions
from yolact_kit.shapes.rle import Rle


class PixelDetections(NamedTuple):
    """The detections of one picture, best first.

    Attributes:
        boxes: float32 [N, 4], x1 y1 x2 y2 in pixels of the picture.
        scores: float32 [N], 0..1.
        labels: int64 [N], 0-based.
        masks: N masks as compressed RLE of the picture's size.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: list[Rle]


class Detections(NamedTuple):
    """The detections of one picture after NMS, still without masks.

    Attributes:
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float32 [N], 0..1.
        labels: int64 [N], 0-based.
        coefficients: float32 [N, k].
        rows: int64 [N], the anchor that each comes from.
    """

    boxes: Floats
    scores: Floats
    labels: NDArray[np.int64]
    coefficients: Floats
    rows: NDArray[np.int64]

    def take(self, indices: NDArray[Any]) -> Detections:
        """The detections at ``indices``, int64 or bool [N], in that order."""
        return Detections(*(part[indices] for part in self))


class LikelyAnchors(NamedTuple):
    """The anchors of one picture that probably contain an object.

    Attributes:
        rows: int64 [N], which anchors they are.
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float32 [N, C], 0..1, without background.
    """

    rows: NDArray[np.int64]
    boxes: Floats
    scores: Floats


def detect_objects(raw: NetworkOutputs, index: int, detect: DetectConfig, legacy: bool = False) -> Detections:
    """Decodes one picture's raw outputs and suppresses duplicates.

    Args:
        raw: The network's outputs for a batch.
        index: Which picture of the batch.
        detect: How raw outputs become detections.
        legacy: Like the original: in Fast NMS a box takes part for all classes if its score for one class is high
            enough, and cross-class Fast NMS has no limit on detections.

    Returns:
        The detections, best first.
    """
    # Three lists of rows, each a part of the one before: all anchors, the likely ones, and those that survive. NMS
    # returns rows of the likely ones; what belongs to an anchor is looked up by its row among all.
    likely = likely_anchors(raw, index, detect)
    survivors = NMS[detect.nms](likely.boxes, likely.scores, nms_options(detect, legacy))
    rows = likely.rows[survivors.rows]
    coefficients = raw.coefficients[index][rows]
    return Detections(likely.boxes[survivors.rows], survivors.scores, survivors.labels, coefficients, rows)


def likely_anchors(raw: NetworkOutputs, index: int, detect: DetectConfig) -> LikelyAnchors:
    """The anchors with a high enough score for some class. Most anchors are background and need no further work.

    Args:
        raw: The network's outputs for a batch.
        index: Which picture of the batch.
        detect: How raw outputs become detections.

    Returns:
        The anchors, with the boxes that they become.
    """
    # A class's score is at most exp(l) / (exp(l) + exp(b)), of its logit and the background's alone. So where its logit
    # does not exceed the background's by log(t / (1 - t)), the score cannot reach t, and no softmax is needed.
    logits = raw.logits[index]
    with np.errstate(invalid="ignore"):
        lead = largest_of_rows(logits[:, 1:]) - logits[:, 0]
        rows = (lead >= _least_lead(detect.candidate_score)).nonzero()[0]
        scores = softmax(logits[rows])[:, 1:]
        high = largest_of_rows(scores) >= detect.candidate_score
    rows = rows[high]
    return LikelyAnchors(rows, decode_boxes(raw.regressions[index][rows], raw.anchors[rows]), scores[high])


def _least_lead(score: float) -> float:
    """By how much a logit has to exceed the background's for a score to be possible, less what rounding may take."""
    if score <= 0:
        return -math.inf
    return math.inf if score > 1 else math.log(score) - math.log1p(-min(score, 1 - 1e-9)) - 1e-3


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits.

    Args:
        logits: float32 [N, C].

    Returns:
        float32 [N, C], each row adding up to 1.

    Example:
        >>> softmax(np.zeros((1, 4), dtype=np.float32)).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    powers: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def nms_options(detect: DetectConfig, legacy: bool = False) -> NmsOptions:
    """The options of non-maximum suppression that a configuration gives.

    Args:
        detect: The configuration.
        legacy: As in `detect_objects`.

    Returns:
        The options.
    """
    return NmsOptions(detect.nms_iou, detect.candidate_score, detect.candidates, detect.top_k, legacy)


def postprocess(
    raw: NetworkOutputs,
    index: int,
    size: tuple[int, int],
    detect: DetectConfig,
    score: float = 0.0,
    legacy: bool = False,
    scorer: MaskScorer | None = None,
) -> PixelDetections:
    """The detections of one picture of a batch, in pixels of that picture.

    Args:
        raw: The network's outputs for a batch.
        index: Which picture of the batch.
        size: The picture's height and width in pixels, before it was resized for the network.
        detect: How raw outputs become detections.
        score: Detections with a lower score are left out.
        legacy: Exactly the original's evaluation: boxes truncated to integers, no second score threshold, empty
            masks kept. Otherwise boxes are floats, and a detection without any pixel is left out.
        scorer: The model's mask-IoU network, where it has one: it multiplies scores by how well masks fit.

    Returns:
        The detections, best first.
    """
    detections = choose_detections(raw, index, detect, score, legacy, scorer)
    return in_picture(detections, raw.prototypes[index], size, legacy)[0]


def choose_detections(
    raw: NetworkOutputs, index: int, detect: DetectConfig, score: float, legacy: bool, scorer: MaskScorer | None
) -> Detections:
    """The detections of one picture whose final score is high enough, without masks yet.

    Args:
        raw: The network's outputs for a batch.
        index: Which picture of the batch.
        detect: How raw outputs become detections.
        score: Detections with a lower score are left out.
        legacy: As in `postprocess`.
        scorer: The model's mask-IoU network, which multiplies scores; None if it has none.

    Returns:
        The detections, best first; in legacy by their scores before the mask-IoU network.
    """
    detections = detect_objects(raw, index, detect, legacy)
    if scorer is not None and not legacy:
        detections = _rescored(detections, raw.prototypes[index], scorer)
    # The original also leaves out a score that equals its threshold.
    strict = legacy and score > 0
    confident = detections.scores > score if strict else detections.scores >= score
    detections = detections.take(confident)
    if scorer is not None and legacy:
        # The original scores masks after the threshold, and does not sort again.
        detections = _rescored(detections, raw.prototypes[index], scorer, sort=False)
    return detections


def in_picture(
    detections: Detections, prototypes: Floats, size: tuple[int, int], legacy: bool = False
) -> tuple[PixelDetections, NDArray[np.int64]]:
    """Detections with their masks, in pixels of the picture.

    Args:
        detections: The detections.
        prototypes: float32 [K, Hp, Wp], the picture's prototypes.
        size: The picture's height and width in pixels.
        legacy: As in `postprocess`.

    Returns:
        The detections, and the index of each in ``detections``: those without any pixel are dropped, except in legacy.
    """
    soft = assemble(prototypes, detections.coefficients, detections.boxes)
    return with_masks(detections.boxes, detections.scores, detections.labels, soft, size, legacy)


def with_masks(
    boxes: Floats,
    scores: Floats,
    labels: NDArray[np.int64],
    soft: Iterable[CroppedMask],
    size: tuple[int, int],
    legacy: bool = False,
) -> tuple[PixelDetections, NDArray[np.int64]]:
    """Detections in pixels of the picture, from their soft masks.

    Args:
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float32 [N], 0..1.
        labels: int64 [N], 0-based.
        soft: The N masks, as `assemble` gives them.
        size: The picture's height and width in pixels.
        legacy: As in `postprocess`.

    Returns:
        As `in_picture`.
    """
    masks, areas = masks_to_rle(soft, *size)
    corners = in_pixels(boxes, *size)
    if legacy:
        return PixelDetections(np.trunc(corners), scores, labels, masks), np.arange(len(masks))
    sides = corners[:, 2:] - corners[:, :2]
    indices = ((areas > 0) & (sides > 0).all(axis=1)).nonzero()[0]
    masks = [masks[index] for index in indices]
    return PixelDetections(corners[indices], scores[indices], labels[indices], masks), indices


def _rescored(detections: Detections, prototypes: Floats, scorer: MaskScorer, sort: bool = True) -> Detections:
    """Detections with their scores multiplied by the IoUs that the mask-IoU network predicts for their masks."""
    soft = assemble(prototypes, detections.coefficients, detections.boxes)
    masks = np.stack([mask.whole() for mask in soft]) if len(detections.rows) else np.zeros((0, *prototypes.shape[1:]))
    rescored = detections._replace(scores=detections.scores * scorer(masks.astype(np.float32), detections.labels))
    if not sort:
        return rescored
    return rescored.take(np.argsort(-rescored.scores, kind="stable"))


def in_pixels(boxes: Floats, height: int, width: int) -> Floats:
    """Scales boxes to pixels and clips them to the picture.

    Args:
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        float32 [N, 4], x1 y1 x2 y2 in pixels, x1 at most x2 and y1 at most y2 for every box that touches the picture.
    """
    # The corners are ordered first, since a regressed box may be inside out. Each is clipped on its own side only, so a
    # box outside the picture gets a negative size, by which it is recognised and dropped.
    size = np.array([width, height], dtype=boxes.dtype)
    first = np.minimum(boxes[:, :2], boxes[:, 2:]) * size
    second = np.maximum(boxes[:, :2], boxes[:, 2:]) * size
    return np.concatenate([np.maximum(first, 0), np.minimum(second, size)], axis=1)
