"""Which classes occur together, how many objects a picture has, and where in the pictures objects are."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Instance, Picture

GRID = 32
"""Rows and columns of a heat map."""


def co_occurrence(dataset: Dataset, classes: list[str] | None = None) -> NDArray[np.int64]:
    """In how many pictures two classes occur together.

    Args:
        dataset: The data set.
        classes: The classes that matter; all of the data set's by default.

    Returns:
        int64 [C, C], symmetric; the diagonal counts the pictures that have a class.

    Example:
        >>> co_occurrence(Dataset("empty", ["nut", "bolt"], {"train": []})).tolist()
        [[0, 0], [0, 0]]
    """
    index = {label: number for number, label in enumerate(dataset.classes if classes is None else classes)}
    together = np.zeros((len(index), len(index)), dtype=np.int64)
    for picture in dataset.pictures():
        present = sorted({index[instance.label] for instance in picture.instances if instance.label in index})
        together[np.ix_(present, present)] += 1
    return together


def objects_a_picture(dataset: Dataset) -> dict[int, int]:
    """The number of pictures by the number of objects in them, ascending; crowds are not counted."""
    counts = Counter(sum(not instance.crowd for instance in picture.instances) for picture in dataset.pictures())
    return dict(sorted(counts.items()))


def heat_maps(dataset: Dataset) -> dict[str, NDArray[np.float64]]:
    """Where the objects of each class are, relative to the size of their picture.

    Args:
        dataset: The data set.

    Returns:
        float64 [GRID, GRID] by class, for classes with objects: how many objects cover each cell, shares of cells
        included.
    """
    maps: dict[str, NDArray[np.float64]] = {}
    for picture in dataset.pictures():
        for instance in picture.instances:
            if not instance.crowd:
                heat = maps.setdefault(instance.label, np.zeros((GRID, GRID)))
                heat += _covered(instance, picture)
    return maps


def _covered(instance: Instance, picture: Picture) -> NDArray[np.float64]:
    """The share of each cell that an object covers."""
    fine = 4 * GRID
    if instance.rle is not None:
        mask = instance.mask(picture.height, picture.width)
    else:
        mask = np.zeros((fine, fine), np.uint8)
        scale = np.array([fine / picture.width, fine / picture.height])
        rings = [np.rint(np.clip(ring * scale, -fine, 2 * fine)).astype(np.int32) for ring in instance.polygons]
        cv2.fillPoly(mask, rings, 1)
    return np.asarray(cv2.resize(mask.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA), np.float64)
