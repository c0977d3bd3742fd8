"""Folders that were moved together with others."""

from __future__ import annotations

from pathlib import Path

import pytest

from yolact_kit.moved import find_moved


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("/home/me/project/data", "data"),
        ("C:\\Users\\me\\project\\data", "data"),
        ("\\\\server\\share\\project\\data", "data"),
        ("../../data", "data"),
        ("/mnt/사진/data/parts", "data/parts"),
        ("/home/me/project/runs/first/data", "runs/first/data"),
        ("/data", "data"),
    ],
)
def test_a_folder_that_was_moved_along_is_found(tmp_path: Path, old: str, now: str) -> None:
    run = tmp_path / "새 곳" / "runs" / "first"
    run.mkdir(parents=True)
    assert find_moved(old, run, lambda folder: folder.is_relative_to(tmp_path)) is None
    there = tmp_path / "새 곳" / now
    there.mkdir(parents=True)
    assert find_moved(old, run, lambda folder: folder.is_relative_to(tmp_path)) == there.resolve()


def test_only_the_right_folder_is_taken(tmp_path: Path) -> None:
    for name in ("runs/data", "data", "project/data"):
        (tmp_path / name).mkdir(parents=True)
    right = (tmp_path / "data").resolve()
    assert find_moved("/old/project/data", tmp_path / "runs", lambda folder: folder == right) == right
    longer = (tmp_path / "project" / "data").resolve()
    assert find_moved("/old/project/data", tmp_path / "runs", lambda folder: True) == longer
