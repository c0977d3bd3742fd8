"""What to do next: the causes that keep AP below 1, each with the AP that it costs, and advice against the largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yolact_kit.evaluation.bootstrap import draw_pictures, middle, resampled_precision
from yolact_kit.evaluation.boundary import BoundaryQuality
from yolact_kit.evaluation.coco import Scores
from yolact_kit.evaluation.errors import KINDS, ErrorBreakdown
from yolact_kit.words import counted

OUTLINES: Final = "outlines"
FEW_PICTURES: Final = "few pictures"
LEAST = 0.0005
"""What costs less AP than this is 0.000 on the page: nothing is advised against it."""
_DRAWS = 200
_MOST_PICTURES = 100
"""With more pictures than this AP is certain enough, and drawing them would take long."""
_IOU_90 = 8
"""The index of IoU 0.90 among COCO's ten thresholds."""
_TEXTS = {
    OUTLINES: "The masks of objects that are found are not exact. Train with a larger `model.input_size`, and label "
    "outlines more finely: with more points, close to the edge, alike in every picture.",
    "class": "Found, but taken for another class. The matrix tells which; label more pictures with these classes side "
    "by side, or merge classes that people mix up too.",
    "localisation": "Found, but the mask covers too little or too much. Check that labels follow outlines alike, and "
    "train with larger pictures where objects are small.",
    "both": "Something like an object of another class, badly outlined. More pictures of these objects help with both.",
    "duplicate": "The same object found twice. Objects labelled twice or in parts teach that, and so do dense heaps. A "
    "higher `predict --score` leaves most of them out.",
    "background": "Detections of nothing. Look among the worst pictures for objects that nobody labelled; otherwise "
    "add pictures of such backgrounds without labels.",
    "missed": "Not found at all. `yolact-kit validate` tells whether an anchor fits them; otherwise more pictures, or "
    "longer training.",
}


@dataclass(frozen=True, slots=True)
class ApLoss:
    """One cause that keeps AP below 1.

    Attributes:
        kind: `OUTLINES`, or a kind of error.
        count: How many errors of this kind there are; of outlines, how many objects were found.
        ap: How much mask AP would rise without it, 0..1; None where AP is undefined.
        text: What it is, and what helps.
    """

    kind: str
    count: int
    ap: float | None
    text: str

    @property
    def matters(self) -> bool:
        """Whether it costs anything."""
        return self.ap is not None and self.ap >= LEAST


@dataclass(frozen=True, slots=True)
class Advice:
    """Where AP is lost, and what to do next.

    Attributes:
        kind: What the advice is about: `FEW_PICTURES`, or the kind of the largest loss; empty where nothing is lost.
        text: The advice; empty where nothing is lost.
        losses: Every cause, the largest loss first.
        low: Lower end of the 95 % interval of AP on other pictures like these; None where it was not measured.
        high: Its upper end.
    """

    kind: str
    text: str
    losses: list[ApLoss]
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        losses = {loss.kind: {"count": loss.count, "dAP": loss.ap} for loss in self.losses}
        return {"kind": self.kind, "text": self.text, "losses": losses, "AP": {"low": self.low, "high": self.high}}


def advise(masks: Scores, boundary: BoundaryQuality, errors: ErrorBreakdown) -> Advice:
    """Finds out what costs most AP, and what to do about it.

    Exact outlines for what is found would raise AP to AP50. An error that is corrected at an IoU of 0.5 raises AP50 by
    its cost; its outline will be as good as those of the others, so AP rises by that times AP / AP50. If chance with
    the pictures could change AP by more than the largest loss, the advice is to measure on more of them.

    Args:
        masks: The metrics of the masks.
        boundary: How well they follow outlines.
        errors: The errors by kind.

    Returns:
        The losses and the advice.

    Example:
        >>> advise(found.metrics.mask, boundary, errors).kind  # doctest: +SKIP
        'outlines'
    """
    losses = _losses(masks, boundary, errors)
    largest = losses[0]
    if not largest.matters or largest.ap is None:
        return Advice("", "", losses)
    pictures = len(masks.matches[0].objects)
    interval = _interval(masks) if 1 < pictures <= _MOST_PICTURES else None
    if pictures == 1 or (interval is not None and (interval[1] - interval[0]) / 2 > largest.ap):
        return Advice(FEW_PICTURES, _few_pictures(pictures, interval), losses, *(interval or (None, None)))
    lead = _outlines(masks, boundary) if largest.kind == OUTLINES else _errors(largest)
    return Advice(largest.kind, f"{lead} {largest.text}", losses, *(interval or (None, None)))


def _losses(masks: Scores, boundary: BoundaryQuality, errors: ErrorBreakdown) -> list[ApLoss]:
    """What each cause costs, the largest first."""
    ap, ap50 = masks.values["AP"], masks.values["AP50"]
    outlines = None if ap is None or ap50 is None else max(ap50 - ap, 0.0)
    share = ap / ap50 if ap and ap50 else 1.0
    losses = [ApLoss(OUTLINES, boundary.all.objects, outlines, _TEXTS[OUTLINES])]
    for kind in KINDS:
        cost = errors.cost[kind]
        losses.append(ApLoss(kind, errors.counts[kind], None if cost is None else cost * share, _TEXTS[kind]))
    return sorted(losses, key=lambda loss: -(loss.ap or 0.0))


def _outlines(masks: Scores, boundary: BoundaryQuality) -> str:
    """How AP falls as outlines have to fit better."""
    ap, ap50, ap90 = masks.values["AP"], masks.values["AP50"], _ap_at(masks, _IOU_90)
    exact = boundary.scores.values["AP"]
    return (
        f"Outlines cost most: AP falls from {ap50:.3f} at IoU 0.50 to {ap90:.3f} at IoU 0.90, and is {ap:.3f} on "
        f"average; boundary AP is {exact:.3f}."
    )


def _errors(loss: ApLoss) -> str:
    """How much a kind of error costs."""
    return f"Errors of the kind '{loss.kind}' cost most: {loss.count} of them about {loss.ap:.3f} of AP."


def _few_pictures(pictures: int, interval: tuple[float, float] | None) -> str:
    """Why no error stands out."""
    start = f"{counted(pictures, 'picture')} cannot tell what to improve"
    if interval is not None:
        start += f": on others like these AP may be anything from {interval[0]:.3f} to {interval[1]:.3f}"
    return f"{start}. Measure on more pictures before you act on the figures, for example with a larger test split."


def _ap_at(masks: Scores, threshold: int) -> float:
    """AP at one of COCO's ten IoU thresholds; 0 where nothing defines it."""
    if masks.precision is None:
        return 0.0
    precision = masks.precision[threshold]
    defined = precision[:, precision[0] > -1]
    return float(defined.mean()) if defined.size else 0.0


def _interval(masks: Scores) -> tuple[float, float] | None:
    """The middle 95 % of AP on draws of the pictures."""
    draws = draw_pictures(len(masks.matches[0].objects), _DRAWS, seed=0)
    by_class = resampled_precision(masks, draws).mean(axis=1)  # [B, C]
    # A draw that holds no object of a class has no AP for it; the mean is over the others.
    values = [row[np.isfinite(row)].mean() for row in by_class if np.isfinite(row).any()]
    return middle(values) if values else None
