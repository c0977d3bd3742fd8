from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.test_coco import CLASSES, instance, picture, prediction
from yolact_kit.evaluation.coco import evaluate_documents, ground_truth
from yolact_kit.evaluation.worst import PictureErrors, worst_pictures
from yolact_kit.reports.worst_pictures import LONGEST, draw_errors, draw_worst

GREY = np.full((100, 100, 3), 90, dtype=np.uint8)


@pytest.fixture
def scene() -> tuple[dict[str, Any], list[dict[str, Any]], PictureErrors]:
    """A cup that is found, a plate that is missed, a cup seen where nothing is."""
    truth = ground_truth([picture(instance("컵", 10, 10, 20), instance("plate", 60, 10, 30))], CLASSES)
    results = prediction((0, 0.9, 10, 10, 20), (0, 0.8, 20, 60, 30)).to_coco(1)
    return truth, results, worst_pictures(truth, evaluate_documents(truth, results).mask, 0.3)[0]


def changed(part: np.ndarray) -> float:
    """Share of the pixels that are not grey any more."""
    return float((part != 90).any(axis=2).mean())


def test_errors_are_filled_and_the_rest_outlined(
    scene: tuple[dict[str, Any], list[dict[str, Any]], PictureErrors],
) -> None:
    truth, results, errors = scene
    drawn = draw_errors(GREY, errors, truth, results)
    assert drawn.shape == (100, 206, 3)
    left, right = drawn[:, :100], drawn[:, 106:]
    assert changed(left[25:35, 70:80]) == 1  # the missed plate
    assert changed(left[15:25, 15:25]) == 0  # inside the found cup
    assert changed(left[8:32, 8:32]) > 0  # its outline
    assert changed(right[70:80, 30:40]) == 1  # the cup out of nothing
    assert changed(right[15:25, 15:25]) == 0
    assert changed(right[25:35, 70:80]) == 0
    assert (GREY == 90).all()


def test_large_pictures_are_shrunk(scene: tuple[dict[str, Any], list[dict[str, Any]], PictureErrors]) -> None:
    truth, results, errors = scene
    for one in (*truth["annotations"], *results):
        one["segmentation"], one["bbox"] = [[100, 100, 900, 100, 900, 400]], [100, 100, 800, 300]
    drawn = draw_errors(np.zeros((500, 1500, 3), np.uint8), errors, truth, results)
    assert drawn.shape == (LONGEST // 3, 2 * LONGEST + 6, 3)


def test_pictures_are_read_from_the_folder(
    scene: tuple[dict[str, Any], list[dict[str, Any]], PictureErrors], tmp_path: Path
) -> None:
    truth, results, errors = scene
    Image.fromarray(GREY).save(tmp_path / "사진.png")
    [(same, drawn)] = draw_worst([errors], tmp_path, truth, results)
    assert same is errors
    np.testing.assert_array_equal(drawn, draw_errors(GREY, errors, truth, results))
