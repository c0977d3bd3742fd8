"""Lists of pictures, standard input, and pictures of every kind."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_kit.errors import UserError
from yolact_kit.inference.sources import find_pictures, read_pictures


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "사진"
    for name in ("a.png", "하위/컵 1.png", "하위/b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (200, 10, 10)).save(folder / name)
    monkeypatch.chdir(tmp_path)
    return folder


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_list_of_pictures_in_whatever_encoding(photos: Path, encoding: str) -> None:
    text = '# 목록\n하위/컵 1.png\r\n\n"a.png"\na.png\n하위/*b.png\nhttps://example.org/c.png\n'
    (photos / "list.txt").write_bytes(text.encode(encoding))
    found = find_pictures(photos / "list.txt")
    assert [picture.name for picture in found] == ["하위/컵 1.png", "a.png", "b.png", "c.png"]


def test_what_a_list_names_may_lie_in_the_current_folder_or_be_missing(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "list.txt").write_text("사진/a.png\n사진/gone.png\n", encoding="utf-8")
    found = find_pictures("lists/list.txt")
    assert [picture.name for picture in found] == ["a.png", "gone.png"]
    problems: list[str] = []
    assert len(list(read_pictures(found, lambda _, error: problems.append(error.message)))) == 1
    assert len(problems) == 1 and "gone.png' does not exist" in problems[0]


def test_an_empty_list_is_a_users_error(photos: Path) -> None:
    (photos / "list.txt").write_text("# nothing\n\n", encoding="utf-8")
    with pytest.raises(UserError, match="names no picture"):
        find_pictures(photos / "list.txt")


def test_a_picture_through_standard_input(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, (photos / "a.png").read_bytes())
    [picture] = find_pictures("-")
    assert (picture.name, picture.on_disk) == ("stdin", False)
    assert picture.read().shape == (6, 8, 3)


def test_a_list_through_standard_input(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "사진/하위/컵 1.png\n사진/a.png\n".encode())
    assert [picture.name for picture in find_pictures("-")] == ["하위/컵 1.png", "a.png"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 99, b"\n\n"])
def test_neither_a_picture_nor_a_list(photos: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    pipe(monkeypatch, content)
    with pytest.raises(UserError, match="'-'"):
        find_pictures("-")


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Terminal()))
    with pytest.raises(UserError, match="piped"):
        find_pictures("-")


def test_pictures_of_every_kind(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 40), (30, 1))
    eight = (ramp * 255).astype(np.uint8)
    rgb = Image.fromarray(np.dstack([eight, eight, eight]))
    Image.fromarray((ramp * 65535).astype(np.uint16)).save(tmp_path / "16.png")
    Image.fromarray((ramp * 65535).astype(np.uint16)).save(tmp_path / "16.tif")
    rgb.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    Image.fromarray(eight).save(tmp_path / "grey.png")
    rgb.quantize(64).save(tmp_path / "palette.gif")
    rgb.convert("RGBA").save(tmp_path / "rgba.webp", lossless=True)
    turned = rgb.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "exif.jpg", quality=95, exif=exif)
    found = dict(read_pictures(find_pictures(tmp_path), lambda picture, error: pytest.fail(error.message)))
    assert len(found) == 7
    for name, pixels in found.items():
        assert (pixels.shape, pixels.dtype) == ((30, 40, 3), np.uint8), name
        assert abs(pixels.astype(int) - eight[..., None]).max() <= 12, name
