from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from yolact_kit.errors import UserError
from yolact_kit.inference.images import read_images

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
CHANNELS_FIRST = torch.from_numpy(PIXELS).permute(2, 0, 1)


def read(images: Any) -> list[np.ndarray]:
    return [image.pixels for image in read_images(images)]


@pytest.mark.parametrize(
    "given",
    [
        PIXELS,
        PIXELS[None],
        np.dstack([PIXELS, np.full((20, 30), 7, dtype=np.uint8)]),
        np.asfortranarray(PIXELS),
        torch.from_numpy(PIXELS),
        CHANNELS_FIRST,
        CHANNELS_FIRST[None],
        CHANNELS_FIRST / 255,
        (CHANNELS_FIRST / 255).half().requires_grad_(),
        Image.fromarray(PIXELS),
        Image.fromarray(PIXELS).convert("RGBA"),
    ],
)
def test_pixels_of_every_kind(given: Any) -> None:
    for images in (given, [given], iter([given])) if getattr(given, "ndim", 3) < 4 else (given,):
        [pixels] = read(images)
        assert pixels.dtype == np.uint8 and pixels.flags.c_contiguous
        np.testing.assert_array_equal(pixels, PIXELS)


@pytest.mark.parametrize(
    "given", [PIXELS[..., 0], PIXELS[..., :1], CHANNELS_FIRST[:1], Image.fromarray(PIXELS[..., 0])]
)
def test_grey_pixels_are_a_picture(given: Any) -> None:
    np.testing.assert_array_equal(read(given)[0], np.repeat(PIXELS[..., :1], 3, axis=2))


def test_what_pillow_opens_is_as_the_file_itself(tmp_path: Path) -> None:
    turned, deep = tmp_path / "휴대폰.jpg", tmp_path / "deep.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(turned, exif=exif)
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 16).save(deep)
    for file in (turned, deep):
        [plain], [opened], [content] = (list(read_images(one)) for one in (file, Image.open(file), file.read_bytes()))
        assert opened.name == plain.name == str(file) and plain.on_disk and not opened.on_disk
        np.testing.assert_array_equal(opened.pixels, plain.pixels)
        np.testing.assert_array_equal(content.pixels, plain.pixels)
    assert read(Image.open(turned))[0].shape == (30, 20, 3)


def test_several_pictures_are_told_apart_by_their_number(tmp_path: Path) -> None:
    for name in "ba":
        Image.fromarray(PIXELS).save(tmp_path / f"{name}.png")
    names = [image.name for image in read_images([PIXELS, tmp_path, PIXELS])]
    assert names == ["0", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "2"]
    assert len(read(np.stack([PIXELS] * 3))) == len(read(CHANNELS_FIRST.expand(3, 3, 20, 30))) == 3
    assert len(read(sorted(tmp_path.glob("*.png")))) == len(read(tmp_path.glob("*.png"))) == 2
    assert read([]) == []


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (np.zeros((5, 5, 2), dtype=np.uint8), "uint8"),
        (np.zeros(5, dtype=np.uint8), "uint8"),
        (np.zeros((0, 4, 3), dtype=np.uint8), "uint8"),
        (np.zeros((5, 5, 3)), "float64"),
        (np.zeros((5, 5, 3), dtype=np.uint16), "uint16"),
        (np.zeros((5, 5), dtype=bool), "bool"),
        (torch.zeros(2, 5, 5), "[2, 5, 5]"),
        (torch.full((3, 5, 5), 2.6), "from 2.6 to 2.6"),
        (torch.full((3, 5, 5), torch.nan), "from nan"),
        (torch.zeros(3, 0, 5), "float32"),
        (7, "type int"),
        (None, "type NoneType"),
        ([[PIXELS]], "type list"),
    ],
)
def test_what_is_no_picture(given: Any, what: str) -> None:
    with pytest.raises(UserError, match=r"not a picture\.") as raised:
        read(given)
    assert what in raised.value.message and raised.value.advice


def test_a_file_that_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(UserError, match=r"text\.png"):
        read(tmp_path / "text.png")
    with pytest.raises(UserError, match="not a picture"):
        read(b"no picture")
