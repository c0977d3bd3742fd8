from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder
from yolact_kit.config.files import load_config, template
from yolact_kit.config.keys import key_names
from yolact_kit.config.schema import Config


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return good_folder(tmp_path / "데이터").write()


def test_it_writes_a_complete_commented_configuration(run: Runner, data: Path) -> None:
    done = run("config", "데이터", "--model", "yolact_nano")
    assert (done.code, done.out) == (0, "")
    text = Path("config.yaml").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    for key in key_names(Config):
        assert any(line.startswith(f"{key.rpartition('.')[2]}: ") for line in lines), key
    assert "dataset: 데이터" in lines
    assert "classes: [너트, bolt]" in lines
    assert any(line.startswith("# -> ") for line in lines)
    config = load_config("config.yaml")
    assert Path(config.dataset) == data
    assert config.train.batch_size == min(5, template("yolact_nano").train.batch_size)
    assert (config.model.name, config.model.input_size) == ("yolact_nano", 256)


def test_the_data_set_is_named_from_where_the_file_lies(run: Runner, data: Path) -> None:
    Path("설정").mkdir()
    assert run("config", data, "--out", "설정/c.yaml").code == 0
    assert "dataset: ../데이터" in Path("설정/c.yaml").read_text(encoding="utf-8")
    assert Path(load_config("설정/c.yaml").dataset) == data


def test_a_file_that_is_there_is_kept_unless_overwrite(run: Runner, data: Path) -> None:
    Path("config.yaml").write_text("mine", encoding="utf-8")
    done = run("config", data)
    assert done.code == 2
    assert "--overwrite" in done.err
    assert Path("config.yaml").read_text(encoding="utf-8") == "mine"
    done = run("config", data, "--overwrite")
    assert done.code == 2 and "is not a configuration" in done.err
    assert Path("config.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_configuration_is_replaced_and_what_was_changed_by_hand_is_kept(run: Runner, data: Path, ends: str) -> None:
    assert run("config", data).code == 0
    text = Path("config.yaml").read_text(encoding="utf-8")
    Path("config.yaml").write_text(text, encoding="utf-8", newline=ends)
    done = run("config", data, "--overwrite")
    assert done.code == 0 and "by hand" not in done.err
    assert [path.name for path in Path().glob("*.yaml")] == ["config.yaml"]
    changed = text.replace("\n  epochs: ", "\n  epochs: 1")
    for number in (1, 2):
        Path("config.yaml").write_text(changed, encoding="utf-8")
        done = run("config", data, "--overwrite")
        assert done.code == 0 and f"kept as config-{number}.yaml" in done.err
        assert Path(f"config-{number}.yaml").read_text(encoding="utf-8") == changed
        assert load_config("config.yaml").classes == ["너트", "bolt"]


def test_a_model_and_a_size_of_ones_own(run: Runner, data: Path) -> None:
    assert run("config", data, "--model", "yolact_base", "--size", "320").code == 0
    model = load_config("config.yaml").model
    assert (model.backbone, model.input_size) == ("resnet101", 320)


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["데이터", "--model", "yolact_naon"], "'yolact_nano'"),
        (["데이터", "--size", "3"], "model.input_size"),
        (["데이터", "--out", "."], "folder"),
        (["nowhere"], "nowhere"),
    ],
)
def test_wrong_calls_end_with_2_and_write_nothing(run: Runner, data: Path, words: list[str], saying: str) -> None:
    done = run("config", *words)
    assert done.code == 2
    assert saying in done.err
    assert not Path("config.yaml").exists()


def test_a_data_set_without_objects_cannot_be_planned_for(run: Runner, tmp_path: Path) -> None:
    maker = good_folder(tmp_path / "empty")
    maker.documents["train"]["annotations"].clear()
    done = run("config", maker.write(), "--out", tmp_path / "c.yaml")
    assert done.code == 2
    assert "no objects" in done.err
