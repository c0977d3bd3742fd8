"""`predict` and `explain` say what they pass over; a folder that cannot be read makes exit code 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.unreadable import make_unreadable


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_what_is_passed_over_is_said(run: Runner, run_folder: Path, photos: Path, tmp_path: Path, command: str) -> None:
    (photos / "b.HEIC").write_bytes(b"x")
    (photos / "lost.jpg").symlink_to("nowhere.jpg")
    done = run(command, run_folder, photos, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "b.HEIC" in done.err and "lost.jpg" in done.err and "HEIC, is not read" in done.err


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_folder_that_cannot_be_read_is_an_error(
    run: Runner, run_folder: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (photos / "locked").mkdir()
    make_unreadable(photos / "locked", monkeypatch)
    done = run(command, run_folder, photos, "--out", tmp_path / "out")
    assert done.code == 1
    assert "locked" in done.err and "folders that cannot be read" in done.err
