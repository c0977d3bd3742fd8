"""Checks of pictures with very many objects: what they find is the same, and only neighbours are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.largest_tensor import LargestTensor
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import CHECKS, Subject

COUNT = 1200


def crowded() -> Dataset:
    """A picture of small squares, of which every twentieth lies nearly on an earlier one, under either label."""
    random = np.random.default_rng(1)
    square = np.array([[0.0, 0], [30, 0], [30, 30], [0, 30]])
    places = np.array([(x, y) for x in range(0, 1400, 40) for y in range(0, 1400, 40)], dtype=np.float64)[:COUNT]
    random.shuffle(places)
    places[19::20] = places[0::20] + 1
    instances = [Instance("nut" if number % 40 else "bolt", [square + place]) for number, place in enumerate(places)]
    return Dataset("crowded", ["nut", "bolt"], {"train": [Picture("a.png", 1420, 1420, Path("a.png"), instances)]})


def test_near_copies_among_a_thousand_objects_are_found_without_comparing_all_pairs() -> None:
    subject = Subject(crowded(), template("yolact_nano").model, {})
    with LargestTensor() as largest:
        near = list(CHECKS["duplicate-near"].run(subject))
        disagreeing = list(CHECKS["labels-disagree"].run(subject))
    assert len(near) + len(disagreeing) == COUNT // 20 and len(disagreeing) == COUNT // 40
    assert near[0].object == "object 40 (nut)" and "object 21 (nut)" in near[0].message
    assert [finding.object for finding in near] == [f"object {number} (nut)" for number in range(40, COUNT + 1, 40)]
    assert largest.size < COUNT * COUNT / 4
