from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_folder(tmp_path / "데이터").write()


def test_sheets_are_written(run: Runner, good: Path, tmp_path: Path) -> None:
    done = run("preview", good, "--out", tmp_path / "보기")
    assert (done.code, done.out) == (0, "")
    assert "7 pictures on 1 sheet in" in done.err
    assert Image.open(tmp_path / "보기" / "sheet-001.jpg").size[0] > 1000


def test_augmented_sheets_show_training_pictures_only(run: Runner, good: Path, tmp_path: Path) -> None:
    done = run("preview", good / "dataset.yaml", "--augmented", "--count", "2", "--out", tmp_path / "look")
    assert done.code == 0
    assert "2 pictures on 1 sheet in" in done.err


def test_a_configuration_decides_the_augmentation(run: Runner, good: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    assert run("config", good, "--model", "yolact_nano", "--out", config).code == 0
    assert run("preview", good, "--augmented", "--config", config, "--out", tmp_path / "look").code == 0
    refused = run("preview", good, "--config", config, "--out", tmp_path / "other")
    assert (refused.code, (tmp_path / "other").exists()) == (2, False)


def test_the_default_folder_is_numbered(
    run: Runner, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("preview", good).code == run("preview", good).code == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["preview-1", "preview-2"]


def test_a_damaged_picture_is_named_and_ends_with_1(run: Runner, good: Path, tmp_path: Path) -> None:
    (good / "images" / "사진 0.png").write_bytes(b"no picture")
    for extra in ([], ["--augmented"]):
        done = run("preview", good, *extra, "--out", tmp_path / "look", "--overwrite")
        assert done.code == 1
        assert "사진 0.png" in done.err


def test_wrong_calls_end_with_2_and_write_nothing(run: Runner, good: Path, tmp_path: Path) -> None:
    before = sorted(good.rglob("*"))
    assert run("preview", tmp_path / "nowhere").code == 2
    assert run("preview", good, "--split", "tset").code == 2
    assert run("preview", good, "--out", good / "look").code == 2
    assert sorted(good.rglob("*")) == before
