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
        found: Indices of the objects that were found.
    """

    image: dict[str, Any]
    right: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

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
    taken: set[int] = set()
    for matches in masks.matches:
        for place in np.flatnonzero((matches.scores >= score) & ~matches.ignored[0]).tolist():
            picture, matched = pictures[matches.pictures[place]], int(matches.matched[0, place])
            (picture.wrong if matched < 0 else picture.right).append(int(matches.results[place]))
            if matched >= 0:
                picture.found.append(matched)
                taken.add(matched)
    by_id = {picture.image["id"]: picture for picture in pictures}
    for place, annotation in enumerate(truth["annotations"]):
        if place not in taken and not annotation.get("iscrowd", 0):
            by_id[annotation["image_id"]].missed.append(place)
    flawed = [picture for picture in pictures if picture.wrong or picture.missed]
    return sorted(flawed, key=_rank)[:most]


def _rank(picture: PictureErrors) -> tuple[float, int]:
    return picture.f1, -len(picture.wrong) - len(picture.missed)
