from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.test_split_evaluation import CLASSES as CLASSES_OF_DATA
from tests.evaluation.test_split_evaluation import make_dataset
from tests.inference.making_videos import make_video, noise
from tests.inference.writers.items import CLASSES, MASKS, item
from tests.tiny_model import THRESHOLD, save_tiny_model
from yolact_kit import YOLACT
from yolact_kit.errors import UserError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> YOLACT:
    return YOLACT.load(save_tiny_model(tmp_path_factory.mktemp("실행")), score=0, device="cpu", top_k=3)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "컵.png")
    return tmp_path / "컵.png"


def test_however_a_picture_is_given_the_same_is_found(model: YOLACT, photo: Path) -> None:
    image = Image.open(photo)
    pixels = np.array(image)
    found = [model.predict(given) for given in (photo, str(photo), photo.parent, [photo], image, pixels, [pixels])]
    assert all(len(one) == 1 and 0 < len(one[0]) <= 3 for one in found)
    assert len({one[0].boxes.tobytes() for one in found}) == 1
    assert found[0][0].file == str(photo)
    assert [len(model.predict([photo, pixels, image])), model.classes] == [3, ["컵", "plate", "fork"]]


def test_a_prediction_gives_all_that_one_asks_for(model: YOLACT, photo: Path) -> None:
    [found] = model.predict(photo)
    count = len(found)
    assert found.boxes.shape == (count, 4) and found.scores.shape == (count,)
    assert found.names == [found.classes[label] for label in found.labels]
    assert len(found.masks) == count and found.mask(0).shape == (50, 70)
    assert found.plot().shape == (50, 70, 3)
    assert len(found.to_coco()) == count
    assert found.to_labelme()["imagePath"] == "컵.png"


def test_what_is_not_on_the_disk_is_kept_to_be_drawn(model: YOLACT, photo: Path) -> None:
    drawn = [found.plot() for found in model.predict([photo, Image.open(photo), np.array(Image.open(photo))])]
    assert all(np.array_equal(one, drawn[0]) for one in drawn)
    assert model.predict(photo)[0].pixels is None and model.predict(photo)[0].to_labelme()["imageData"] is None
    [document] = [one.to_labelme() for one in model.predict(np.array(Image.open(photo)))]
    assert document["imagePath"] == "0.jpg"
    assert Image.open(io.BytesIO(base64.b64decode(document["imageData"]))).size == (70, 50)


def test_frames_of_a_video_are_kept_to_be_drawn(model: YOLACT, tmp_path: Path) -> None:
    make_video(tmp_path / "벨트.mp4", noise(3))
    found = list(model.stream(tmp_path / "벨트.mp4"))
    assert [Path(one.file).name for one in found] == ["000000.jpg", "000001.jpg", "000002.jpg"]
    assert all(one.plot().shape == (one.height, one.width, 3) for one in found)


def test_a_missing_file_is_refused(model: YOLACT, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        model.predict(tmp_path / "missing.png")


def test_supervision_takes_the_detections(tmp_path: Path) -> None:
    supervision = pytest.importorskip("supervision")
    found = item(tmp_path).prediction.to_supervision()
    assert isinstance(found, supervision.Detections) and len(found) == 3
    for mask, expected in zip(found.mask, MASKS, strict=True):
        np.testing.assert_array_equal(mask, expected)
    assert found.class_id.tolist() == [0, 1, 1]
    assert found.data["class_name"].tolist() == ["nut", "너트", "너트"]
    assert found[found.confidence > 0.78].data["class_name"].tolist() == CLASSES
    assert len(item(tmp_path, found=False).prediction.to_supervision()) == 0


def test_without_supervision_there_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(UserError, match="not installed") as raised:
        item(tmp_path).prediction.to_supervision()
    assert "pip install supervision" in raised.value.advice


def test_the_class_itself_loads_weights(tmp_path: Path, photo: Path) -> None:
    folder = save_tiny_model(tmp_path / "run")
    direct = YOLACT(folder, 0, device="cpu", top_k=3)
    loaded = YOLACT.load(folder, score=0, device="cpu", top_k=3)
    assert direct.predict(photo)[0].boxes.tobytes() == loaded.predict(photo)[0].boxes.tobytes()
    assert repr(direct).endswith("64 px: 컵, plate, fork)")
    with pytest.raises(UserError, match="do not exist"):
        YOLACT(tmp_path / "missing")


def test_the_threshold_of_the_weights_applies_unless_told_otherwise(tmp_path: Path, photo: Path) -> None:
    folder = save_tiny_model(tmp_path / "run", threshold=THRESHOLD)
    [everything] = YOLACT(folder, 0, device="cpu").predict(photo)
    middle = float(np.median(everything.scores).round(3))
    stored = save_tiny_model(tmp_path / "stored", threshold=THRESHOLD.model_copy(update={"score": middle}))
    model = YOLACT(stored, device="cpu")
    assert model.score == middle and model.threshold is not None and f"score {middle:g}," in repr(model)
    expected = (everything.scores >= middle).sum()
    assert len(model.predict(photo)[0]) == len(model.explain(photo)[0].prediction) == expected
    assert 0 < expected < len(everything)
    assert len(model.predict(photo, score=0)[0]) == len(everything)
    old = YOLACT(save_tiny_model(tmp_path / "old"), device="cpu")
    assert old.score == 0.3 and old.threshold is None


def test_an_evaluation_counts_every_detection_and_shows_the_threshold_of_the_weights(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "run", CLASSES_OF_DATA, threshold=THRESHOLD)
    data = make_dataset(tmp_path / "data")
    result = YOLACT(folder, device="cpu").evaluate(data)
    assert result.analysis.score == 0.62 and result.threshold == THRESHOLD
    assert min(one["score"] for one in result.evaluation.results) < 0.62
    assert YOLACT(folder, device="cpu").evaluate(data, score=0.1).analysis.score == 0.1


def test_each_call_may_have_a_score_of_its_own(model: YOLACT, photo: Path) -> None:
    [everything] = model.predict(photo)
    highest = float(everything.scores[0])
    assert len(model.predict(photo, score=highest)[0]) == (everything.scores == highest).sum()
    assert len(model.predict(photo, score=highest + 0.001)[0]) == 0
    assert len(model.predict(photo)[0]) == len(everything) > 0
    assert len(model.explain(photo, score=1.0)[0].prediction) == 0


def test_predictions_are_written_as_the_command_writes_them(model: YOLACT, photo: Path, tmp_path: Path) -> None:
    outcome = model.predict_to_folder(photo, tmp_path / "found", ["coco", "csv"])
    assert (outcome.pictures, outcome.objects) == (1, len(model.predict(photo)[0]))
    assert {file.name for file in (tmp_path / "found").iterdir()} == {
        ".yolact-kit",
        "predictions.json",
        "predictions.csv",
    }
