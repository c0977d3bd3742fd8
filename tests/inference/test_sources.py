from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.errors import UserError
from yolact_kit.inference.sources import SourcePicture, find_pictures, read_pictures
from yolact_kit.pixels.pictures import PictureError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with pictures of several kinds, folders in it, and things that are no pictures."""
    folder = tmp_path / "내 사진"
    for name in ("b.JPG", "a.png", "하위/컵 1.jpg", "하위/1569.73.jpg", ".hidden/x.png", "하위/.y.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (200, 10, 10)).save(path, "PNG")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


def names(found: list[SourcePicture]) -> list[str]:
    return [picture.name for picture in found]


def test_a_folder_with_the_folders_in_it(photos: Path) -> None:
    assert names(find_pictures(photos)) == ["a.png", "b.JPG", "하위/1569.73.jpg", "하위/컵 1.jpg"]


def test_one_picture(photos: Path) -> None:
    assert find_pictures(str(photos / "b.JPG")) == [SourcePicture("b.JPG", photos / "b.JPG")]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["a.png"]),
        ("**/*.jpg", ["하위/1569.73.jpg", "하위/컵 1.jpg"]),
        ("하*/컵*", ["하위/컵 1.jpg"]),
        ("?.*", ["a.png", "b.JPG"]),
    ],
)
def test_a_glob(photos: Path, pattern: str, expected: list[str]) -> None:
    assert names(find_pictures(f"{photos}/{pattern}")) == expected


def test_a_glob_relative_to_the_current_folder(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    assert names(find_pictures("*.png")) == ["a.png"]
    assert names(find_pictures("하위/*.jpg")) == ["1569.73.jpg", "컵 1.jpg"]


def test_a_list_keeps_its_order_and_takes_each_picture_once(photos: Path) -> None:
    given = [photos / "하위" / "컵 1.jpg", photos / "a.png", photos]
    assert names(find_pictures(given)) == ["하위/컵 1.jpg", "a.png", "b.JPG", "하위/1569.73.jpg"]


def test_the_same_name_in_two_sources_stays_apart(photos: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (8, 6)).save(other / "A.png")
    assert names(find_pictures([photos, other]))[-1] == "2/A.png"


@pytest.mark.parametrize("source", ["missing", "missing/*.jpg", "0123", "ftp://example.org/a.jpg", "내 사진/*.txt"])
def test_a_source_without_pictures_is_a_users_error(photos: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    with pytest.raises(UserError) as raised:
        find_pictures(source)
    assert source in raised.value.message
    assert raised.value.advice


def test_videos_in_a_folder_and_by_a_glob(photos: Path) -> None:
    for name in ("하위/벨트.MP4", "clip.avi", ".hidden/x.mp4"):
        (photos / name).touch()
    assert [picture.name for picture in find_pictures(photos) if picture.moves] == ["clip.avi", "하위/벨트.MP4"]
    assert names(find_pictures(f"{photos}/**/*.MP4")) == ["하위/벨트.MP4"]


def test_an_empty_folder_is_a_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no picture and no video"):
        find_pictures(tmp_path)
    with pytest.raises(UserError, match="nothing"):
        find_pictures([])


def test_broken_pictures_are_reported_and_left_out(photos: Path) -> None:
    whole = (photos / "a.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "text.jpg").write_text("no picture", encoding="utf-8")
    problems: list[tuple[str, str]] = []

    def note(picture: SourcePicture, error: PictureError) -> None:
        problems.append((picture.name, error.message))

    read = list(read_pictures(find_pictures(photos), note, ahead=2))
    assert [name for name, _ in read] == ["a.png", "b.JPG", "하위/1569.73.jpg", "하위/컵 1.jpg"]
    assert all(pixels.shape == (6, 8, 3) and pixels[0, 0].tolist() == [200, 10, 10] for _, pixels in read)
    assert [name for name, _ in problems] == ["cut.png", "text.jpg"]
    assert all(name in message for name, message in problems)


def test_pictures_are_turned_upright(shared_data: Path) -> None:
    folder = shared_data / "odd" / "exif_orientation"
    pictures = find_pictures(folder)
    assert len(pictures) == 9
    shapes = {pixels.shape for _, pixels in read_pictures(pictures, lambda *_: pytest.fail("cannot be read"))}
    assert len(shapes) == 1


def test_at_most_so_many_wait_and_none_after_the_reader_has_stopped(photos: Path) -> None:
    before = set(threading.enumerate())
    stream = read_pictures(find_pictures(photos) * 20, lambda *_: None, ahead=2)
    name, pixels = next(stream)
    assert name == "a.png" and pixels.dtype == np.uint8
    stream.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before
