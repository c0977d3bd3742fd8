"""What of a folder cannot be listed is said, and nothing is listed twice or without end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unreadable import make_unreadable
from yolact_kit.listing import list_folder


def _names(root: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", encoding="utf-8")


def test_files_are_in_order_without_hidden_ones(tmp_path: Path) -> None:
    _write(tmp_path, "b/2.txt", "b/1.txt", "a.txt", ".hidden/a.txt", "b/.a.txt", "__MACOSX/a.txt", "사진/깊은/a.txt")
    assert _names(tmp_path, list_folder(tmp_path).files) == ["a.txt", "b/1.txt", "b/2.txt", "사진/깊은/a.txt"]


@pytest.mark.parametrize("target", [".", "..", "../b", "loop"])
def test_links_in_a_circle_end(tmp_path: Path, target: str) -> None:
    _write(tmp_path, "a/1.txt", "b/2.txt")
    (tmp_path / "a" / "loop").symlink_to(target, target_is_directory=True)
    assert {path.name for path in list_folder(tmp_path).files} >= {"1.txt", "2.txt"}
    assert len({os.path.realpath(path) for path in list_folder(tmp_path).files}) == len(list_folder(tmp_path).files)


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt")
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere", target_is_directory=True)
    assert _names(tmp_path, list_folder(tmp_path).lost) == ["lost", "lost.jpg"]


@pytest.mark.parametrize("how", ["listing", "opening"])
def test_folders_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    _write(tmp_path, "a.txt", "locked/b.txt")
    make_unreadable(tmp_path / "locked", monkeypatch, how)
    listing = list_folder(tmp_path)
    assert _names(tmp_path, listing.files) == ["a.txt"]
    assert listing.unreadable == [tmp_path / "locked"]
