"""A picture of any mode has the same pixels for training, where `convert` wrote them, and for `predict`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, labelme_document, shape
from tests.cli.runner import Runner
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.inference.depth import CallDepth
from yolact_kit.inference.images import read_images
from yolact_kit.inference.sources import deep_values_of, find_pictures, read_pictures

COLOURS = cv2.resize(
    np.random.default_rng(1).integers(0, 256, (5, 6, 3), dtype=np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
)
PLAIN = Image.fromarray(COLOURS)
ALPHA = Image.fromarray(np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1)))


def saved(image: Image.Image, **options: Any) -> Callable[[Path], None]:
    return lambda path: image.save(path, **options)


def with_alpha(mode: str) -> Image.Image:
    image = PLAIN.convert(mode)
    image.putalpha(ALPHA)
    return image


def turned(orientation: int) -> dict[str, Any]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"exif": exif}


FRAMES = [PLAIN.convert("P"), PLAIN.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("P")]
PALETTE = PLAIN.convert("P", palette=Image.Palette.ADAPTIVE)
DEEP = (COLOURS[:, :, 0].astype(np.uint16) * 16).clip(0, 4095)

PICTURES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "CMYK JPEG": (".jpg", saved(PLAIN.convert("CMYK"), quality=95)),
    "CMYK TIFF": (".tif", saved(PLAIN.convert("CMYK"))),
    "grey JPEG": (".jpg", saved(PLAIN.convert("L"))),
    "grey PNG with a transparent value": (".png", saved(PLAIN.convert("L"), transparency=90)),
    "RGB PNG with a transparent colour": (".png", saved(PLAIN, transparency=(1, 2, 3))),
    "palette PNG": (".png", saved(PALETTE)),
    "palette PNG with a transparent entry": (".png", saved(PALETTE, transparency=3)),
    "palette PNG with transparency by entry": (".png", saved(PALETTE, transparency=bytes(range(200)))),
    "palette BMP": (".bmp", saved(PALETTE)),
    "palette TIFF": (".tif", saved(PALETTE)),
    "LA PNG": (".png", saved(with_alpha("L"))),
    "LA TIFF": (".tif", saved(with_alpha("L"))),
    "RGBA PNG": (".png", saved(with_alpha("RGB"))),
    "RGBA TIFF": (".tif", saved(with_alpha("RGB"))),
    "RGBA WebP": (".webp", saved(with_alpha("RGB"), lossless=True)),
    "1-bit PNG": (".png", saved(PLAIN.convert("1"))),
    "1-bit TIFF": (".tif", saved(PLAIN.convert("1"), compression="group4")),
    "YCbCr TIFF": (".tif", saved(PLAIN.convert("YCbCr"))),
    "YCbCr TIFF as JPEG": (".tif", saved(PLAIN.convert("YCbCr"), compression="jpeg")),
    "LAB TIFF": (".tif", saved(PLAIN.convert("LAB"))),
    "animated GIF": (".gif", saved(FRAMES[0], save_all=True, append_images=FRAMES[1:])),
    "animated WebP": (".webp", saved(FRAMES[0], save_all=True, append_images=FRAMES[1:], lossless=True)),
    "animated PNG": (".png", saved(FRAMES[0], save_all=True, append_images=FRAMES[1:])),
    "TIFF of several pages": (".tif", saved(PLAIN, save_all=True, append_images=[FRAMES[1].convert("RGB")])),
    "TIFF upside down by EXIF": (".tif", saved(PLAIN, **turned(3))),
    "TIFF turned by EXIF": (".tif", saved(PLAIN, **turned(6))),
    "palette TIFF turned by EXIF": (".tif", saved(PALETTE, **turned(8))),
    "PNG turned by EXIF": (".png", saved(PLAIN, **turned(6))),
    "JPEG turned by EXIF": (".jpg", saved(PLAIN, quality=95, **turned(8))),
    "palette PNG turned by EXIF": (".png", saved(PALETTE, **turned(5))),
    "16-bit PNG": (".png", saved(Image.fromarray(DEEP))),
    "16-bit TIFF upside down by EXIF": (".tif", saved(Image.fromarray(DEEP), **turned(3))),
    "16-bit TIFF turned by EXIF": (".tif", saved(Image.fromarray(DEEP), **turned(6))),
    "float TIFF": (".tif", saved(Image.fromarray(DEEP.astype(np.float32)))),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_convert_and_predict_see_the_same_pixels(run: Runner, tmp_path: Path, kind: str) -> None:
    suffix, write = PICTURES[kind]
    source = tmp_path / "원본"
    source.mkdir()
    file = source / f"a{suffix}"
    write(file)
    on_its_side = "turned by EXIF" in kind
    size = {"imageWidth": HEIGHT, "imageHeight": WIDTH} if on_its_side else {}
    document = labelme_document(file.name, [shape()], **size)
    file.with_suffix(".json").write_text(json.dumps(document), encoding="utf-8")
    assert run("convert", source, tmp_path / "data", "--val", "0").code == 0
    dataset = load_dataset(tmp_path / "data")
    [picture] = dataset.pictures()
    learnt = picture.read()
    assert learnt.std() > 10
    pictures = find_pictures(file)
    depth = CallDepth(dataset.depth_range, values=lambda: deep_values_of(pictures))
    [(_, predicted)] = read_pictures(pictures, lambda _, error: pytest.fail(error.message), depth=depth)
    # Pictures that are written anew as JPEG lose a little.
    assert np.abs(learnt.astype(int) - predicted).mean() <= (1.5 if picture.path.suffix == ".jpg" else 0)
    with Image.open(file) as opened:
        for form in (file, file.read_bytes(), opened):
            [image] = read_images(form, depth)
            np.testing.assert_array_equal(image.pixels, predicted)
