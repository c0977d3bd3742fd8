"""What `predict` and `explain` pass over is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.unreadable import make_unreadable
from yolact_kit.errors import UserError
from yolact_kit.inference.passed_over import find_passed_over
from yolact_kit.inference.sources import find_pictures
from yolact_kit.pixels.formats import EXTENSIONS, VIDEO_EXTENSIONS


def _named(sources: list[str | Path]) -> dict[str, str]:
    problems = find_passed_over(sources, find_pictures(sources))
    return {Path(problem.file).name: f"{problem.severity} {problem.code}" for problem in problems}


def _picture(path: Path, frames: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = [Image.new("RGB", (20, 10), (number, 0, 0)) for number in range(frames)]
    first.save(path, **({"save_all": True, "append_images": others} if others else {}))
    return path


def test_a_folder_with_more_than_pictures(tmp_path: Path) -> None:
    _picture(tmp_path / "a.jpg")
    _picture(tmp_path / "더" / "b.tif", 3)
    for name in ("c.heic", "d.cr2", "notes.txt", "e.mp4"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "lost.png").symlink_to("nowhere.png")
    (tmp_path / "loop").symlink_to(".", target_is_directory=True)
    expected = {"c.heic": "W picture-unread", "d.cr2": "W picture-unread", "lost.png": "W link-lost"}
    assert _named([tmp_path]) == {**expected, "b.tif": "W picture-frames"}
    assert [picture.name for picture in find_pictures(tmp_path)] == ["a.jpg", "e.mp4", "더/b.tif"]


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _picture(tmp_path / "a.jpg")
    _picture(tmp_path / "locked" / "b.jpg")
    make_unreadable(tmp_path / "locked", monkeypatch)
    assert _named([tmp_path]) == {"locked": "E folder-unreadable"}
    with pytest.raises(UserError, match="cannot be read"):
        find_pictures(tmp_path / "locked")


def test_a_glob_passes_over_what_it_matches(tmp_path: Path) -> None:
    _picture(tmp_path / "a.jpg")
    (tmp_path / "b.HEIC").write_bytes(b"x")
    assert _named([f"{tmp_path}/*"]) == {"b.HEIC": "W picture-unread"}


def test_a_glob_through_links_in_a_circle_finds_each_picture_once(tmp_path: Path) -> None:
    _picture(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "loop").symlink_to(".", target_is_directory=True)
    assert [picture.name for picture in find_pictures(f"{tmp_path}/in/**/*.jpg")] == ["a.jpg"]


def test_a_folder_with_nothing_that_can_be_read_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "b.HEIC").write_bytes(b"x")
    with pytest.raises(UserError, match=r"1 file is of a format that cannot be read, such as 'b\.HEIC'"):
        find_pictures(tmp_path)


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS | VIDEO_EXTENSIONS))
def test_every_format_is_found_in_a_folder(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"A{suffix.upper()}").write_bytes(b"x")
    assert [picture.name for picture in find_pictures(tmp_path)] == [f"A{suffix.upper()}"]
