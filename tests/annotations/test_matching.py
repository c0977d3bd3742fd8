"""Which picture labels belong to, and which way up it is."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, labelled, labelme_document, picture, read, shape
from yolact_kit.annotations.problems import SourceError


def labels(path: Path, image: str, **more: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(labelme_document(image, [shape()], **more), ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    ("image", "reference", "named"),
    [
        ("labels/a.png", "a.png", ""),
        ("labels/a.png", "C:\\Users\\나\\a.png", ""),
        ("images/a.png", "../images/a.png", ""),
        ("images/a.png", "..\\images\\a.png", ""),
        ("images/a.png", "C:\\Users\\나\\a.png", "C:\\Users\\나\\a.png"),
        ("images/a.png", "/home/me/a.png", "/home/me/a.png"),
        ("images/a.png", "a.png", "labels/a.png"),
        ("images/깊은 폴더/a.png", "a.png", "labels/a.png"),
        ("1569.73.png", "1569.73.png", "labels/1569.73.png"),
    ],
)
def test_pictures_are_found_by_path_and_by_name(tmp_path: Path, image: str, reference: str, named: str) -> None:
    picture(tmp_path / image)
    labels(tmp_path / "labels" / f"{Path(image).stem}.json", reference)
    result = read(tmp_path)
    assert result.labelled[0].picture.file == image
    assert [problem.message for problem in result.problems] == (
        [f"It names '{named}'; '{image}' is used."] if named else []
    )
    assert image == "1569.73.png" or codes(read(tmp_path, pictures=(tmp_path / image).parent)) == []


def test_the_picture_of_the_labels_own_name_wins(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    picture(tmp_path / "b.png", 2)
    labels(tmp_path / "a.json", "a.png")
    labels(tmp_path / "b.json", "a.png")
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == ["a.png", "b.png"]
    assert codes(result) == ["F picture-by-stem"]


@pytest.mark.parametrize("image", ["a.PNG", "a.jpg"])
def test_a_picture_whose_extension_differs(tmp_path: Path, image: str) -> None:
    picture(tmp_path / image)
    labels(tmp_path / "a.json", "a.png")
    result = read(tmp_path)
    assert result.labelled[0].picture.file == image
    assert codes(result) == ["F picture-name-differs"]


def test_a_picture_that_is_unlike_its_extension(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    labels(tmp_path / "a.json", "a.jpg")
    assert codes(read(tmp_path)) == ["F picture-suffix"]


def test_nothing_outside_is_ever_read(tmp_path: Path) -> None:
    picture(tmp_path / "secret" / "a.png")
    labelled(tmp_path / "in", "good", [shape()])
    labels(tmp_path / "in" / "a.json", "../secret/a.png")
    result = read(tmp_path / "in")
    assert codes(result) == ["E picture-missing"]
    found = read(tmp_path / "in", pictures=tmp_path / "secret")
    assert [item.picture.file for item in found.labelled] == ["a.png", "good.png"]


def test_missing_pictures_can_be_skipped(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    labels(tmp_path / "gone.json", "gone.png")
    assert codes(read(tmp_path)) == ["E picture-missing"]
    skipped = read(tmp_path, skip_missing=True)
    assert codes(skipped) == ["S picture-skipped"]
    assert skipped.left_out == 1


def test_the_same_name_in_two_folders(tmp_path: Path) -> None:
    for number, folder in enumerate(("낮", "밤")):
        picture(tmp_path / "images" / folder / "a.png", number)
        labels(tmp_path / "labels" / folder / "a.json", "a.png")
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == ["images/낮/a.png", "images/밤/a.png"]
    assert [item.source.parent.name for item in result.labelled] == ["낮", "밤"]
    assert codes(result) == ["F picture-elsewhere"] * 2


def test_two_pictures_that_fit_alike_are_an_error(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    for folder in ("one", "two"):
        picture(tmp_path / folder / "a.png")
    labels(tmp_path / "a.json", "a.png")
    assert codes(read(tmp_path)) == ["E picture-ambiguous"]


def test_a_picture_with_two_label_files(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    labels(tmp_path / "copy of a.json", "a.png")
    result = read(tmp_path)
    assert codes(result) == ["E picture-labelled-twice"]
    assert [item.source.name for item in result.labelled] == ["a.json"]


def test_pictures_without_labels_are_counted(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    picture(tmp_path / "b.png", 1)
    picture(tmp_path / "._a.png")
    assert read(tmp_path).without_labels == ["b.png"]


def embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def test_an_embedded_picture_stands_in_for_a_missing_file(tmp_path: Path) -> None:
    data = embedded(picture(tmp_path / "elsewhere" / "a.jpg"))
    labels(tmp_path / "in" / "깊은" / "a.json", "a.png", imageData=data)
    result = read(tmp_path / "in")
    assert codes(result) == ["F picture-embedded"]
    assert result.labelled[0].picture.file == "깊은/a.jpg"
    assert len(instances(result)) == 1


def test_a_broken_embedded_picture(tmp_path: Path) -> None:
    labels(tmp_path / "a.json", "a.png", imageData="AAAA")
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.severity for problem in caught.value.problems] == ["F", "E"]


@pytest.mark.parametrize(
    ("seed", "size", "code"),
    [
        (0, (WIDTH, HEIGHT), []),
        (1, (WIDTH, HEIGHT), ["W picture-embedded-differs"]),
        (0, (30, 20), ["W picture-embedded-differs"]),
    ],
)
def test_the_file_is_preferred_to_another_embedded_picture(
    tmp_path: Path, seed: int, size: tuple[int, int], code: list[str]
) -> None:
    data = embedded(picture(tmp_path / "other.jpg", seed, size, quality=60))
    (tmp_path / "other.jpg").unlink()
    picture(tmp_path / "a.png")
    labels(tmp_path / "a.json", "a.png", imageData=data)
    assert codes(read(tmp_path)) == code


@pytest.mark.parametrize("name", ["truncated_image.png", "broken.png", "broken_data_stream.png"])
def test_a_damaged_picture_is_left_out(shared_data: Path, tmp_path: Path, name: str) -> None:
    labelled(tmp_path, "good", [shape()])
    shutil.copy(shared_data / "odd" / "image_modes" / "Tests" / "images" / name, tmp_path)
    labels(tmp_path / f"{Path(name).stem}.json", name, imageWidth=None, imageHeight=None)
    result = read(tmp_path)
    assert codes(result) == ["E picture-undecodable"]
    assert [item.picture.file for item in result.labelled] == ["good.png"]


def test_a_picture_with_too_many_pixels_is_left_out(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    picture(tmp_path / "big.png", 1, (300, 300))
    labels(tmp_path / "big.json", "big.png", imageWidth=300, imageHeight=300)
    assert codes(read(tmp_path, max_pixels=80_000)) == ["E picture-too-large"]
    assert codes(read(tmp_path, max_pixels=90_000)) == []


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_modes_that_change_are_reported(tmp_path: Path, mode: str) -> None:
    suffix = ".tif" if mode == "CMYK" else ".png"
    image = Image.open(picture(tmp_path / "plain.png"))
    if mode == "I;16":
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 256).save(tmp_path / "a.png")
    else:
        image.convert(mode).save(tmp_path / f"a{suffix}")
    (tmp_path / "plain.png").unlink()
    labels(tmp_path / "a.json", f"a{suffix}")
    result = read(tmp_path)
    assert codes(result) == ["W picture-16-bit" if mode == "I;16" else "F picture-mode"]
    assert result.labelled[0].rewrite


@pytest.mark.parametrize(
    ("orientation", "size", "code", "turned_by"),
    [
        (6, (1800, 1200), "F picture-rotated", 6),
        (6, (1200, 1800), "W picture-as-stored", 1),
        (8, (1800, 1200), "F picture-rotated", 8),
        (3, (1800, 1200), "F picture-rotated", 3),
        (3, None, "F picture-rotated", 3),
        (6, None, "F picture-rotated", 6),
        (2, (1800, 1200), "F picture-rotated", 2),
        (6, (900, 1000), "E picture-orientation", None),
        (1, (1200, 1800), "E picture-size", None),
    ],
)
def test_the_orientation_that_fits_the_labels_is_taken(
    shared_data: Path, tmp_path: Path, orientation: int, size: tuple[int, int] | None, code: str, turned_by: int | None
) -> None:
    labelled(tmp_path, "good", [shape()])
    shutil.copy(shared_data / "odd" / "exif_orientation" / f"Landscape_{orientation}.jpg", tmp_path / "a.jpg")
    width, height = size or (None, None)
    labels(tmp_path / "a.json", "a.jpg", imageWidth=width, imageHeight=height)
    result = read(tmp_path)
    assert codes(result) == [code]
    found = {item.picture.file: item for item in result.labelled}
    if turned_by is None:
        assert "a.jpg" not in found
    else:
        assert found["a.jpg"].orientation == turned_by
        expected = (1200, 1800) if turned_by == 1 else (1800, 1200)
        assert (found["a.jpg"].picture.width, found["a.jpg"].picture.height) == expected


def test_voc_labels_are_as_stored_where_size_does_not_tell(shared_data: Path, tmp_path: Path) -> None:
    shutil.copy(shared_data / "odd" / "exif_orientation" / "Landscape_3.jpg", tmp_path / "a.jpg")
    box = "<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>50</xmax><ymax>60</ymax></bndbox>"
    xml = f"<annotation><filename>a.jpg</filename><object><name>nut</name>{box}</object></annotation>"
    (tmp_path / "a.xml").write_text(xml, encoding="utf-8")
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == ["W picture-as-stored"]
    assert result.labelled[0].rewrite, "its EXIF has to go, or readers would turn it"


def test_labels_are_scaled_on_request_only(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    picture(tmp_path / "big.png", 1, (2 * WIDTH, 2 * HEIGHT))
    labels(tmp_path / "big.json", "big.png")
    assert codes(read(tmp_path)) == ["E picture-size"]
    result = read(tmp_path, rescale=True)
    assert codes(result) == ["F picture-rescaled"]
    scaled, plain = (item.picture.instances[0].polygons[0] for item in result.labelled)
    assert np.allclose(scaled, plain * 2)


def test_labels_of_another_shape_are_never_scaled(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    picture(tmp_path / "tall.png", 1, (HEIGHT, WIDTH))
    labels(tmp_path / "tall.json", "tall.png")
    assert codes(read(tmp_path, rescale=True)) == ["E picture-size"]
