"""How much each kind of error costs: TIDE (Bolya et al. 2020).

Every wrong detection has one kind of error, by its IoU with the objects of its picture; f is 0.5 and b is 0.1.

============  ==================================================================================
localisation  at least b, less than f, with an object of its class
class         at least f with an object of another class
duplicate     at least f with an object of its class that a better detection has matched
background    at most b with every object
both          the rest: at least b, less than f, with an object of another class
missed        objects that no detection matches, even if its class or place were corrected
============  ==================================================================================

The first line that is true counts. The cost of a kind is how much AP50 rises when only its errors are corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.evaluation.coco import Scores
from yolact_kit.evaluation.matches import mean_precision
from yolact_kit.evaluation.overlaps import Overlaps, picture_overlaps

KINDS = ("class", "localisation", "both", "duplicate", "background", "missed")
FOREGROUND = 0.5
BACKGROUND = 0.1


@dataclass(frozen=True, slots=True)
class ErrorBreakdown:
    """The errors of a model by kind.

    Attributes:
        ap50: AP50 of the unchanged masks, 0..1; None if there are no objects.
        counts: How many errors of each kind there are.
        cost: How much AP50 would rise, 0..1, if the errors of one kind were corrected; None if there are no objects.
        false_positives: The same if no detection were wrong.
        false_negatives: The same if no object were missed.
        by_class: Counts of each class: that of the detection, or of the missed object.
    """

    ap50: float | None
    counts: dict[str, int]
    cost: dict[str, float | None]
    false_positives: float | None
    false_negatives: float | None
    by_class: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        return {
            "AP50": self.ap50,
            "kinds": {kind: {"count": self.counts[kind], "dAP50": self.cost[kind]} for kind in KINDS},
            "false_positives": {"dAP50": self.false_positives},
            "false_negatives": {"dAP50": self.false_negatives},
            "by_class": self.by_class,
        }


@dataclass(slots=True)
class _Found:
    """A detection that counts."""

    score: float
    label: int
    right: bool
    kind: str = ""
    target: int = -1
    """The object that it would be, were its class or place right; -1 where that has a detection already."""


@dataclass(slots=True)
class _Table:
    """All detections that count, by their index among the results, and the objects that some detection is."""

    found: dict[int, _Found] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)


def break_down_errors(truth: dict[str, Any], results: Sequence[dict[str, Any]], masks: Scores) -> ErrorBreakdown:
    """Sorts the errors of a model by kind, and measures what each kind costs.

    If several detections would be the same object once corrected, the best one is, and the others are removed. A missed
    object is corrected by removing it; a class that then has no object left has an AP of 1.

    Args:
        truth: A COCO document.
        results: Detections in COCO's results format.
        masks: The metrics of these masks.

    Returns:
        The counts and the costs.

    Example:
        >>> break_down_errors(found.truth, found.results, found.metrics.mask).counts["missed"]  # doctest: +SKIP
        7
    """
    places = {
        category["id"]: place for place, category in enumerate(sorted(truth["categories"], key=lambda c: c["id"]))
    }
    labels = [places[annotation["category_id"]] for annotation in truth["annotations"]]
    table = _tabulate(masks)
    for here in picture_overlaps(truth, results):
        _name_errors(table, here, labels)
    crowds = [bool(annotation.get("iscrowd", 0)) for annotation in truth["annotations"]]
    within_reach = table.taken | {one.target for one in table.found.values()}
    missed = [place for place in range(len(labels)) if not crowds[place] and place not in within_reach]
    objects = np.array([one.objects.sum() for one in masks.matches], dtype=np.int64)
    return _summarise(list(masks.by_class), table, objects, [labels[place] for place in missed], labels)


def _tabulate(masks: Scores) -> _Table:
    table = _Table()
    for label, matches in enumerate(masks.matches):
        for place in np.flatnonzero(~matches.ignored[0]):
            matched = int(matches.matched[0, place])
            table.found[int(matches.results[place])] = _Found(float(matches.scores[place]), label, matched >= 0)
            if matched >= 0:
                table.taken.add(matched)
    return table


def _name_errors(table: _Table, here: Overlaps, labels: Sequence[int]) -> None:
    """Names the errors of one picture."""
    iou = here.iou[:, ~here.crowds]
    objects = [place for place, crowd in zip(here.objects, here.crowds, strict=True) if not crowd]
    classes = np.array([labels[place] for place in objects], dtype=np.int64)
    for row, place in zip(iou, here.found, strict=True):
        one = table.found.get(place)
        if one is not None and not one.right:
            one.kind, target = _kind(row, classes == one.label)
            if target >= 0 and objects[target] not in table.taken:
                one.target = objects[target]


def _kind(iou: NDArray[np.float64], own: NDArray[np.bool_]) -> tuple[str, int]:
    """The kind of error of a detection from its IoU with each object, and which object it should have been."""
    if len(iou) == 0:
        return "background", -1
    same, other = np.where(own, iou, 0.0), np.where(own, 0.0, iou)
    if BACKGROUND <= same.max() < FOREGROUND:
        return "localisation", int(same.argmax())
    if other.max() >= FOREGROUND:
        return "class", int(other.argmax())
    if same.max() >= FOREGROUND:
        return "duplicate", -1
    return ("background" if iou.max() <= BACKGROUND else "both"), -1


def _summarise(
    classes: list[str], table: _Table, objects: NDArray[np.int64], missed: list[int], labels: list[int]
) -> ErrorBreakdown:
    by_class = {name: dict.fromkeys(KINDS, 0) for name in classes}
    for one in table.found.values():
        if one.kind:
            by_class[classes[one.label]][one.kind] += 1
    for label in missed:
        by_class[classes[label]]["missed"] += 1
    counts = {kind: sum(row[kind] for row in by_class.values()) for kind in KINDS}
    found = list(table.found.values())
    base = _mean_precision(found, objects, objects)

    def gain(mended: Sequence[_Found], left: NDArray[np.int64] = objects) -> float | None:
        value = _mean_precision(mended, left, objects)
        return None if value is None or base is None else max(value - base, 0.0)

    lost = np.bincount(np.array(missed, dtype=np.int64), minlength=len(classes))
    right = [one for one in found if one.right]
    had = np.bincount(np.array([one.label for one in right], dtype=np.int64), minlength=len(classes))
    cost = {kind: gain(_mend(found, kind, labels)) for kind in KINDS[:-1]}
    cost["missed"] = gain(found, objects - lost)
    return ErrorBreakdown(base, counts, cost, gain(right), gain(found, had), by_class)


def _mend(found: Sequence[_Found], kind: str, labels: Sequence[int]) -> list[_Found]:
    """The detections with the errors of one kind made right where an object is free for them, and gone elsewhere."""
    best: dict[int, _Found] = {}
    for one in found:
        if one.target >= 0 and (one.target not in best or one.score > best[one.target].score):
            best[one.target] = one
    mended = [one for one in found if one.kind != kind]
    return mended + [_Found(one.score, labels[one.target], True) for one in best.values() if one.kind == kind]


def _mean_precision(found: Sequence[_Found], left: NDArray[np.int64], objects: NDArray[np.int64]) -> float | None:
    """AP50 over the classes that have ``objects``, of which ``left`` are asked for."""
    ranked = sorted(found, key=lambda one: -one.score)
    values = []
    for label in np.flatnonzero(objects):
        if left[label] == 0:
            values.append(1.0)
            continue
        right = np.array([one.right for one in ranked if one.label == label], dtype=np.bool_)
        seen = np.flatnonzero(right)[None] + 1
        values.append(float(mean_precision(np.arange(1, seen.shape[1] + 1)[None], seen, left[label : label + 1])[0]))
    return sum(values) / len(values) if values else None
