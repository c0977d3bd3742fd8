"""Which pictures a model does worst on, and what it does wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yolact_kit.evaluation.coco import Scores


@dataclass(slots=True)
class PictureErrors:
    """What is right and wrong in one picture, at a threshold and a mask IoU of 0.5.

    Attributes:
        image: The picture's entry in the COCO document.
        right: Indices of the right detections among the results, best first.
        wrong: Indices of the wrong ones.
        missed: Indices of the missed objects among the annotations.
        matched: Indices of the objects that a detection matches.
    """

    image: dict[str, Any]
    right: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    matched: list[int] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 if there are neither objects nor detections."""
        total = 2 * len(self.right) + len(self.wrong) + len(self.missed)
        return 2 * len(self.right) / total if total else 1.0

    def to_dict(self) -> dict[str, Any]:
        """As in ``metrics.json``."""
        counts = {"right": len(self.right), "wrong": len(self.wrong), "missed": len(self.missed)}
        return {"file": self.image["file_name"], "f1": self.f1, **counts}


def worst_pictures(truth: dict[str, Any], masks: Scores, score: float, most: int = 20) -> list[PictureErrors]:
    """The pictures with the lowest F1; among equal ones, those with most errors come first.

    Args:
        truth: The COCO document that was evaluated against.
        masks: The metrics of the masks.
        score: Detections with a lower score are left out.
        most: At most this many pictures; pictures without errors are never among them.

    Returns:
        The pictures, worst first.

    Example:
        >>> worst_pictures(found.truth, found.metrics.mask, 0.3)[0].image["file_name"]  # doctest: +SKIP
        'IMG_0042.jpg'
    """
    pictures = [PictureErrors(image) for image in sorted(truth["images"], key=lambda image: image["id"])]
    _sort_detections(pictures, masks, score)
    _add_missed(pictures, truth)
    flawed = [picture for picture in pictures if picture.wrong or picture.missed]
    return sorted(flawed, key=_rank)[:most]


def _sort_detections(pictures: list[PictureErrors], masks: Scores, score: float) -> None:
    """Sorts the detections of each picture into right and wrong ones."""
    for matches in masks.matches:
        for index in np.flatnonzero((matches.scores >= score) & ~matches.ignored[0]).tolist():
            picture = pictures[matches.pictures[index]]
            result, annotation = int(matches.results[index]), int(matches.matched[0, index])
            if annotation < 0:
                picture.wrong.append(result)
            else:
                picture.right.append(result)
                picture.matched.append(annotation)


def _add_missed(pictures: list[PictureErrors], truth: dict[str, Any]) -> None:
    """Notes the objects of each picture that no detection matches."""
    matched = {annotation for picture in pictures for annotation in picture.matched}
    by_id = {picture.image["id"]: picture for picture in pictures}
    for index, annotation in enumerate(truth["annotations"]):
        if index not in matched and not annotation.get("iscrowd", 0):
            by_id[annotation["image_id"]].missed.append(index)


def _rank(picture: PictureErrors) -> tuple[float, int]:
    """Sorts the worst picture first: lowest F1, then most errors."""
    return picture.f1, -len(picture.wrong) - len(picture.missed)
