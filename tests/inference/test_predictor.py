from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.tiny_model import THRESHOLD, save_tiny_model, tiny_config, tiny_model
from yolact_kit.config.schema import DetectConfig
from yolact_kit.errors import UserError
from yolact_kit.inference.engines import openvino_engine
from yolact_kit.inference.engines.device import choose_device
from yolact_kit.inference.engines.engine import NetworkOutputs
from yolact_kit.inference.postprocess import detect_objects, postprocess
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.weights import save_weights

SIZES = [(48, 64), (100, 30), (7, 200), (64, 64), (33, 33)]


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config()
    return Predictor(tiny_model(config), config, batch_size=2)


def raw_of(predictor: Predictor, picture: np.ndarray) -> NetworkOutputs:
    return predictor.run([picture])


def check(found: Prediction, size: tuple[int, int]) -> None:
    """What holds of every prediction."""
    assert (found.height, found.width) == size
    assert len(found) == len(found.boxes) == len(found.labels) == len(found.masks)
    assert (np.diff(found.scores) <= 0).all()
    assert (found.boxes[:, :2] >= 0).all()
    assert (found.boxes[:, 2] <= size[1]).all() and (found.boxes[:, 3] <= size[0]).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert ((found.labels >= 0) & (found.labels < len(found.classes))).all()
    assert found.boxes.dtype == found.scores.dtype == np.float32 and found.labels.dtype == np.int64
    for index in range(len(found)):
        mask = found.mask(index)
        assert mask.shape == size and mask.any()


def test_pictures_of_any_size_in_their_order(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    found = predictor.predict(pictures, files=[f"{number}.png" for number in range(len(pictures))])
    assert [one.file for one in found] == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert sum(map(len, found)) > 0
    for one, size in zip(found, SIZES, strict=True):
        check(one, size)


def test_batches_do_not_change_what_is_found(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    alone = [predictor.predict([picture])[0] for picture in pictures]
    for one, other in zip(predictor.predict(pictures), alone, strict=True):
        assert len(one) == len(other)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)


def test_masks_are_those_of_enlarging_whole_float_masks(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    raw = raw_of(predictor, pictures[0])
    found = detect_objects(raw, 0, DetectConfig())
    result = postprocess(raw, 0, SIZES[0], DetectConfig())
    prototypes = torch.from_numpy(raw.prototypes[0])
    soft = (torch.from_numpy(found.coefficients) @ prototypes.flatten(1)).sigmoid().reshape(-1, *prototypes.shape[1:])
    rows, columns = (torch.arange(side) for side in soft.shape[1:])
    masks = []
    for mask, (x1, y1, x2, y2) in zip(soft, found.boxes * soft.shape[2], strict=True):
        inside = (columns >= x1 - 1) & (columns < x2 + 1) & ((rows >= y1 - 1) & (rows < y2 + 1))[:, None]
        whole = functional.interpolate((mask * inside)[None, None], SIZES[0], mode="bilinear")[0, 0] > 0.5
        if whole.any():
            masks.append(whole.numpy())
    expected = [mask for mask in masks if mask.any()]
    assert len(result.masks) == len(expected) > 0
    prediction = Prediction("", SIZES[0][1], SIZES[0][0], *result, classes=predictor.classes)
    for index, mask in enumerate(expected):
        np.testing.assert_array_equal(prediction.mask(index), mask)


def test_score_and_top_k(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    raw = raw_of(predictor, pictures[0])
    every = postprocess(raw, 0, SIZES[0], DetectConfig())
    middle = float(np.median(every.scores))
    some = postprocess(raw, 0, SIZES[0], DetectConfig(), score=middle)
    assert some.scores.tolist() == [score for score in every.scores.tolist() if score >= middle]
    assert len(postprocess(raw, 0, SIZES[0], DetectConfig(top_k=3)).scores) <= 3 < len(every.scores)


def test_legacy_keeps_empty_masks_and_cuts_boxes_to_integers(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    raw = raw_of(predictor, pictures[0])
    empty = raw._replace(coefficients=-np.ones_like(raw.coefficients))
    assert len(postprocess(empty, 0, SIZES[0], DetectConfig()).scores) == 0
    legacy = postprocess(empty, 0, SIZES[0], DetectConfig(), legacy=True)
    assert len(legacy.scores) > 0
    np.testing.assert_array_equal(legacy.boxes, np.trunc(legacy.boxes))


@pytest.mark.parametrize("nms", ["fast", "cross-class", "standard"])
def test_nothing_above_the_candidate_score(nms: str, predictor: Predictor, pictures: list[np.ndarray]) -> None:
    raw = raw_of(predictor, pictures[0])
    logits = np.zeros_like(raw.logits)
    logits[..., 0] = 20
    for legacy in (False, True):
        found = postprocess(raw._replace(logits=logits), 0, SIZES[0], DetectConfig(nms=nms), legacy=legacy)
        assert found.boxes.shape == (0, 4) and found.masks == []


@pytest.mark.parametrize("training", [False, True])
def test_predicting_leaves_a_live_model_in_its_mode(training: bool, pictures: list[np.ndarray]) -> None:
    config = tiny_config()
    model = tiny_model(config).train(training)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    Predictor(model, config).predict(pictures)
    assert model.training is training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_loading_from_a_run_folder_takes_options(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    run = save_tiny_model(tmp_path / "실행")
    loaded = Predictor.load(run, device="cpu", top_k=2, nms="cross-class")
    assert loaded.classes == ["컵", "plate", "fork"]
    assert loaded.config.detect.nms == "cross-class"
    assert all(len(found) <= 2 for found in loaded.predict(pictures))


@pytest.fixture(scope="module")
def wide_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a model that is not tiny."""
    config = tiny_config()
    wide = {"input_size": 192, "features": 64, "head_features": 64}
    config = config.model_copy(update={"model": config.model.model_copy(update=wide)})
    path = tmp_path_factory.mktemp("wide") / "wide.safetensors"
    save_weights(path, tiny_model(config), config)
    return path


def same(found: list[Prediction], wanted: list[Prediction], tolerance: float) -> None:
    assert sum(map(len, wanted)) > 0
    for one, other in zip(found, wanted, strict=True):
        assert one.file == other.file and one.labels.tolist() == other.labels.tolist()
        np.testing.assert_allclose(one.scores, other.scores, atol=tolerance)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e3 * tolerance)
        areas = [[prediction.mask(index).sum() for index in range(len(prediction))] for prediction in (one, other)]
        np.testing.assert_allclose(*areas, atol=3, rtol=0.01)


def test_loaded_models_are_faster_but_give_the_same(
    wide_run: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_engine, "best_precision", lambda: "f32")
    exact, fast = Predictor.load(wide_run, "cpu", exact=True), Predictor.load(wide_run, "cpu")
    assert "torch" in exact.engine.description and "OpenVINO" in fast.engine.description
    np.testing.assert_allclose(fast.run(pictures[:1]).logits, exact.run(pictures[:1]).logits, rtol=1e-4, atol=1e-4)
    assert not np.array_equal(fast.run(pictures[:1]).logits, exact.run(pictures[:1]).logits)
    same(fast.predict(pictures), exact.predict(pictures), 1e-4)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_pictures_together_and_alone_on_any_number_of_cores(
    threads: int, wide_run: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Predictor.load(wide_run, "cpu")
    alone = [loaded.predict([picture], [str(number)])[0] for number, picture in enumerate(pictures)]
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    same(loaded.predict(pictures), alone, 1e-5)


def test_a_device_that_is_not_there_is_a_users_error() -> None:
    for name in ("cuda:77", "toaster"):
        with pytest.raises(UserError, match=name):
            choose_device(name)


def test_to_coco_has_every_field(predictor: Predictor, pictures: list[np.ndarray]) -> None:
    found = predictor.predict(pictures)[0]
    results = found.to_coco(7, [3, 5, 9])
    assert len(results) == len(found) > 0
    for index, result in enumerate(results):
        assert result["image_id"] == 7
        assert result["category_id"] == [3, 5, 9][found.labels[index]]
        assert result["area"] == found.mask(index).sum()
        x, y, width, height = result["bbox"]
        np.testing.assert_allclose([x, y, x + width, y + height], found.boxes[index], atol=1e-4)
        assert result["segmentation"] == found.masks[index]
        assert result["score"] == pytest.approx(float(found.scores[index]))


def test_without_a_score_the_threshold_of_the_weights_applies_but_not_to_the_originals_evaluation(
    tmp_path: Path,
) -> None:
    chosen = save_tiny_model(tmp_path / "chosen", threshold=THRESHOLD)
    without = save_tiny_model(tmp_path / "without")
    assert Predictor.load(chosen, "cpu", None).score == 0.62
    assert Predictor.load(chosen, "cpu", 0.1).score == 0.1
    assert Predictor.load(chosen, "cpu").score == 0
    assert Predictor.load(chosen, "cpu", None, legacy=True).score == 0.3
    assert Predictor.load(without, "cpu", None).score == 0.3
    assert Predictor.load(chosen, "cpu").threshold == THRESHOLD and Predictor.load(without, "cpu").threshold is None
