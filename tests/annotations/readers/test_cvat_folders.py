"""Folders of CVAT's files with their pictures: what is found, refused, divided and put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, instances, picture, read
from tests.annotations.readers.test_cvat import POINTS, cvat, image, in_frame, tag, track
from yolact_kit.annotations.readers.jobs import BoxesOnlyError


def test_a_folder_is_recognised(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png")
    cvat(tmp_path, image(tag("polygon", points=POINTS)))
    result = read(tmp_path)
    assert (result.format, result.why) == ("cvat", "1 XML files with '<annotations>', such as 'annotations.xml'")
    assert (result.classes, codes(result), result.without_labels) == (["nut"], [], [])
    assert [item.picture.file for item in result.labelled] == ["images/a.png"]
    assert instances(result)[0].polygons[0].tolist() == TRIANGLE


def test_boxes_alone_are_refused_and_taken_on_request(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    cvat(tmp_path, image(tag("box", xtl=5, ytl=6, xbr=30, ybr=20)))
    with pytest.raises(BoxesOnlyError, match="boxes only") as error:
        read(tmp_path)
    assert "--box-as-mask" in error.value.advice
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == []
    assert instances(result)[0].mask(HEIGHT, WIDTH).sum() == 25 * 14


def test_a_box_among_outlines_lacks_its_mask(tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        picture(tmp_path / f"{name}.png", seed)
    box, polygon = tag("box", xtl=5, ytl=6, xbr=30, ybr=20, label="bolt"), tag("polygon", points=POINTS)
    cvat(tmp_path, image(box, polygon), image(polygon, name="b.png"))
    result = read(tmp_path)
    assert codes(result) == ["E mask-missing"]
    assert result.problems[0].object == "a.png: box 1 (bolt)"
    assert [item.picture.file for item in result.labelled] == ["b.png"]
    assert len(instances(read(tmp_path, box_as_mask=True))) == 3


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"classes": ("nut",)}, "S label-not-in-classes"),
        ({"label_map": {"bolt": None}}, "S label-dropped"),
    ],
)
def test_a_box_of_no_class_is_no_error(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    picture(tmp_path / "a.png")
    cvat(tmp_path, image(tag("box", xtl=5, ytl=6, xbr=30, ybr=20, label="bolt"), tag("polygon", points=POINTS)))
    result = read(tmp_path, **options)
    assert codes(result) == [expected]
    assert [instance.label for instance in instances(result)] == ["nut"]


def test_pictures_that_are_missing_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    cvat(tmp_path, image(tag("polygon", points=POINTS)), image(name="b.png"), track(in_frame(3)))
    result = read(tmp_path)
    assert codes(result) == ["E picture-missing", "E picture-missing"]
    assert "'b.png'" in result.problems[0].message
    assert "'frame_000003'" in result.problems[1].message
    assert codes(read(tmp_path, skip_missing=True)) == ["S picture-skipped", "S picture-skipped"]


def test_a_picture_of_another_size_is_an_error(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", size=(WIDTH * 2, HEIGHT * 2))
    picture(tmp_path / "b.png")
    cvat(tmp_path, image(tag("mask", rle="0,4", left=10, top=20, width=2, height=2)), image(name="b.png"))
    assert codes(read(tmp_path)) == ["E picture-size", "W no-objects"]
    scaled = read(tmp_path, rescale=True)
    assert codes(scaled) == ["F picture-rescaled"]
    assert np.argwhere(instances(scaled)[0].mask(HEIGHT * 2, WIDTH * 2)).min(axis=0).tolist() == [40, 20]


def test_labels_fit_the_picture_that_cvat_showed_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "a.jpg", size=(HEIGHT, WIDTH), exif=exif)
    cvat(tmp_path, image(tag("polygon", points=POINTS), name="a.jpg"))
    result = read(tmp_path)
    assert codes(result) == ["F picture-rotated"]
    assert (result.labelled[0].picture.width, result.labelled[0].picture.height) == (WIDTH, HEIGHT)


def test_subsets_are_splits_and_their_pictures_may_share_names(tmp_path: Path) -> None:
    subsets = ("Train", "Validation", "Test")
    for seed, subset in enumerate(subsets):
        picture(tmp_path / "images" / subset / "in" / "a.png", seed)
    shapes = tag("polygon", points=POINTS)
    cvat(tmp_path, *(image(shapes, name="in/a.png", subset=subset) for subset in subsets))
    result = read(tmp_path)
    assert codes(result) == []
    assert result.splits == {
        "images/Train/in/a.png": "train",
        "images/Validation/in/a.png": "val",
        "images/Test/in/a.png": "test",
    }


@pytest.mark.parametrize("subsets", [("Train", "Train"), ("Validation", "Test"), ("Train", "default")])
def test_one_split_alone_is_none(tmp_path: Path, subsets: tuple[str, str]) -> None:
    for seed, name in enumerate("ab"):
        picture(tmp_path / f"{name}.png", seed)
    cvat(tmp_path, *(image(name=f"{name}.png", subset=subset) for name, subset in zip("ab", subsets, strict=True)))
    assert read(tmp_path).splits == {}


def test_jobs_that_overlap_are_put_together(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    for name, points in (("one", POINTS), ("two", "40,5;55,5;50,30")):
        cvat(tmp_path, image(tag("polygon", points=points))).rename(tmp_path / f"{name}.xml")
    result = read(tmp_path)
    assert codes(result) == ["W image-listed-twice"]
    assert len(instances(result)) == 2


def test_frames_of_two_videos_belong_to_their_own_pictures(tmp_path: Path) -> None:
    for seed, name in enumerate(("one", "two")):
        picture(tmp_path / name / "images" / "frame_000000.PNG", seed)
        cvat(tmp_path / name, track(in_frame(0), in_frame(1, outside=1), label=name))
    result = read(tmp_path)
    assert codes(result) == ["S track-outside", "S track-outside"]
    assert {item.picture.file: item.picture.instances[0].label for item in result.labelled} == {
        "one/images/frame_000000.PNG": "one",
        "two/images/frame_000000.PNG": "two",
    }


def test_frames_are_found_wherever_their_pictures_lie(tmp_path: Path) -> None:
    picture(tmp_path / "pictures" / "frame_000012.jpg")
    folder = tmp_path / "labels"
    folder.mkdir()
    cvat(folder, track(in_frame(12)))
    result = read(folder, pictures=tmp_path / "pictures")
    assert codes(result) == []
    assert [item.picture.file for item in result.labelled] == ["frame_000012.jpg"]


def test_a_file_with_entities_is_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', encoding="utf-8")
    cvat(tmp_path, image(tag("polygon", points=POINTS)))
    result = read(tmp_path)
    assert codes(result) == ["E xml-forbidden"]
    assert len(instances(result)) == 1
