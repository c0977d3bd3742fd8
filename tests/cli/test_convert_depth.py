"""Pictures of more than 8 bits from the labels to the predictions: every command shows the same grey for a value."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.annotations.making import HEIGHT, WIDTH, labelme_document, shape
from tests.cli.runner import Runner
from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.api.labels import read_labels
from yolact_kit.api.steps import plan, validate
from yolact_kit.config.files import load_config
from yolact_kit.datasets.augmented_copies import CopyOptions, write_augmented
from yolact_kit.datasets.pipelines import load_steps
from yolact_kit.models.weights import load_weights, save_weights
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.training.plan import plan_run

RANGE = DepthRange(0, 4095)


def camera(folder: Path, tops: tuple[int, ...], first: int = 0) -> Path:
    """Labelled pictures of a 12-bit camera, each with another pattern."""
    folder.mkdir(exist_ok=True)
    for number, top in enumerate(tops, first):
        noise = np.random.default_rng(number).random((5, 6))
        values = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).clip(0, 1) * top
        values[0, 0], values[0, 1] = 0, top
        file = folder / f"{number}.tif"
        cv2.imwrite(str(file), values.astype(np.uint16))
        file.with_suffix(".json").write_text(json.dumps(labelme_document(file.name, [shape()])), encoding="utf-8")
    return folder


def lightest(folder: Path) -> dict[str, int]:
    return {file.stem: int(read_picture(file).max()) for file in sorted(folder.rglob("*.tif"))}


def test_convert_says_and_keeps_the_range(run: Runner, tmp_path: Path) -> None:
    source = camera(tmp_path / "src", (250, 3000, 4095, 900))
    done = run("convert", source, tmp_path / "data", "--val", "0.25", "--test", "0.25")
    assert done.code == 0, done.err
    assert "0 to 4095 became 0 to 255" in done.err and "--depth-range LOW,HIGH" in done.err
    assert lightest(tmp_path / "data") == {"0": 16, "1": 187, "2": 255, "3": 56}
    described = yaml.safe_load((tmp_path / "data" / "dataset.yaml").read_text(encoding="utf-8"))
    assert described["depth_range"] == [0, 4095]
    dataset = load_dataset(tmp_path / "data")
    assert dataset.depth_range == RANGE
    assert validate(tmp_path / "data").dataset.depth_range == RANGE
    assert any("0 to 4095" in problem.message for problem in validate(source).problems)
    assert (
        write_augmented(
            dataset, tmp_path / "more", CopyOptions(copies=1, steps=load_steps("light"))
        ).dataset.depth_range
        == RANGE
    )
    assert load_dataset(tmp_path / "more").depth_range == RANGE
    for to in ("labelme", "voc", "yolo"):
        assert run("convert", source, tmp_path / to, "--to", to, "--val", "0").code == 0
        assert lightest(tmp_path / to) == lightest(tmp_path / "data")


def test_the_range_travels_from_the_data_to_the_weights(run: Runner, tmp_path: Path) -> None:
    data = read_labels(camera(tmp_path / "src", (250, 3000, 4095)), depth_range=(0, 4000)).save(tmp_path / "data")
    assert data.depth_range == DepthRange(0, 4000)
    assert plan(data).config.depth_range == (0, 4000)
    assert run("config", tmp_path / "data", "--out", tmp_path / "config.yaml").code == 0
    config = load_config(tmp_path / "config.yaml")
    assert config.depth_range == (0, 4000)
    config.depth_range = None  # a file from before
    trained = plan_run(config).config
    assert trained.depth_range == (0, 4000)
    trained.model = tiny_config().model
    save_weights(tmp_path / "w.safetensors", tiny_model(trained), trained)
    assert load_weights(tmp_path / "w.safetensors").config.depth_range == (0, 4000)


def test_a_data_set_that_grows_keeps_its_range(run: Runner, tmp_path: Path) -> None:
    assert run("convert", camera(tmp_path / "src", (250, 3000, 4000)), tmp_path / "old", "--val", "0").code == 0
    camera(tmp_path / "src", (16383, 9000), first=3)
    done = run("convert", tmp_path / "src", tmp_path / "new", "--keep-splits", tmp_path / "old")
    assert done.code == 0, done.err
    assert load_dataset(tmp_path / "new").depth_range == RANGE
    assert lightest(tmp_path / "new") == {**lightest(tmp_path / "old"), "3": 255, "4": 255}
    assert run("convert", tmp_path / "old", tmp_path / "again").code == 0  # a data set folder itself is a source
    assert load_dataset(tmp_path / "again").depth_range == RANGE


@pytest.mark.parametrize("text", ["5", "9,3", "a,b"])
def test_a_range_that_is_none_is_refused(run: Runner, tmp_path: Path, text: str) -> None:
    source = camera(tmp_path / "src", (3000,))
    for words in (("convert", source, tmp_path / "out"), ("predict", tmp_path / "run", source)):
        done = run(*words, "--depth-range", text)
        assert done.code == 2 and ("--depth-range" in done.err or "no range" in done.err)
    assert not (tmp_path / "out").exists()


def test_negative_values_in_the_option(run: Runner, tmp_path: Path) -> None:
    done = run("convert", camera(tmp_path / "src", (3000,)), tmp_path / "out", "--depth-range", "-1024,3071")
    assert done.code == 0, done.err
    assert load_dataset(tmp_path / "out").depth_range == DepthRange(-1024, 3071)


@pytest.mark.parametrize("trained", [True, False])
def test_predict_and_explain_show_what_convert_wrote(run: Runner, tmp_path: Path, trained: bool) -> None:
    source = camera(tmp_path / "src", (250, 3000, 4095))
    assert run("convert", source, tmp_path / "data", "--val", "0").code == 0
    config = tiny_config(["nut"])
    config.depth_range = RANGE.pair if trained else None
    save_weights(tmp_path / "run" / "weights" / "best.safetensors", tiny_model(config), config)
    done = run("predict", tmp_path / "run", source, "--out", tmp_path / "found", "--score", "1", "--format", "overlay")
    assert done.code == 0, done.err
    assert done.err.count("0 to 4095") == 1
    assert ("as in training" in done.err) == trained and ("--depth-range" in done.err) != trained
    for picture in (tmp_path / "data" / "images").iterdir():
        [overlay] = (tmp_path / "found").rglob(f"{picture.stem}*.jpg")
        assert np.abs(read_picture(overlay).astype(int) - read_picture(picture)).mean() < 2
    done = run("explain", tmp_path / "run", source, "--out", tmp_path / "explained", "--score", "1", "--count", "1")
    assert done.code == 0, done.err
    assert done.err.count("0 to 4095") == 1
    done = run("predict", tmp_path / "run", source, "--out", tmp_path / "other", "--depth-range", "0,3000")
    assert "0 to 3000" in done.err and ("trained with 0 to 4095" in done.err) == trained


def test_evaluate_tells_of_unlike_ranges(run: Runner, tmp_path: Path) -> None:
    assert run("convert", camera(tmp_path / "src", (250, 3000)), tmp_path / "data", "--val", "0").code == 0
    for trained, told in ((RANGE, False), (DepthRange(0, 65535), True)):
        config = tiny_config(["nut"])
        config.depth_range = trained.pair
        save_weights(tmp_path / "run" / "weights" / "best.safetensors", tiny_model(config), config)
        done = run("evaluate", tmp_path / "run", tmp_path / "data", "--split", "train", "--out", tmp_path / f"e{told}")
        assert done.code == 0, done.err
        assert ("--depth-range 0,65535" in done.err) == told
