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

The first line that applies counts. The cost of a kind is how much AP50 rises when only its errors are corrected.
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
class _Detection:
    """A detection that counts.

    Attributes:
        score: Its score, 0..1.
        label: Index of its class.
        right: Whether it matches an object.
        kind: The kind of error that it has; empty where it is right.
        target: Index of the object that it would match if its class or its outline were right; -1 where there is none,
            or another detection matches that object already.
    """

    score: float
    label: int
    right: bool
    kind: str = ""
    target: int = -1


@dataclass(slots=True)
class _Tally:
    """All detections that count, by their index among the results, and the indices of the objects that they match."""

    detections: dict[int, _Detection] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)


def break_down_errors(truth: dict[str, Any], results: Sequence[dict[str, Any]], masks: Scores) -> ErrorBreakdown:
    """Sorts the errors of a model by kind, and measures what each kind costs.

    If several detections would match the same object once corrected, the one with the best score does, and the others
    are removed. A missed object is corrected by removing it; a class that then has no object left has an AP of 1.

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
    categories = sorted(category["id"] for category in truth["categories"])
    label_of = {category: label for label, category in enumerate(categories)}
    labels = [label_of[annotation["category_id"]] for annotation in truth["annotations"]]
    tally = _tally(masks)
    for overlaps in picture_overlaps(truth, results):
        _classify_errors(tally, overlaps, labels)
    missed = _missed_labels(truth, tally, labels)
    objects = np.array([matches.objects.sum() for matches in masks.matches], dtype=np.int64)
    return _summarise(list(masks.by_class), tally, objects, missed, labels)


def _missed_labels(truth: dict[str, Any], tally: _Tally, labels: Sequence[int]) -> list[int]:
    """The class of each object that no detection matches, not even one whose error were corrected."""
    within_reach = tally.matched | {detection.target for detection in tally.detections.values()}
    missed = []
    for index, annotation in enumerate(truth["annotations"]):
        if not annotation.get("iscrowd", 0) and index not in within_reach:
            missed.append(labels[index])
    return missed


def _tally(masks: Scores) -> _Tally:
    """The detections that do not lie in crowds, right or wrong at an IoU of 0.5."""
    tally = _Tally()
    for label, matches in enumerate(masks.matches):
        for index in np.flatnonzero(~matches.ignored[0]):
            annotation = int(matches.matched[0, index])
            detection = _Detection(float(matches.scores[index]), label, annotation >= 0)
            tally.detections[int(matches.results[index])] = detection
            if annotation >= 0:
                tally.matched.add(annotation)
    return tally


def _classify_errors(tally: _Tally, overlaps: Overlaps, labels: Sequence[int]) -> None:
    """Gives each wrong detection of one picture its kind of error, and the object that it should have matched."""
    iou = overlaps.iou[:, ~overlaps.crowds]
    objects = [index for index, crowd in zip(overlaps.objects, overlaps.crowds, strict=True) if not crowd]
    classes = np.array([labels[index] for index in objects], dtype=np.int64)
    for row, result in zip(iou, overlaps.detections, strict=True):
        detection = tally.detections.get(result)
        if detection is not None and not detection.right:
            detection.kind, target = _kind(row, classes == detection.label)
            if target >= 0 and objects[target] not in tally.matched:
                detection.target = objects[target]


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
    classes: list[str], tally: _Tally, objects: NDArray[np.int64], missed: list[int], labels: list[int]
) -> ErrorBreakdown:
    """Counts the errors, and measures what each kind costs.

    A cost is a difference: AP50 computed again, with the detections mended or the objects reduced, minus AP50 as it is.
    """
    by_class = _count_kinds(classes, tally, missed)
    counts = {kind: sum(row[kind] for row in by_class.values()) for kind in KINDS}
    detections = list(tally.detections.values())
    ap50 = _mean_ap50(detections, objects, objects)

    def gain(mended: Sequence[_Detection], remaining: NDArray[np.int64] = objects) -> float | None:
        value = _mean_ap50(mended, remaining, objects)
        return None if value is None or ap50 is None else max(value - ap50, 0.0)

    right = [detection for detection in detections if detection.right]
    missed_objects = _count_labels(missed, len(classes))
    matched_objects = _count_labels([detection.label for detection in right], len(classes))
    cost = {kind: gain(_mend(detections, kind, labels)) for kind in KINDS[:-1]}
    cost["missed"] = gain(detections, objects - missed_objects)
    return ErrorBreakdown(ap50, counts, cost, gain(right), gain(detections, matched_objects), by_class)


def _count_kinds(classes: list[str], tally: _Tally, missed: list[int]) -> dict[str, dict[str, int]]:
    """How many errors of each kind each class has."""
    by_class = {name: dict.fromkeys(KINDS, 0) for name in classes}
    for detection in tally.detections.values():
        if detection.kind:
            by_class[classes[detection.label]][detection.kind] += 1
    for label in missed:
        by_class[classes[label]]["missed"] += 1
    return by_class


def _count_labels(labels: list[int], classes: int) -> NDArray[np.int64]:
    """How often each class occurs, int64 [C]."""
    return np.bincount(np.array(labels, dtype=np.int64), minlength=classes)


def _mend(detections: Sequence[_Detection], kind: str, labels: Sequence[int]) -> list[_Detection]:
    """The detections without one kind of error: corrected where an object is free for them, removed elsewhere."""
    # Of all detections that would match the same object, whatever their errors, only the best may be corrected.
    best: dict[int, _Detection] = {}
    for detection in detections:
        target = detection.target
        if target >= 0 and (target not in best or detection.score > best[target].score):
            best[target] = detection
    mended = [detection for detection in detections if detection.kind != kind]
    for detection in best.values():
        if detection.kind == kind:
            mended.append(_Detection(detection.score, labels[detection.target], True))
    return mended


def _mean_ap50(
    detections: Sequence[_Detection], remaining: NDArray[np.int64], objects: NDArray[np.int64]
) -> float | None:
    """AP50 over the classes that have objects.

    Args:
        detections: The detections.
        remaining: int64 [C], objects of each class that are to be found.
        objects: int64 [C], objects of each class before any were taken out; classes without one are left out.
    """
    ranked = sorted(detections, key=lambda detection: -detection.score)
    values = []
    for label in np.flatnonzero(objects):
        if remaining[label] == 0:
            values.append(1.0)
            continue
        right = np.array([detection.right for detection in ranked if detection.label == label], dtype=np.bool_)
        # The rank of each right detection is how many detections there are up to it, its number how many right ones.
        ranks = np.flatnonzero(right)[None] + 1
        numbers = np.arange(1, ranks.shape[1] + 1)[None]
        values.append(float(mean_precision(numbers, ranks, remaining[label : label + 1])[0]))
    return sum(values) / len(values) if values else None
