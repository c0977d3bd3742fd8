"""The whole way in Python, on a few pictures and a few steps."""

from __future__ import annotations

from pathlib import Path

import pytest

import yolact_kit as yk
from tests.tiny_model import tiny_config
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.api.steps import training_source
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError


@pytest.fixture
def data(repository: Path, tmp_path: Path) -> Dataset:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(1, 9):
        for suffix in (".jpg", ".json"):
            name = f"parts-{number:03d}{suffix}"
            (photos / name).write_bytes((repository / "examples" / "parts" / "pictures" / name).read_bytes())
    return yk.read_labels(photos).split(val=0.25, test=0.25).save(tmp_path / "data")


def test_a_data_set_is_validated_and_planned_for(data: Dataset, tmp_path: Path) -> None:
    assert str(yk.validate(data)).startswith("8 pictures, ")
    assert str(yk.validate(tmp_path / "photos")).startswith("8 pictures, ")
    planned = yk.plan(data, "yolact_nano")
    assert planned.config.classes == data.classes and "yolact_nano" in str(planned)


def test_a_training_takes_a_data_set_with_or_without_a_configuration(data: Dataset, tmp_path: Path) -> None:
    assert training_source(data, None) is data
    yk.plan(data, "yolact_nano").save(tmp_path / "config.yaml")
    for config in (tiny_config(data.classes), tmp_path / "config.yaml", yk.plan(data, "yolact_nano")):
        source = training_source(tmp_path / "data", config)
        assert isinstance(source, Config) and Path(source.dataset) == tmp_path / "data"
    with pytest.raises(UserError, match="has no folder"):
        training_source(Dataset("cups", ["cup"], {}), tiny_config(["cup"]))


@pytest.mark.slow
def test_the_whole_way_in_python(data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tiny_config(data.classes)
    config.train.epochs, config.train.batch_size = 2, 2
    model = yk.train(data, config, out=tmp_path / "run", weights="none", device="cpu")
    assert "training" in capsys.readouterr().out
    assert model.classes == data.classes and model.training is not None and model.training.steps == 4
    metrics = model.evaluate(data, split="test")
    assert "bolt" in str(metrics) and "<table>" in metrics._repr_html_()
    [prediction] = model.predict(data.splits["test"][0].path, score=0.0)
    assert len(prediction) > 0
    assert model.explain(data.splits["test"][0].path).save(tmp_path / "explained").is_file()
    outcome = model.predict_to_folder(tmp_path / "photos", tmp_path / "found", ["csv"], score=0.0)
    assert outcome.pictures == 8 and (tmp_path / "found" / "predictions.csv").is_file()
