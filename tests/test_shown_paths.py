"""What pages and documents say of where they were made."""

from __future__ import annotations

from pathlib import Path

import pytest

from yolact_kit.shown_paths import shown_path, without_folders


def test_paths_are_named_from_the_current_folder_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "runs" / "첫째") == "runs/첫째"
    assert shown_path(tmp_path.parent / "run") == "run"
    assert shown_path(tmp_path.parent / "run" / "weights" / "last.safetensors") == "run/weights/last.safetensors"
    assert shown_path(tmp_path) == tmp_path.name
    assert shown_path("../photos") == "../photos"
    assert shown_path("coco:yolact_base") == "coco:yolact_base"


@pytest.mark.parametrize("name", ["사진", "my photos", "a&b", "me.and.you"])
def test_folders_are_left_out_of_texts(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    document = {
        "problems": [{"message": f"The picture '{folder / '하위' / 'a.jpg'}' is broken.", "count": 1}],
        "source": str(folder),
        "other": [f"{folder}2/a.jpg", f"/mnt{folder}/a.jpg", "a.jpg"],
    }
    assert without_folders(document, [folder]) == {
        "problems": [{"message": f"The picture '{Path('하위') / 'a.jpg'}' is broken.", "count": 1}],
        "source": name,
        "other": [f"{folder}2/a.jpg", f"/mnt{folder}/a.jpg", "a.jpg"],
    }


def test_a_relative_folder_is_known_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert without_folders(f"'{tmp_path}/in/a.jpg' and in/b.jpg", ["in"]) == "'a.jpg' and in/b.jpg"


def test_the_inner_of_two_folders_counts(tmp_path: Path) -> None:
    assert without_folders(f"{tmp_path}/in/masks/a.png", [tmp_path / "in", tmp_path / "in" / "masks"]) == "a.png"


def test_in_pages_too(tmp_path: Path) -> None:
    folder = tmp_path / "a&b"
    page = f"<p>{str(folder).replace('&', '&amp;')}/c.jpg</p><code>validate {folder}</code>"
    assert without_folders(page, [folder]) == "<p>c.jpg</p><code>validate a&b</code>"


def test_the_root_is_left_alone() -> None:
    assert without_folders("'/a.jpg'", ["/"]) == "'/a.jpg'"
