from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder
from yolact_kit.annotations.dataset_folder import load_dataset


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_folder(tmp_path / "데이터").write()


def test_a_data_set_with_copies_is_written(run: Runner, good: Path, tmp_path: Path) -> None:
    done = run("augment", good, tmp_path / "더 많이", "--copies", "3", "--pipeline", "aerial")
    assert (done.code, done.out) == (0, "")
    assert "15 copies" in done.err
    assert "now 20 train, 2 val" in done.err
    assert len(load_dataset(tmp_path / "더 많이").splits["train"]) == 20


def test_objects_that_become_too_small_are_counted(run: Runner, good: Path, tmp_path: Path) -> None:
    done = run("augment", good, tmp_path / "out", "--copies", "1", "--pipeline", "light", "--min-object", "50")
    assert done.code == 0
    assert "12 objects were dropped from copies: they became too small." in done.err


def test_a_damaged_picture_is_named_and_ends_with_1(run: Runner, good: Path, tmp_path: Path) -> None:
    (good / "images" / "사진 0.png").write_bytes(b"no picture")
    done = run("augment", good, tmp_path / "out", "--copies", "1")
    assert done.code == 1
    assert "사진 0.png" in done.err


def test_wrong_calls_end_with_2_and_write_nothing(run: Runner, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("augment", good, out, "--copies", "0").code == 2
    assert run("augment", good, out, "--pipeline", "hevy").code == 2
    assert run("augment", tmp_path / "nowhere", out).code == 2
    assert run("augment", good, good / "out").code == 2
    assert not out.exists()
