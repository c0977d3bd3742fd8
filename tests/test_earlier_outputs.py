"""Folders of versions that kept no record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker
from yolact_kit.earlier_outputs import FILES_OF_A_RUN
from yolact_kit.output_record import foreign_files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    maker = FolderMaker(tmp_path / "data", ["nut"])
    maker.picture("train", "하위/a.png", ["nut"], seed=1)
    folder = maker.write()
    (folder / "conversion.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for name in (*FILES_OF_A_RUN, "progress/step-000010/001_a.jpg"):
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text("ours", encoding="utf-8")
    return tmp_path / "run"


def test_data_sets_and_runs_are_known(data: Path, run: Path) -> None:
    assert list(foreign_files(data)) == list(foreign_files(run)) == []


@pytest.mark.parametrize("name", ["notes.txt", "images/b.png", "progress/mine.jpg", "weights/mine.safetensors"])
def test_other_files_are_not(data: Path, run: Path, name: str) -> None:
    for folder in (data, run):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine", encoding="utf-8")
        assert list(foreign_files(folder)) == [folder / name]


def test_files_that_are_newer_than_the_end_are_not(data: Path, run: Path) -> None:
    for file, last in ((data / "dataset.yaml", data / "conversion.json"), (run / "config.yaml", run / "train.log")):
        later = last.stat().st_mtime + 3600
        os.utime(file, (later, later))
        assert list(foreign_files(file.parent)) == [file]


@pytest.mark.parametrize("text", ["", "splits: 3", "splits: {train: {}}", "- a", "\x00"])
def test_a_damaged_data_set_is_not(data: Path, text: str) -> None:
    (data / "dataset.yaml").write_text(text, encoding="utf-8")
    assert data / "dataset.yaml" in list(foreign_files(data))


def test_a_folder_with_a_file_of_one_of_these_names_is_not(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    assert list(foreign_files(tmp_path)) == [tmp_path / "config.yaml"]
