"""From the network's raw outputs to the detections of a picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yolact_kit.config.schema import DetectConfig
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs
from yolact_kit.ops.boxes import decode
from yolact_kit.ops.masks import assemble, masks_to_rle
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
    """The detections of one picture after NMS, still without masks, on the network's device.

    Attributes:
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float32 [N], 0..1.
        labels: int64 [N], 0-based.
        coefficients: float32 [N, k].
        rows: int64 [N], the anchor that each comes from.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    coefficients: Tensor
    rows: Tensor

    def take(self, indices: Tensor) -> Detections:
        """The detections at ``indices``, int64 or bool [N], in that order."""
        return Detections(*(part[indices] for part in self))


class LikelyAnchors(NamedTuple):
    """The anchors of one picture that probably contain an object.

    Attributes:
        rows: int64 [N], which anchors they are.
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float32 [N, C], 0..1, without background.
    """

    rows: Tensor
    boxes: Tensor
    scores: Tensor


def detect_objects(raw: RawOutputs, index: int, detect: DetectConfig, legacy: bool = False) -> Detections:
    """Decodes one picture's raw outputs and suppresses duplicates.

    Args:
        raw: The network's raw outputs of a batch.
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
    coefficients = raw.coefficients[index][rows].float()
    return Detections(likely.boxes[survivors.rows], survivors.scores, survivors.labels, coefficients, rows)


def likely_anchors(raw: RawOutputs, index: int, detect: DetectConfig) -> LikelyAnchors:
    """The anchors with a high enough score for some class. Most anchors are background and need no further work.

    Args:
        raw: The network's raw outputs of a batch.
        index: Which picture of the batch.
        detect: How raw outputs become detections.

    Returns:
        The anchors, with the boxes that they become.
    """
    scores = raw.logits[index].float().softmax(dim=-1)[:, 1:]
    rows = (scores.amax(dim=1) >= detect.candidate_score).nonzero().squeeze(1)
    return LikelyAnchors(rows, decode(raw.regressions[index][rows].float(), raw.anchors[rows].float()), scores[rows])


def nms_options(detect: DetectConfig, legacy: bool = False) -> NmsOptions:
    """The options of non-maximum suppression that a configuration gives.

    Args:
        detect: The configuration.
        legacy: As in `detect_objects`.

    Returns:
        The options.
    """
    return NmsOptions(detect.nms_iou, detect.candidate_score, detect.candidates, detect.top_k, legacy)


@torch.inference_mode()
def postprocess(
    raw: RawOutputs,
    index: int,
    size: tuple[int, int],
    detect: DetectConfig,
    score: float = 0.0,
    legacy: bool = False,
    scorer: MaskScoring | None = None,
) -> PixelDetections:
    """The detections of one picture of a batch, in pixels of that picture.

    Args:
        raw: The network's raw outputs of a batch.
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
    raw: RawOutputs, index: int, detect: DetectConfig, score: float, legacy: bool, scorer: MaskScoring | None
) -> Detections:
    """The detections of one picture whose final score is high enough, without masks yet.

    Args:
        raw: The network's raw outputs of a batch.
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
    detections: Detections, prototypes: Tensor, size: tuple[int, int], legacy: bool = False
) -> tuple[PixelDetections, NDArray[np.int64]]:
    """Detections with their masks, in pixels of the picture.

    Args:
        detections: The detections.
        prototypes: float [K, Hp, Wp], the picture's prototypes.
        size: The picture's height and width in pixels.
        legacy: As in `postprocess`.

    Returns:
        The detections, and the index of each in ``detections``: those without any pixel are dropped, except in legacy.
    """
    soft = assemble(prototypes, detections.coefficients, detections.boxes)
    return with_masks(detections.boxes, detections.scores, detections.labels, soft, size, legacy)


def with_masks(
    boxes: Tensor, scores: Tensor, labels: Tensor, soft: Tensor, size: tuple[int, int], legacy: bool = False
) -> tuple[PixelDetections, NDArray[np.int64]]:
    """Detections in pixels of the picture, from their soft masks.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1, not clipped.
        scores: float [N], 0..1.
        labels: int64 [N], 0-based.
        soft: float [N, Hp, Wp], the masks as `assemble` gives them.
        size: The picture's height and width in pixels.
        legacy: As in `postprocess`.

    Returns:
        As `in_picture`.
    """
    masks, areas = masks_to_rle(soft, *size)
    corners = in_pixels(boxes, *size).cpu().numpy()
    score_array, label_array = scores.cpu().numpy(), labels.cpu().numpy()
    if legacy:
        return PixelDetections(np.trunc(corners), score_array, label_array, masks), np.arange(len(masks))
    sides = corners[:, 2:] - corners[:, :2]
    indices = ((areas > 0) & (sides > 0).all(axis=1)).nonzero()[0]
    masks = [masks[index] for index in indices]
    return PixelDetections(corners[indices], score_array[indices], label_array[indices], masks), indices


def _rescored(detections: Detections, prototypes: Tensor, scorer: MaskScoring, sort: bool = True) -> Detections:
    """Detections with their scores multiplied by the IoUs that the mask-IoU network predicts for their masks."""
    fit = scorer(assemble(prototypes, detections.coefficients, detections.boxes), detections.labels)
    rescored = detections._replace(scores=detections.scores * fit)
    if not sort:
        return rescored
    return rescored.take(rescored.scores.argsort(descending=True, stable=True))


def in_pixels(boxes: Tensor, height: int, width: int) -> Tensor:
    """Scales boxes to pixels and clips them to the picture.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in 0..1; corners in any order.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        float [N, 4], x1 y1 x2 y2 in pixels, x1 at most x2 and y1 at most y2 for every box that touches the picture.
    """
    # The corners are ordered first, since a regressed box may be inside out. Each is clipped on its own side only, so a
    # box outside the picture gets a negative size, by which it is recognised and dropped.
    first = torch.minimum(boxes[:, :2], boxes[:, 2:])
    second = torch.maximum(boxes[:, :2], boxes[:, 2:])
    size = boxes.new_tensor([width, height])
    corners = [(first * size).clamp(min=0), torch.minimum(second * size, size)]
    return torch.cat(corners, dim=1)
