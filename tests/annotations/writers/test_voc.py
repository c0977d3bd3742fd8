"""VOC's folders are as its development kit has them, and masks come back to the pixel."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, given, settings
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, read
from tests.annotations.writers.folders import CLASSES, dataset_of, mask_of, objects, ring, save, through
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.writers.voc import voc_palette
from yolact_kit.errors import UserError


def test_the_palette_is_vocs() -> None:
    known = {1: (128, 0, 0), 4: (0, 0, 128), 15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192)}
    assert {index: tuple(voc_palette()[index].tolist()) for index in known} == known


def test_the_folder_is_as_vocs(tmp_path: Path) -> None:
    square = mask_of((10, 5, 20, 15))
    triangle = Instance("너트", [ring(30.25, 5, 50, 5, 50, 30)], extra={"flags": {"truncated": True}})
    crowd = Instance("볼트 1", [ring(1, 30, 9, 30, 9, 39)], crowd=True)
    assert save(dataset_of(square, triangle, crowd), tmp_path / "out", "voc") == []
    out = tmp_path / "out"
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        "Annotations/사진 1.xml", "ImageSets/Main/train.txt", "ImageSets/Segmentation/train.txt",
        "JPEGImages/사진 1.png", "SegmentationClass/사진 1.png", "SegmentationObject/사진 1.png", "labelmap.txt",
    }  # fmt: skip
    root = ElementTree.parse(out / "Annotations/사진 1.xml").getroot()
    assert [root.findtext(path) for path in ("filename", "size/width", "size/height", "segmented")] == [
        "사진 1.png",
        "60",
        "40",
        "1",
    ]
    boxes = [[int(value.text or "") for value in box] for box in root.iter("bndbox")]
    assert boxes == [[11, 6, 20, 15], [31, 6, 50, 30], [2, 31, 9, 39]]
    flags = [[item.findtext(name) for name in ("name", "truncated", "difficult")] for item in root.findall("object")]
    assert flags == [["nut", "0", "0"], ["너트", "1", "0"], ["볼트 1", "0", "1"]]
    with (
        Image.open(out / "SegmentationObject/사진 1.png") as objects_,
        Image.open(out / "SegmentationClass/사진 1.png") as kinds,
    ):
        assert objects_.mode == kinds.mode == "P"
        assert [np.asarray(image)[10, 15] for image in (objects_, kinds)] == [1, 1]
        assert [np.asarray(image)[10, 45] for image in (objects_, kinds)] == [2, 2]
        assert np.asarray(kinds.convert("RGB"))[10, 45].tolist() == [0, 128, 0]
    assert (out / "labelmap.txt").read_text(encoding="utf-8").splitlines()[1:3] == [
        "background:0,0,0::",
        "nut:128,0,0::",
    ]
    assert (out / "ImageSets/Main/train.txt").read_text(encoding="utf-8") == "사진 1\n"


def test_it_comes_back_with_crowds_and_splits(tmp_path: Path) -> None:
    crowd = Instance("nut", [ring(1, 30, 9, 30, 9, 39)], crowd=True)
    pictures = {
        name: [Picture(f"{name}/같은.png", WIDTH, HEIGHT, Path("a.png"), [crowd, mask_of((x, 5, x + 10, 15))])]
        for x, name in ((10, "train"), (40, "val"))
    }
    result = through(Dataset("parts", CLASSES, pictures), tmp_path / "out", "voc", difficult="crowd")
    assert codes(result) == []
    assert sorted(result.splits.values()) == ["train", "val"]
    for item in result.labelled:
        split = result.splits[item.picture.file]
        assert f"/{split}/" in item.picture.file
        assert [entry.crowd for entry in item.picture.instances] == [True, False]
        expected = pictures[split][0].instances[1].rle
        assert item.picture.instances[1].encode(HEIGHT, WIDTH) == expected


def test_a_mask_that_another_hides_is_kept_by_its_outline(tmp_path: Path) -> None:
    below, above = mask_of((5, 5, 35, 35)), mask_of((6, 6, 34, 34))
    assert save(dataset_of(below, above), tmp_path / "out", "voc") == []
    result = read(tmp_path / "out")
    assert [entry.encode(HEIGHT, WIDTH) for entry in instances(result)] == [below.rle, above.rle]


def test_a_hole_that_cannot_be_told_is_reported(tmp_path: Path) -> None:
    holed = mask_of((5, 5, 35, 35), holes=((8, 8, 12, 12),))
    assert save(dataset_of(holed, mask_of((20, 20, 30, 30))), tmp_path / "out", "voc") == ["holes-not-written"]
    assert save(dataset_of(holed), tmp_path / "free", "voc") == []
    assert instances(read(tmp_path / "free"))[0].encode(HEIGHT, WIDTH) == holed.rle


def test_more_objects_than_a_mask_picture_can_tell_are_in_the_xml(tmp_path: Path) -> None:
    many = [mask_of((x, y, x + 2, y + 2)) for x in range(0, 60, 3) for y in range(0, 40, 3)][:260]
    assert save(dataset_of(*many), tmp_path / "out", "voc") == ["mask-picture-full"]
    result = read(tmp_path / "out")
    assert sorted(entry.encode(HEIGHT, WIDTH)["counts"] for entry in instances(result)) == sorted(
        entry.rle["counts"] for entry in many if entry.rle
    )


@pytest.mark.parametrize(
    ("classes", "saying"), [([f"c{n}" for n in range(255)], "room for 254"), (["a\x0bb"], "as XML"), ([" a"], "as XML")]
)
def test_what_voc_has_no_room_for_is_refused(tmp_path: Path, classes: list[str], saying: str) -> None:
    with pytest.raises(UserError, match=saying):
        save(Dataset("parts", classes, {"train": []}), tmp_path / "out", "voc")


@settings(max_examples=40, deadline=None)
@given(objects())
def test_what_is_written_is_read_back(found: list[Instance]) -> None:
    # VOC's box of an object of one pixel in width or height is the same as an empty one, which is skipped.
    assume(all(min(instance.box()[2:]) > 1 for instance in found))
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        lost = save(dataset_of(*found), out, "voc")
        result = read(out, format="voc")
    after = {
        (entry.label, entry.encode(HEIGHT, WIDTH)["counts"])
        for item in result.labelled
        for entry in item.picture.instances
    }
    before = {(entry.label, entry.encode(HEIGHT, WIDTH)["counts"]) for entry in found}
    if not lost:
        assert after == before
    points = {str(entry.polygons[0].tolist()) for entry in found if entry.polygons}
    assert (
        points
        == {str(e.polygons[0].tolist()) for item in result.labelled for e in item.picture.instances if e.polygons}
        & points
    )


def test_real_masks_come_back(shared_data: Path, tmp_path: Path) -> None:
    before = read(shared_data / "cupspeaker_voc_masks" / "dataset")
    pictures = [item.picture for item in before.labelled][:10]
    for found in pictures:
        found.file = Path(found.file).with_suffix(".png").name
    after = through(Dataset("cups", before.classes, {"train": pictures}), tmp_path / "out", "voc")
    by_name = {Path(item.picture.file).name: item.picture for item in after.labelled}
    assert len(by_name) == len(pictures)
    for found in pictures:
        assert [(e.label, e.rle) for e in by_name[found.file].instances] == [(e.label, e.rle) for e in found.instances]
