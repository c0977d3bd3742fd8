"""What checks look at is what training learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.datasets.folders import good_folder, polygon
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import validate_folder


@pytest.mark.parametrize(
    "segmentation", [None, [], [[]], [[2, 3, 9, 9]], [[2, 3], *polygon(10, 10)], [*polygon(10, 10), [2, 3, 9, 9]]]
)
def test_checks_and_training_see_the_same_objects(segmentation: Any, tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    maker.documents["train"]["annotations"][0].update(segmentation=segmentation)
    checked, trained = (
        data.splits["train"]
        for data in (validate_folder(maker.write(), template("yolact_nano").model).dataset, load_dataset(tmp_path))
    )
    assert [len(picture.instances) for picture in checked] == [len(picture.instances) for picture in trained]
    for first, second in zip(checked, trained, strict=True):
        for one, other in zip(first.instances, second.instances, strict=True):
            assert [ring.tolist() for ring in one.polygons] == [ring.tolist() for ring in other.polygons]
