"""One list says what is a picture and what a video, and what it calls a picture can be read."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import yolact_kit
from yolact_kit.pixels.formats import (
    EXTENSIONS,
    SUFFIXES,
    VIDEO_EXTENSIONS,
    is_picture,
    is_video,
    unread_format,
)
from yolact_kit.pixels.pictures import PictureError, inspect_picture, read_picture

WRITTEN = sorted((format, suffix) for format, suffixes in SUFFIXES.items() for suffix in suffixes if format != "MPO")


@pytest.mark.parametrize(("format", "suffix"), WRITTEN)
def test_every_format_of_the_list_is_read(tmp_path: Path, format: str, suffix: str) -> None:
    path = tmp_path / f"사진{suffix.upper()}"
    Image.new("RGB", (20, 10), (200, 40, 90)).save(path, format=format)
    info = inspect_picture(path)
    assert (info.width, info.height, info.frames) == (20, 10, 1)
    assert info.suits(suffix)
    assert np.abs(read_picture(path).mean(axis=(0, 1)) - (200, 40, 90)).max() < 4
    assert is_picture(path) and not is_video(path) and not unread_format(path)


@pytest.mark.parametrize("name", ["a.heic", "A.HEIF", "a.CR2", "a.nef", "a.ARW", "a.dng", "a.psd", "a.svg", "a.pdf"])
def test_formats_that_are_not_read_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.new("RGB", (20, 10)).save(path, format="TIFF")  # cameras put a small preview into such a frame
    assert not is_picture(name) and not is_video(name)
    with pytest.raises(PictureError, match=f"format {unread_format(name)}") as caught:
        read_picture(path)
    assert caught.value.code == "picture-unread-format"


@pytest.mark.parametrize("format", ["PSD", "ICO", "EPS", "PDF"])
def test_what_no_folder_shows_is_not_read_under_another_name_either(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a.jpg"
    if format == "PSD":
        path.write_bytes(b"8BPS\0\1" + b"\0" * 40)
    else:
        Image.new("RGB", (20, 10)).save(path, format=format)
    with pytest.raises(PictureError):
        inspect_picture(path)


@pytest.mark.parametrize(
    ("start", "format"), [(b"\0\0\0\x18ftypheic", "HEIC"), (b"8BPS\0\1", "Photoshop"), (b"%PDF-1.7", "PDF")]
)
def test_formats_under_another_name_are_told_by_their_content(tmp_path: Path, start: bytes, format: str) -> None:
    (tmp_path / "a.jpg").write_bytes(start + b"\0" * 40)
    with pytest.raises(PictureError, match=f"format {format}"):
        inspect_picture(tmp_path / "a.jpg")


def test_no_suffix_is_of_two_kinds() -> None:
    assert not EXTENSIONS & VIDEO_EXTENSIONS
    assert not [suffix for suffix in EXTENSIONS | VIDEO_EXTENSIONS if unread_format(f"a{suffix}")]
    assert not (is_picture("a.json") or is_video("a.json") or unread_format("a.json") or unread_format("a"))


def test_no_other_file_has_a_list_of_its_own() -> None:
    """Lists of suffixes elsewhere fall behind: what one command reads, another passes over."""
    package = Path(yolact_kit.__file__).parent
    usual = re.compile(r"""['"]\.?(webp|jpeg|heic|mov|mkv|avi)['"]""")
    files = [path for path in package.rglob("*.py") if usual.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in files] == ["formats.py"]
