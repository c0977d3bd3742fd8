"""Pictures of every kind become upright 8-bit RGB, or an error that names the file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from yolact_kit.annotations.dataset import Picture
from yolact_kit.pixels import pictures
from yolact_kit.pixels.pictures import PictureError, inspect_picture, picture_size, pixels_of, read_picture, turn

MODES = Path("odd", "image_modes", "Tests", "images")


@pytest.mark.parametrize("orientation", range(9))
def test_exif_orientations_are_obeyed(shared_data: Path, orientation: int) -> None:
    path = shared_data / "odd" / "exif_orientation" / f"Landscape_{orientation}.jpg"
    with Image.open(path) as image:
        upright = np.array(ImageOps.exif_transpose(image))
    assert np.array_equal(read_picture(path), upright)
    assert picture_size(path) == (1800, 1200)


def test_a_picture_of_a_data_set_is_as_large_as_its_labels_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20)
    Image.new("RGB", (7, 5)).save(tmp_path / "a.png")
    assert Picture("a.png", 7, 5, tmp_path / "a.png").read().shape == (5, 7, 3)
    with pytest.raises(PictureError, match="more than 20"):
        Picture("a.png", 1, 1, tmp_path / "a.png").read()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turn_does_what_pillow_does(tmp_path: Path, orientation: int) -> None:
    stored = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    image = Image.fromarray(stored)
    exif = image.getexif()
    exif[0x0112] = orientation
    path = tmp_path / "a.png"
    image.save(path, exif=exif)
    with Image.open(path) as again:
        expected = np.array(ImageOps.exif_transpose(again))
    assert np.array_equal(turn(stored, orientation), expected)
    assert np.array_equal(read_picture(path), expected)
    assert np.array_equal(read_picture(path, orientation=1), stored)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("mode", ["RGB", "L", "I;16", "F"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_files_are_turned_once(tmp_path: Path, orientation: int, mode: str, compression: str | None) -> None:
    grey = np.arange(4 * 6, dtype=np.uint8).reshape(4, 6) * 10
    values = {"I;16": grey.astype(np.uint16), "F": grey.astype(np.float32)}.get(mode, grey)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.tif"
    image = Image.fromarray(values)
    (image.convert(mode) if mode == "RGB" else image).save(path, exif=exif, compression=compression)
    stored = np.dstack([grey] * 3)
    info = inspect_picture(path)
    assert (info.width, info.height, info.orientation) == (6, 4, orientation)
    np.testing.assert_array_equal(read_picture(path, orientation=1), stored)
    np.testing.assert_array_equal(read_picture(path, orientation), turn(stored, orientation))
    np.testing.assert_array_equal(read_picture(path), turn(stored, orientation))
    assert picture_size(path) == read_picture(path).shape[1::-1]
    with Image.open(path) as opened:
        np.testing.assert_array_equal(pixels_of(opened), turn(stored, orientation))
        np.testing.assert_array_equal(pixels_of(opened), turn(stored, orientation))  # once more, after loading


@pytest.mark.parametrize(
    "name",
    [
        "hopper.bmp", "hopper.gif", "hopper.jpg", "hopper.tif", "hopper.webp", "hopper_gray.jpg",
        "hopper_gray_4bpp.tif", "hopper_16bit_qtables.jpg", "pil123p.png", "pil123rgba.png", "pil_sample_cmyk.jpg",
        "1_trns.png", "i_trns.png", "multipage.tiff", "exif_typeerror.jpg", "invalid-exif.jpg", "10ct_32bit_128.tiff",
    ],
)  # fmt: skip
def test_every_mode_becomes_rgb(shared_data: Path, name: str) -> None:
    path = shared_data / MODES / name
    pixels = read_picture(path)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (*reversed(picture_size(path)), 3)
    assert pixels.std() > 3


def test_the_same_picture_in_other_formats_looks_the_same(shared_data: Path) -> None:
    png = read_picture(shared_data / MODES / "hopper.png").astype(int)
    for name in ("hopper.bmp", "hopper.jpg", "hopper.webp", "hopper.gif", "hopper.tif"):
        assert np.abs(read_picture(shared_data / MODES / name) - png).mean() < 8, name


def test_16_bits_in_colour_are_noticed(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.full((4, 4, 3), 40000, dtype=np.uint16))
    assert inspect_picture(path).deep
    assert int(read_picture(path).max()) == 40000 // 256


@pytest.mark.parametrize("name", ["broken.png", "broken_data_stream.png", "truncated_image.png", "zero_width.gif"])
def test_damaged_pictures_are_named(shared_data: Path, name: str) -> None:
    with pytest.raises(PictureError, match=name) as caught:
        read_picture(shared_data / MODES / name)
    assert caught.value.code == "picture-undecodable"
    assert caught.value.advice


def test_a_jpeg_that_was_cut_off_is_an_error(shared_data: Path, tmp_path: Path) -> None:
    data = (shared_data / "fruitnuts_labelme" / "images" / "0.jpg").read_bytes()
    path = tmp_path / "잘린 사진.jpg"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(PictureError, match="잘린 사진"):
        read_picture(path)


def test_missing_empty_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="does not exist") as caught:
        read_picture(tmp_path / "없음.jpg")
    assert caught.value.code == "picture-missing"
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PictureError, match="is empty"):
        read_picture(tmp_path / "empty.jpg")
    (tmp_path / "text.jpg").write_text("not a picture", encoding="utf-8")
    with pytest.raises(PictureError, match="is not a picture"):
        read_picture(tmp_path / "text.jpg")


def test_too_many_pixels_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow's own limit, which labelme takes away when imported
    path = tmp_path / "bomb.png"
    Image.new("1", (15000, 13000)).save(path)
    assert path.stat().st_size < 100_000
    with pytest.raises(PictureError, match="15000 x 13000") as caught:
        read_picture(path)
    assert caught.value.code == "picture-too-large"
    assert inspect_picture(path, max_pixels=200_000_000).width == 15000
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_that_leads_nowhere_says_where_it_led(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "옛 곳" / "a.png")
    with pytest.raises(PictureError, match="which is not there any more") as caught:
        read_picture(tmp_path / "a.png")
    assert caught.value.code == "picture-missing"
