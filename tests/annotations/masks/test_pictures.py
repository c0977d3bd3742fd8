"""Mask pictures of every depth are read to the last object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, picture, read
from yolact_kit.annotations.masks.pictures import read_mask
from yolact_kit.annotations.problems import SourceError

Numbers = np.ndarray[Any, Any]


def cells(count: int) -> Numbers:
    """Squares of 2 x 2 pixels with the numbers 1 to ``count``, int32 [HEIGHT, WIDTH]."""
    numbers = np.zeros((HEIGHT, WIDTH), dtype=np.int32)
    for number in range(count):
        row, column = divmod(number, WIDTH // 3)
        numbers[3 * row : 3 * row + 2, 3 * column : 3 * column + 2] = number + 1
    return numbers


DEEP = [
    ("png", "uint16"),
    ("tif", "uint16"),
    ("tiff", "int16"),
    ("tif", "int32"),
    ("tif", "uint32"),
    ("tif", "float32"),
]


@pytest.mark.parametrize(("suffix", "kind"), DEEP)
@pytest.mark.parametrize("folder", ["마스크", "SegmentationObject"])
def test_numbers_above_255_are_objects(tmp_path: Path, suffix: str, kind: str, folder: str) -> None:
    path = tmp_path / folder / f"a.{suffix}"
    path.parent.mkdir()
    Image.fromarray(cells(260).astype(kind)).save(path)
    mask = read_mask(path, {})
    assert np.array_equal(mask.codes > 0, cells(260) > 0)
    assert sorted(colours[0] for colours in mask.colours.values()) == [(number,) for number in range(1, 261)]


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_a_set_of_vocs_folders_keeps_every_object(tmp_path: Path, kind: str) -> None:
    count = 200 if kind == "uint8" else 260
    picture(tmp_path / "JPEGImages" / "컵.png")
    for folder, numbers in (("SegmentationObject", cells(count)), ("SegmentationClass", np.minimum(cells(count), 1))):
        (tmp_path / folder).mkdir()
        Image.fromarray(numbers.astype(kind)).save(tmp_path / folder / "컵.png")
    (tmp_path / "class_names.txt").write_text("_background_\ncell\n", encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == []
    assert [int(entry.mask(HEIGHT, WIDTH).sum()) for entry in instances(result)] == [4] * count


@pytest.mark.parametrize(
    ("kind", "values", "objects"),
    [
        ("uint8", [1, 2, 255], [1, 2]),
        ("uint8", [255], [255]),
        ("uint8", list(range(256)), list(range(1, 256))),
        ("uint16", [1, 2, 65535], [1, 2]),
        ("uint16", [65535], [65535]),
        ("uint16", [1, 254, 255, 256], [1, 254, 255, 256]),
        ("int32", [-1, 3, 70000], [3, 70000]),
    ],
)
def test_the_border_between_objects_is_no_object(
    tmp_path: Path, kind: str, values: list[int], objects: list[int]
) -> None:
    numbers = np.zeros((HEIGHT, WIDTH), dtype=kind)
    numbers.reshape(-1)[: len(values)] = values
    path = tmp_path / ("a.tif" if kind == "int32" else "a.png")
    Image.fromarray(numbers).save(path)
    assert [colours[0] for colours in read_mask(path, {}).colours.values()] == [(number,) for number in objects]


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGB", "RGBA", "1"])
def test_grey_is_a_number_in_every_mode(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray((cells(1) * 255).astype(np.uint8))
    image.convert(mode).save(tmp_path / "a.png")
    mask = read_mask(tmp_path / "a.png", {(255,): "cell"})
    assert [mask.name(code, {(255,): "cell"}) for code in mask.colours] == ["cell"]
    assert (mask.codes > 0).sum() == 4


def test_colours_that_hold_the_number_of_a_segment_are_told_apart(tmp_path: Path) -> None:
    """COCO's panoptic pictures write a number as R + 256 G + 65536 B."""
    numbers = cells(260) * 1000
    rgb = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=2).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    assert len(read_mask(tmp_path / "a.png", {}).colours) == 260


def deep_rgb(path: Path) -> None:
    cv2.imwrite(str(path), np.dstack([cells(260)] * 3).astype(np.uint16))


def fractions(path: Path) -> None:
    Image.fromarray((cells(3) / 2).astype(np.float32)).save(path)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def pages(path: Path) -> None:
    first, *others = (Image.fromarray(cells(count).astype(np.uint16)) for count in (1, 2, 3))
    first.save(path, save_all=True, append_images=others)


@pytest.mark.parametrize(
    ("write", "suffix", "message"),
    [
        (deep_rgb, "png", "colours of 16 bits"),
        (deep_rgb, "tif", "colours of 16 bits"),
        (fractions, "tif", "fractions"),
        (pages, "tif", "3 pages"),
        (nothing, "png", "cannot be decoded"),
    ],
)
def test_what_would_lose_objects_is_an_error(tmp_path: Path, write: Any, suffix: str, message: str) -> None:
    picture(tmp_path / "JPEGImages" / "a.png")
    for folder in ("SegmentationObject", "SegmentationClass"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / f"a.{suffix}")
    (tmp_path / "class_names.txt").write_text("_background_\ncell\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["mask-picture-bad"]
    assert message in caught.value.problems[0].message
