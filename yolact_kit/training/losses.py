"""The losses of YOLACT: classes, boxes, masks and semantic segmentation (Bolya et al., section 3 and 5)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import complete_box_iou_loss

from yolact_kit.config.schema import LossConfig
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs
from yolact_kit.ops.boxes import decode, encode
from yolact_kit.ops.crop import crop_region
from yolact_kit.ops.number_maps import numbered_masks, shrink_maps
from yolact_kit.training.distributed import mean_over_processes
from yolact_kit.training.matching import BACKGROUND, Matches, match
from yolact_kit.training.targets import Target


def yolact_loss(
    raw: RawOutputs,
    targets: list[Target],
    config: LossConfig,
    scorer: MaskScoring | None = None,
    legacy: bool = False,
) -> dict[str, Tensor]:
    """The losses of a batch, weighted; their sum is what training minimises.

    Args:
        raw: The network's outputs.
        targets: The ground truth of each picture of the batch.
        config: Weights and rules.
        scorer: The model's mask-IoU network, where it has one.
        legacy: Whether to compute the mask loss exactly as the original does, see `mask_loss`.

    Returns:
        ``box``, ``mask``, ``classification`` and, if the model has these parts, ``semantic`` and ``mask_scoring``;
        each a scalar. If several processes train together, the mean over the processes is the loss of the whole batch.
        They are computed in float32 even under mixed precision: sums over a map go beyond what fp16 can hold.
    """
    with torch.autocast(raw.logits.device.type, enabled=False):
        exact = raw._replace(**{name: value.float() for name, value in raw._asdict().items() if value is not None})
        return _losses(exact, targets, config, scorer, legacy)


def _losses(
    raw: RawOutputs, targets: list[Target], config: LossConfig, scorer: MaskScoring | None, legacy: bool
) -> dict[str, Tensor]:
    """The weighted losses, from outputs in float32."""
    matches = [match(target, raw.anchors, config) for target in targets]
    classes = torch.stack([matched.classes for matched in matches])
    # A batch of background pictures still has negatives to learn from: avoid a division by zero.
    positives = mean_over_processes((classes > 0).sum(), least=1)
    assembled = [assemble_positives(raw, index, matched, config.max_masks) for index, matched in enumerate(matches)]
    losses = {
        "box": box_loss(raw, matches, config) / positives,
        "mask": config.mask * mask_loss(assembled, legacy) / positives,
        "classification": config.classification * classification_loss(raw.logits, classes, config) / positives,
    }
    if raw.semantic is not None:
        losses["semantic"] = config.semantic * semantic_loss(raw.semantic, matches) / mean_over_processes(len(targets))
    if scorer is not None:
        losses["mask_scoring"] = config.mask_scoring * mask_scoring_loss(assembled, scorer, config) / positives
    return losses


def box_loss(raw: RawOutputs, matches: list[Matches], config: LossConfig) -> Tensor:
    """Smooth L1 loss of the regressions of positive anchors and complete-IoU loss of their boxes, weighted and summed.

    Args:
        raw: The network's outputs.
        matches: What each anchor learns, for each picture.
        config: The weights of the two.

    Returns:
        A scalar.
    """
    # The sum starts as a zero that depends on the network, so that there is a gradient without any positive anchor too.
    total = raw.regressions.sum() * 0
    for regressions, matched in zip(raw.regressions, matches, strict=True):
        positive = matched.classes > 0
        boxes, anchors = matched.boxes[matched.objects[positive]], raw.anchors[positive]
        regressed = regressions[positive]
        total = total + config.box * functional.smooth_l1_loss(regressed, encode(boxes, anchors), reduction="sum")
        if config.box_overlap:
            overlap = complete_box_iou_loss(decode(regressed, anchors), boxes, reduction="sum")
            total = total + config.box_overlap * overlap
    return total


def classification_loss(logits: Tensor, classes: Tensor, config: LossConfig) -> Tensor:
    """Cross entropy of positive anchors and of the hardest negatives of each picture, summed.

    A picture without objects gets as many negatives as one with a single positive anchor, so that it counts too.

    Args:
        logits: [B, A, 1 + C].
        classes: int64 [B, A], as `Matches.classes`.
        config: Gives the number of negatives for each positive.

    Returns:
        A scalar.
    """
    entropy = functional.cross_entropy(logits.flatten(0, 1), classes.clamp(min=0).flatten(), reduction="none")
    entropy = entropy.view_as(classes)
    positive, negative = classes > 0, classes == BACKGROUND
    # Hard negative mining (SSD): nearly all anchors are background and soon easy, so only the negatives with the
    # largest loss take part. Sorting twice turns losses [B, A] into ranks: the second argsort inverts the first.
    hardness = entropy.detach().masked_fill(~negative, -1)
    rank = hardness.argsort(dim=1, descending=True).argsort(dim=1)
    negatives = config.negatives_per_positive * positive.sum(dim=1, keepdim=True).clamp(min=1)
    return entropy[positive | (negative & (rank < negatives))].sum()


class Assembled(NamedTuple):
    """The masks of one picture's positive anchors, at the size of the prototypes, and their targets.

    Attributes:
        logits: float32 [N, h, w].
        masks: float32 [N, h, w] of 0 and 1, the masks of their objects.
        boxes: float32 [N, 4], the boxes of their objects, x1 y1 x2 y2 in 0..1.
        labels: int64 [N], their classes.
        share: How many positive anchors each of them stands for, at least 1.
    """

    logits: Tensor
    masks: Tensor
    boxes: Tensor
    labels: Tensor
    share: float


def assemble_positives(raw: RawOutputs, index: int, matched: Matches, max_masks: int) -> Assembled:
    """Assembles the masks of a picture's positive anchors.

    Args:
        raw: The network's outputs.
        index: Which picture of the batch.
        matched: What each anchor learns.
        max_masks: If there are more positive anchors, this many of them, chosen at random, stand for all.

    Returns:
        The masks.
    """
    positive = torch.nonzero(matched.classes > 0).flatten()
    share = max(1.0, len(positive) / max_masks)
    if share > 1:
        positive = positive[torch.randperm(len(positive), device=positive.device)[:max_masks]]
    objects = matched.objects[positive]
    # A mask is the sum of the prototypes, weighted by the anchor's own coefficients.
    logits = torch.einsum("nk,khw->nhw", raw.coefficients[index, positive], raw.prototypes[index])
    masks = numbered_masks(shrink_maps(matched.maps, raw.prototypes.shape[-2:]), matched.numbers[objects]).float()
    return Assembled(logits, masks, matched.boxes[objects], matched.labels[objects], share)


def mask_loss(assembled: list[Assembled], legacy: bool = False) -> Tensor:
    """Binary cross entropy of the assembled masks inside their objects' boxes, each normalised by its box's area.

    Args:
        assembled: The masks of each picture.
        legacy: Whether to compute it from probabilities, as the original does: beyond a logit of about 17, where they
            are 0 or 1 in float32, a wrong pixel costs 100 and has no gradient. From logits otherwise.

    Returns:
        A scalar: the sum over the anchors of the mean over an object's box.
    """
    return torch.stack([part.share * _cropped_entropy(part, legacy).sum() for part in assembled]).sum()


def mask_scoring_loss(assembled: list[Assembled], scorer: MaskScoring, config: LossConfig) -> Tensor:
    """Smooth L1 loss of the IoUs that the mask-IoU network predicts, summed (Huang et al., Mask Scoring R-CNN).

    Args:
        assembled: The masks of each picture.
        scorer: The mask-IoU network.
        config: Which masks, and how many, take part.

    Returns:
        A scalar.
    """
    # The network sees soft masks cropped to the boxes, and learns the IoU of the thresholded mask with the truth.
    soft, truths = [], []
    for part in assembled:
        inside = crop_region(part.boxes, *part.masks.shape[-2:])
        soft.append(part.logits.sigmoid() * inside)
        truths.append(part.masks)
    masks, truth = torch.cat(soft), torch.cat(truths)
    labels = torch.cat([part.labels for part in assembled])
    chosen = torch.nonzero(truth.sum(dim=(1, 2)) > config.min_scored_area).flatten()
    if len(chosen) > config.max_scored_masks:
        chosen = chosen[torch.randperm(len(chosen), device=chosen.device)[: config.max_scored_masks]]
    masks, truth = masks[chosen], truth[chosen]
    predicted = scorer(masks, labels[chosen])
    return functional.smooth_l1_loss(predicted, _mask_iou(masks > 0.5, truth > 0.5), reduction="sum")


def _mask_iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU [N] of two sets of masks bool [N, h, w]; the second ones must not be empty."""
    return (first & second).sum(dim=(1, 2)) / (first | second).sum(dim=(1, 2))


def _cropped_entropy(part: Assembled, legacy: bool) -> Tensor:
    """Mean binary cross entropy [N] of masks inside their boxes, which count as at least one pixel wide and high."""
    height, width = part.masks.shape[-2:]
    if legacy:
        entropy = functional.binary_cross_entropy(part.logits.sigmoid(), part.masks, reduction="none")
    else:
        entropy = functional.binary_cross_entropy_with_logits(part.logits, part.masks, reduction="none")
    inside = (entropy * crop_region(part.boxes, height, width)).sum(dim=(1, 2))
    sides = (part.boxes[:, 2:] - part.boxes[:, :2]) * part.boxes.new_tensor([width, height])
    return inside / sides.clamp(min=1).prod(dim=1)


def semantic_loss(semantic: Tensor, matches: list[Matches]) -> Tensor:
    """Binary cross entropy of classes at P3, averaged over pixels and summed over classes and pictures.

    Args:
        semantic: [B, C, h, w] logits.
        matches: The objects of each picture.

    Returns:
        A scalar.
    """
    # A pixel belongs to a class where any object of the class covers it: the union of the masks.
    truth = torch.zeros_like(semantic)
    for index, matched in enumerate(matches):
        # The class of each number, counted from 1: where there is no object, or none that is learnt, it is 0.
        classes = matched.labels.new_zeros(matched.total + 1)
        classes[matched.numbers] = matched.labels + 1
        covered = classes[shrink_maps(matched.maps, semantic.shape[-2:]).long()]
        marked = semantic.new_zeros((semantic.shape[1] + 1, *semantic.shape[-2:])).scatter_(0, covered, 1)
        truth[index] = marked[1:]
    entropy = functional.binary_cross_entropy_with_logits(semantic, truth, reduction="sum")
    return entropy / (semantic.shape[-2] * semantic.shape[-1])
