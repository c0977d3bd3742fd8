"""The losses of YOLACT: classes, boxes, masks and semantic segmentation (Bolya et al., section 3 and 5)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from yolact_kit.config.schema import LossConfig
from yolact_kit.models.yolact import RawOutputs
from yolact_kit.ops.boxes import encode
from yolact_kit.training.matching import BACKGROUND, Matches, match
from yolact_kit.training.targets import Target


def yolact_loss(raw: RawOutputs, targets: list[Target], config: LossConfig) -> dict[str, Tensor]:
    """The four losses of a batch, weighted; their sum is what training minimises.

    Args:
        raw: The network's outputs.
        targets: The ground truth of each picture of the batch.
        config: Weights and rules.

    Returns:
        ``box``, ``mask``, ``classification`` and, where the model has the head, ``semantic``; each a scalar.
    """
    matches = [match(target, raw.anchors, config) for target in targets]
    classes = torch.stack([matched.classes for matched in matches])
    # A batch of background pictures still has negatives to learn from, so never divide by zero.
    positives = (classes > 0).sum().clamp(min=1)
    losses = {
        "box": config.box * box_loss(raw, matches) / positives,
        "mask": config.mask * mask_loss(raw, matches, config.max_masks) / positives,
        "classification": config.classification * classification_loss(raw.logits, classes, config) / positives,
    }
    if raw.semantic is not None:
        losses["semantic"] = config.semantic * semantic_loss(raw.semantic, matches) / len(targets)
    return losses


def box_loss(raw: RawOutputs, matches: list[Matches]) -> Tensor:
    """Smooth L1 loss of the regressions of positive anchors, summed.

    Args:
        raw: The network's outputs.
        matches: What each anchor is to learn, for each picture.

    Returns:
        A scalar.
    """
    total = raw.regressions.sum() * 0
    for regressions, matched in zip(raw.regressions, matches, strict=True):
        positive = matched.classes > 0
        wanted = encode(matched.boxes[matched.objects[positive]], raw.anchors[positive])
        total = total + functional.smooth_l1_loss(regressions[positive].float(), wanted, reduction="sum")
    return total


def classification_loss(logits: Tensor, classes: Tensor, config: LossConfig) -> Tensor:
    """Cross entropy of positive anchors and of the hardest negatives of each picture, summed.

    A picture without objects is given the negatives of a picture with one, so that it teaches as well.

    Args:
        logits: [B, A, 1 + C].
        classes: int64 [B, A], as `Matches.classes`.
        config: How many negatives for each positive.

    Returns:
        A scalar.
    """
    entropy = functional.cross_entropy(
        logits.float().flatten(0, 1), classes.clamp(min=0).flatten(), reduction="none"
    ).view_as(classes)
    positive, negative = classes > 0, classes == BACKGROUND
    hardness = entropy.detach().masked_fill(~negative, -1)
    rank = hardness.argsort(dim=1, descending=True).argsort(dim=1)
    wanted = config.negatives_per_positive * positive.sum(dim=1, keepdim=True).clamp(min=1)
    return entropy[positive | (negative & (rank < wanted))].sum()


def mask_loss(raw: RawOutputs, matches: list[Matches], max_masks: int) -> Tensor:
    """Binary cross entropy of the assembled masks inside their objects' boxes, each normalised by its box's area.

    Args:
        raw: The network's outputs.
        matches: What each anchor is to learn, for each picture.
        max_masks: At most so many anchors of a picture, drawn at random, stand for all.

    Returns:
        A scalar: the sum over the anchors of the mean over an object's box.
    """
    total = raw.coefficients.sum() * 0
    for index, matched in enumerate(matches):
        positive = torch.nonzero(matched.classes > 0).flatten()
        if not len(positive):
            continue
        share = max(1.0, len(positive) / max_masks)
        if share > 1:
            positive = positive[torch.randperm(len(positive), device=positive.device)[:max_masks]]
        objects = matched.objects[positive]
        masks = shrink_masks(matched.masks, raw.prototypes.shape[-2:])[objects]
        assembled = torch.einsum(
            "nk,khw->nhw", raw.coefficients[index, positive].float(), raw.prototypes[index].float()
        )
        total = total + share * _cropped_entropy(assembled, masks, matched.boxes[objects]).sum()
    return total


def shrink_masks(masks: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Masks uint8 [N, S, S] at the size of the prototypes: float32 [N, h, w] of 0 and 1."""
    if not len(masks):
        return torch.zeros((0, *size), device=masks.device)
    shrunk = functional.interpolate(masks[None].float(), size=tuple(size), mode="bilinear", align_corners=False)[0]
    return (shrunk > 0.5).float()


def crop_region(boxes: Tensor, height: int, width: int) -> Tensor:
    """Where a mask is kept: inside its box, padded by one prototype pixel.

    Args:
        boxes: [N, 4], x1 y1 x2 y2 in 0..1.
        height: Rows of the prototypes.
        width: Columns of the prototypes.

    Returns:
        bool [N, height, width].
    """
    size = boxes.new_tensor([width, height])
    low = (boxes[:, :2] * size - 1).clamp(min=0)[:, :, None]
    high = torch.minimum(boxes[:, 2:] * size + 1, size)[:, :, None]
    columns = torch.arange(width, device=boxes.device)
    rows = torch.arange(height, device=boxes.device)
    across = (columns >= low[:, 0]) & (columns < high[:, 0])
    down = (rows >= low[:, 1]) & (rows < high[:, 1])
    return down[:, :, None] & across[:, None, :]


def _cropped_entropy(assembled: Tensor, masks: Tensor, boxes: Tensor) -> Tensor:
    """Mean binary cross entropy [N] of mask logits [N, h, w] inside boxes [N, 4] of a pixel or more."""
    height, width = masks.shape[-2:]
    entropy = functional.binary_cross_entropy_with_logits(assembled, masks, reduction="none")
    inside = (entropy * crop_region(boxes, height, width)).sum(dim=(1, 2))
    sides = (boxes[:, 2:] - boxes[:, :2]) * boxes.new_tensor([width, height])
    return inside / sides.clamp(min=1).prod(dim=1)


def semantic_loss(semantic: Tensor, matches: list[Matches]) -> Tensor:
    """Binary cross entropy of classes at P3, averaged over pixels and summed over classes and pictures.

    Args:
        semantic: [B, C, h, w] logits.
        matches: The objects of each picture.

    Returns:
        A scalar.
    """
    wanted = torch.zeros_like(semantic, dtype=torch.float32)
    for index, matched in enumerate(matches):
        masks = shrink_masks(matched.masks, semantic.shape[-2:])
        for label, mask in zip(matched.labels.tolist(), masks, strict=True):
            wanted[index, label] = torch.maximum(wanted[index, label], mask)
    entropy = functional.binary_cross_entropy_with_logits(semantic.float(), wanted, reduction="sum")
    return entropy / (semantic.shape[-2] * semantic.shape[-1])
