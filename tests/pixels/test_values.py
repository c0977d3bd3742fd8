"""Pictures of more than 8 bits are noticed in every format, and read with all their bits."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.fingerprints import digest
from yolact_kit.pixels.pictures import PictureError, inspect_picture, pixels_of, read_picture, read_values

GREY = np.linspace(0, 4095, 30 * 40).reshape(30, 40).astype(np.uint16)
COLOURS = np.dstack([GREY, GREY[::-1], GREY // 2])
RANGE = DepthRange(0, 4095)


def by_opencv(path: Path, values: NDArray[Any]) -> None:
    cv2.imwrite(
        str(path), values if values.ndim == 2 else np.ascontiguousarray(values[:, :, [2, 1, 0, 3][: values.shape[2]]])
    )


def big_endian(path: Path, values: NDArray[Any]) -> None:
    Image.frombytes("I;16B", values.shape[::-1], values.astype(">u2").tobytes()).save(path)


def by_pillow(path: Path, values: NDArray[Any]) -> None:
    Image.fromarray(values).save(path)


KINDS: dict[str, tuple[Any, NDArray[Any], str]] = {
    "16-bit PNG": (by_pillow, GREY, "a.png"),
    "16-bit TIFF": (by_pillow, GREY, "a.tif"),
    "16-bit TIFF, big-endian": (big_endian, GREY, "a.tif"),
    "16-bit TIFF, compressed": (by_opencv, GREY, "a.tiff"),
    "16-bit PGM": (by_opencv, GREY, "a.pgm"),
    "32-bit TIFF": (by_pillow, GREY.astype(np.int32) * 100, "a.tif"),
    "signed 16-bit TIFF": (by_opencv, GREY.astype(np.int16) - 1000, "a.tif"),
    "float TIFF": (by_pillow, GREY.astype(np.float32) / 7 - 3, "a.tif"),
    "colour PNG": (by_opencv, COLOURS, "a.png"),
    "colour TIFF": (by_opencv, COLOURS, "a.tif"),
    "colour PPM": (by_opencv, COLOURS, "a.ppm"),
    "colour PNG with transparency": (by_opencv, np.dstack([COLOURS, GREY]), "a.png"),
    "PNG under another name": (by_pillow, GREY, "a.jpg.png"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_bits_are_read(tmp_path: Path, kind: str) -> None:
    write, values, name = KINDS[kind]
    path = tmp_path / "깊은 사진" / name
    path.parent.mkdir()
    written = tmp_path / name  # OpenCV writes no Korean names on Windows
    write(written, values)
    written.rename(path)
    expected = values[..., :3] if values.ndim == 3 else values
    assert inspect_picture(path).deep and not inspect_picture(path).plain
    np.testing.assert_array_equal(read_values(path), expected)
    np.testing.assert_array_equal(read_values(path.read_bytes()), expected)
    scaled = RANGE.to_8bit(expected)
    np.testing.assert_array_equal(
        read_picture(path, depth=RANGE), scaled if scaled.ndim == 3 else np.dstack([scaled] * 3)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_pillow_opens_is_as_the_file(tmp_path: Path, kind: str) -> None:
    write, values, name = KINDS[kind]
    write(tmp_path / name, values)
    with Image.open(tmp_path / name) as image:
        np.testing.assert_array_equal(pixels_of(image, RANGE), read_picture(tmp_path / name, depth=RANGE))


def test_colours_of_which_pillow_has_8_bits_are_as_bright_as_the_file(tmp_path: Path) -> None:
    by_opencv(tmp_path / "a.png", COLOURS)
    with Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())) as image:
        difference = pixels_of(image, RANGE).astype(int) - read_picture(tmp_path / "a.png", depth=RANGE)
    assert np.abs(difference).max() <= 256 * 255 / 4095 + 1  # what the lower 8 bits hold


def test_the_same_picture_has_the_same_fingerprint_in_every_format(tmp_path: Path) -> None:
    grey = [kind for kind, (_, values, _) in KINDS.items() if values is GREY]
    digests = set()
    for kind in grey:
        write, values, name = KINDS[kind]
        write(tmp_path / name, values)
        digests.add(digest(read_values(tmp_path / name)))
    assert len(grey) > 4 and len(digests) == 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_8_bits_are_not_taken_for_more(tmp_path: Path, mode: str) -> None:
    content = io.BytesIO()
    Image.fromarray((COLOURS // 16).astype(np.uint8)).convert(mode).save(content, "TIFF" if mode != "P" else "PNG")
    assert not inspect_picture(content.getvalue()).deep
    by_opencv(tmp_path / "a.ppm", (COLOURS // 16).astype(np.uint8))
    assert not inspect_picture(tmp_path / "a.ppm").deep


def test_orientation_is_obeyed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for values in (GREY, COLOURS):
        by_opencv(tmp_path / "a.png", values)
        content = (tmp_path / "a.png").read_bytes()
        chunk = exif.tobytes()
        body = b"eXIf" + chunk.removeprefix(b"Exif\x00\x00")
        block = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
        (tmp_path / "turned.png").write_bytes(content[:33] + block + content[33:])
        assert inspect_picture(tmp_path / "turned.png").upright == (30, 40)
        np.testing.assert_array_equal(read_values(tmp_path / "turned.png"), np.rot90(values, -1))
        assert read_picture(tmp_path / "turned.png").shape == (40, 30, 3)


def test_pixels_that_hold_nothing_are_black(tmp_path: Path) -> None:
    values = GREY.astype(np.float32)
    values[:3] = -9999
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[42113], tags[42113] = 2, "-9999"
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo=tags)
    pixels = read_picture(tmp_path / "a.tif")
    assert pixels[:3].max() == 0
    np.testing.assert_array_equal(pixels[3:, :, 0], RANGE.to_8bit(GREY[3:]))


@pytest.mark.parametrize("kind", ["16-bit PNG", "colour PNG", "16-bit TIFF"])
def test_a_deep_picture_that_is_cut_off_is_an_error(tmp_path: Path, kind: str) -> None:
    write, values, name = KINDS[kind]
    write(tmp_path / name, values)
    content = (tmp_path / name).read_bytes()
    cut = content[: len(content) // 2]
    for reader in (read_values, read_picture):
        with pytest.raises(PictureError):
            reader(cut)
