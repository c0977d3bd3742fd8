from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, find_pictures
from yolact_kit.inference.uncertainty import most_uncertain, uncertainty, write_list


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config()
    config.detect.top_k = 6
    return Predictor(tiny_model(config), config, score=0.2, batch_size=2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "사진"
    folder.mkdir()
    for number in range(6):
        spread = 20 + 47 * number
        pixels = rng.integers(128 - spread // 2, 128 + spread // 2, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_scores_near_a_half_are_unsure_and_each_detection_counts() -> None:
    values = [
        uncertainty(np.array(scores, dtype=np.float32)) for scores in ([], [1.0], [0.9], [0.6], [0.5], [0.5, 0.4])
    ]
    assert values == pytest.approx([0, 0, 0.04, 0.64, 1, 1.64], abs=1e-6)
    assert uncertainty(np.array([0.3], dtype=np.float32)) == pytest.approx(
        uncertainty(np.array([0.7], dtype=np.float32)), abs=1e-6
    )


def test_the_pictures_that_the_model_is_least_sure_of(predictor: Predictor, photos: Path) -> None:
    pictures = find_pictures(photos)
    unsure = {
        picture.name: uncertainty(one.scores)
        for picture, one in zip(pictures, predictor.predict([one.read() for one in pictures]), strict=True)
    }
    assert len(set(unsure.values())) > 3
    chosen = most_uncertain(predictor, pictures, 3)
    assert [picture.name for picture in chosen] == sorted(unsure, key=lambda name: -unsure[name])[:3]
    assert len(most_uncertain(predictor, pictures, 99)) == 6


def test_the_list_is_a_source(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    told: list[str] = []
    chosen = most_uncertain(
        predictor, find_pictures(photos), 2, on_problem=lambda picture, _: told.append(picture.name)
    )
    listed = find_pictures(write_list(tmp_path, chosen))
    assert [picture.path for picture in listed] == [picture.path for picture in chosen]
    assert told == ["broken.png"]


def test_frames_of_videos_are_refused(predictor: Predictor) -> None:
    with pytest.raises(UserError, match="videos"):
        most_uncertain(predictor, [SourcePicture("a.mp4", Path("a.mp4"))], 3)
