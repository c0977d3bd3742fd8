"""Choosing anchors that fit a data set's objects."""

from __future__ import annotations

from dataclasses import dataclass

from yolact_kit.config.schema import AnchorConfig
from yolact_kit.datasets.statistics import ObjectTable, best_anchor_iou

GOOD_RECALL = 0.9
"""Anchors of a preset that fit this share of the objects stay as they are."""
_FACTORS = (0.75, 1.25, 0.5, 1.5, 2.0)
_RATIOS = ([1.0, 0.5, 2.0], [1.0, 0.5, 2.0, 1 / 3, 3.0])


@dataclass(frozen=True, slots=True)
class AnchorChoice:
    """The anchors that were chosen.

    Attributes:
        anchors: The anchors.
        reason: Why these.
    """

    anchors: AnchorConfig
    reason: str


def choose_anchors(table: ObjectTable, preset: AnchorConfig, input_size: int, positive_iou: float) -> AnchorChoice:
    """The preset's anchors if they fit the objects, otherwise the best of a few variations.

    Variations have other scales, more elongated shapes or two scales per level. More anchors cost time, so a variation
    with more of them must fit at least three hundredths more of the objects.

    Args:
        table: The objects to fit.
        preset: The anchors of the preset.
        input_size: The training size in pixels.
        positive_iou: An anchor fits an object from this IoU on.

    Returns:
        The anchors and why.
    """

    def recall(anchors: AnchorConfig) -> float:
        return float((best_anchor_iou(table, anchors, input_size) >= positive_iou).mean())

    if not len(table.boxes):
        return AnchorChoice(preset, "the preset's, since there are no objects to fit")
    before = recall(preset)
    if before >= GOOD_RECALL:
        return AnchorChoice(preset, f"the preset's: {before:.0%} of the training objects fit an anchor")
    # A variation is scored by its recall, and pays a price for more anchors. It has to be better by half a hundredth,
    # so that among nearly equal ones the first, simplest one is chosen.
    best, best_score, best_recall = preset, before, before
    for variation in _variations(preset):
        variation_recall = recall(variation)
        score = variation_recall - 0.03 * (_count(variation) > _count(preset))
        if score > best_score + 0.005:
            best, best_score, best_recall = variation, score, variation_recall
    if best is preset:
        return AnchorChoice(preset, f"the preset's: {before:.0%} of the training objects fit; no variation fits better")
    reason = f"{best_recall:.0%} of the training objects fit an anchor, {before:.0%} of the preset's"
    if _count(best) > _count(preset):
        counts = f"{_count(best)} anchors at each position instead of {_count(preset)}"
        reason += f"; {counts} take more time, in training and after"
    return AnchorChoice(best, reason)


def scaled(anchors: AnchorConfig, factor: float) -> AnchorConfig:
    """Anchors of ``factor`` times the size.

    Example:
        >>> scaled(AnchorConfig(scales=[[24], [48]]), 0.5).scales
        [[12.0], [24.0]]
    """
    scales = [[round(scale * factor, 1) for scale in level] for level in anchors.scales]
    return anchors.model_copy(update={"scales": scales})


def _variations(preset: AnchorConfig) -> list[AnchorConfig]:
    """Other anchors to try, the simplest first.

    Shapes come first (other aspect ratios), then each shape with a second scale half an octave up, then each of all
    these at other sizes.
    """
    forms = [preset]
    if not preset.square:
        forms += [preset.model_copy(update={"aspect_ratios": ratios}) for ratios in _RATIOS]
    denser = []
    for level in preset.scales:
        denser.append([round(scale * step, 1) for scale in level for step in (1.0, 2**0.5)])
    forms += [form.model_copy(update={"scales": denser}) for form in forms]
    resized = [scaled(form, factor) for form in forms for factor in _FACTORS]
    return [*forms[1:], *resized]


def _count(anchors: AnchorConfig) -> int:
    """Anchors at each position of a feature map."""
    return len(anchors.scales[0]) * len(anchors.aspect_ratios)
