from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from yolact_kit.datasets.pipelines import Pipeline, load_steps, pipeline_names
from yolact_kit.errors import UserError

WIDTH, HEIGHT = 120, 90


def _picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def _transformed_corners(name: str, corners: list[tuple[float, float]], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What albumentations itself makes of points under the same seed, and the picture's new size."""
    import albumentations as A  # noqa: N812

    points = A.KeypointParams(format="xy", remove_invisible=False)
    run = A.Compose(Pipeline(load_steps(name)).transforms, seed=seed, keypoint_params=points)
    done = run(image=_picture(), masks=np.zeros((1, HEIGHT, WIDTH), np.uint8), keypoints=corners)
    return np.asarray(done["keypoints"]), np.asarray(done["image"].shape[:2])


@pytest.mark.parametrize("name", pipeline_names())
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    x=st.integers(2, 80),
    y=st.integers(2, 50),
    wide=st.integers(12, 36),
    tall=st.integers(12, 36),
    seed=st.integers(0, 10**6),
)
def test_the_box_of_the_transformed_mask_is_the_transformed_box(
    name: str, x: int, y: int, wide: int, tall: int, seed: int
) -> None:
    mask = np.zeros((1, HEIGHT, WIDTH), np.uint8)
    mask[0, y : y + tall, x : x + wide] = 1
    _, (changed,) = Pipeline(load_steps(name))(_picture(), mask, seed)
    # Albumentations counts from the centre of the first pixel, whose corner is half a pixel before it.
    left, top, right, bottom = x - 0.5, y - 0.5, x + wide - 0.5, y + tall - 0.5
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    points, (rows_, columns_) = _transformed_corners(name, corners, seed)
    frame = box(-0.5, -0.5, columns_ - 0.5, rows_ - 0.5)
    seen = Polygon(points).intersection(frame)
    assert changed.shape == (rows_, columns_)
    rows, columns = np.nonzero(changed)
    if not len(rows):
        assert seen.area < 10
        return
    found = np.array([columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5])
    if frame.buffer(1e-6).contains(Polygon(points)):
        assert np.abs(found - seen.bounds).max() <= 1.0
    else:  # What the border cuts to a wedge may end in a point thinner than a pixel: the mask must not be beyond it.
        assert (np.array([-1, -1, 1, 1]) * (found - seen.bounds)).max() <= 1.0


@pytest.mark.parametrize("name", pipeline_names())
def test_every_pipeline_changes_pictures_and_depends_on_its_seed_alone(name: str) -> None:
    pipeline = Pipeline(load_steps(name))
    mask = np.ones((2, HEIGHT, WIDTH), np.uint8)
    first, again, other = (pipeline(_picture(), mask, seed) for seed in (1, 1, 2))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert first[0].shape != other[0].shape or (first[0] != other[0]).any()
    assert first[0].dtype == first[1].dtype == np.uint8
    assert pipeline(_picture(), mask[:0], 1)[1].shape[0] == 0


WRONG: dict[str, tuple[Any, str, str]] = {
    "a name with a slip": ([{"HorizontalFlop": {}}], "no transform 'HorizontalFlop'", "'HorizontalFlip'"),
    "one that needs other pictures": ([{"FDA": {}}], "no transform 'FDA'", ""),
    "code": ([{"Lambda": {}}], "no transform 'Lambda'", ""),
    "what makes no picture": ([{"Normalize": {}}], "no transform 'Normalize'", ""),
    "an unknown option": ([{"Affine": {"rotat": 5}}], "no option 'rotat'", "'rotate'"),
    "a word for a number": ([{"HorizontalFlip": {"p": "often"}}], "not allowed", ""),
    "no list": ({"HorizontalFlip": {}}, "must be a list", "steps"),
    "nothing": ([], "must be a list", "steps"),
    "a number": ([3], "not a step", "steps"),
    "options without names": ([{"HorizontalFlip": [1]}], "names with values", "steps"),
    "a choice of nothing": ([{"OneOf": {"p": 1}}], "must be a list", "steps"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_steps_are_told(case: str) -> None:
    steps, message, advice = WRONG[case]
    with pytest.raises(UserError, match=message) as caught:
        Pipeline(steps)
    assert advice in caught.value.advice


@pytest.mark.parametrize("text", ["", "{", "- HorizontalFlip", "steps: []\nextra: 1"])
def test_files_that_are_no_pipeline_are_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "내 것.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError):
        load_steps(str(file))


def test_a_file_of_the_users_own(tmp_path: Path) -> None:
    file = tmp_path / "내 것.yaml"
    file.write_text("steps:\n  - HorizontalFlip: {p: 1.0}\n  - Transpose: {p: 1.0}\n", encoding="utf-8")
    image, masks = Pipeline(load_steps(str(file)))(_picture(), np.ones((1, HEIGHT, WIDTH), np.uint8), 0)
    assert (image == _picture()[:, ::-1].transpose(1, 0, 2)).all()
    assert masks.shape == (1, WIDTH, HEIGHT)
    with pytest.raises(UserError, match="no pipeline 'ligth'"):
        load_steps("ligth")
