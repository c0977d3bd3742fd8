"""Pages and frames are counted, copies and additions of the first are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, TiffImagePlugin

from yolact_kit.pixels.formats import SUFFIXES
from yolact_kit.pixels.pictures import inspect_picture

COLOURS = ["red", "green", "blue"]


def _frames(size: tuple[int, int] = (20, 10)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in COLOURS]


@pytest.mark.parametrize("suffix", [".tif", ".gif", ".webp", ".png", ".avif"])
def test_pages_and_frames_are_counted(tmp_path: Path, suffix: str) -> None:
    if not any(suffix in suffixes for suffixes in SUFFIXES.values()):
        pytest.skip("this Pillow does not read it")
    first, *others = _frames()
    first.save(tmp_path / f"a{suffix}", save_all=True, append_images=others)
    assert inspect_picture(tmp_path / f"a{suffix}").frames == 3
    first.save(tmp_path / f"b{suffix}")
    assert inspect_picture(tmp_path / f"b{suffix}").frames == 1


def test_smaller_copies_in_a_tiff_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as stream:
        for size, kind in (((80, 40), 0), ((40, 20), 1), ((20, 10), 1)):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[254] = kind
            Image.new("RGB", size, "red").save(stream, format="TIFF", tiffinfo=tags)
            stream.newFrame()
    info = inspect_picture(path)
    assert (info.width, info.height, info.frames) == (80, 40, 1)


def test_what_phones_add_to_a_picture_does_not_count(tmp_path: Path) -> None:
    first, *others = _frames()
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=others[:1])
    assert inspect_picture(tmp_path / "a.jpg").frames == 1
