"""What is written follows ultralytics' rules, and comes back to within half a pixel."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
import shapely
import yaml
from hypothesis import given, settings

from tests.annotations.making import HEIGHT, WIDTH, codes, read
from tests.annotations.writers.folders import CLASSES, dataset_of, mask_of, objects, ring, save, through
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.shapes.rings import polygons_of


def test_the_folder_follows_the_rules(tmp_path: Path) -> None:
    nut = Instance("너트", [ring(0, 0, 30, 0, 15, 40)])
    pictures = {
        "train": [Picture("a/1569.73.png", WIDTH, HEIGHT, Path("a.png"), [nut])],
        "val": [Picture("b.png", WIDTH, HEIGHT, Path("b.png"))],
    }
    assert save(Dataset("parts", CLASSES, pictures), tmp_path / "out", "yolo") == []
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {
        "data.yaml", "images/train/a/1569.73.png", "labels/train/a/1569.73.txt", "images/val/b.png", "labels/val/b.txt",
    }  # fmt: skip
    described = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text(encoding="utf-8"))
    assert described == {"train": "images/train", "val": "images/val", "names": dict(enumerate(CLASSES))}
    assert (tmp_path / "out/labels/train/a/1569.73.txt").read_text(encoding="utf-8") == "1 0 0 0.5 0 0.25 1\n"
    assert (tmp_path / "out/labels/val/b.txt").read_text(encoding="utf-8") == ""


def test_splits_and_backgrounds_come_back(tmp_path: Path) -> None:
    pictures = {
        name: [
            Picture(
                f"같은/{name}.png", WIDTH, HEIGHT, Path("a.png"), [Instance("nut", [ring(1, 1, 9, 1, 9, 9)])][:number]
            )
        ]
        for number, name in enumerate(("train", "val", "test"))
    }
    result = through(Dataset("parts", CLASSES, pictures), tmp_path / "out", "yolo")
    assert {Path(file).name: split for file, split in result.splits.items()} == {
        "train.png": "train", "val.png": "val", "test.png": "test",
    }  # fmt: skip
    assert {Path(item.picture.file).name: len(item.picture.instances) for item in result.labelled} == {
        "train.png": 0, "val.png": 1, "test.png": 1,
    }  # fmt: skip
    assert result.classes == CLASSES


def test_parts_and_holes_are_one_outline_that_opencv_fills_as_well(tmp_path: Path) -> None:
    holed = mask_of((5, 5, 25, 25), (40, 10, 50, 20), holes=((10, 10, 20, 20),))
    assert save(dataset_of(holed), tmp_path / "out", "yolo") == []
    [line] = (tmp_path / "out/labels/train/사진 1.txt").read_text(encoding="utf-8").splitlines()
    points = np.array(line.split()[1:], dtype=np.float64).reshape(-1, 2) * (WIDTH, HEIGHT)
    filled = cv2.fillPoly(np.zeros((HEIGHT, WIDTH), np.uint8), [np.round(points).astype(np.int32)], 1)
    assert filled[15, 15] == 0
    assert filled[7, 7] == filled[15, 45] == 1
    result = read(tmp_path / "out")
    assert codes(result) == ["W split-repeated"]  # ultralytics wants a val
    assert result.labelled[0].picture.instances[0].encode(HEIGHT, WIDTH) == holed.rle


def test_crowds_are_left_out_with_a_warning(tmp_path: Path) -> None:
    crowd = Instance("nut", [ring(1, 1, 9, 1, 9, 9)], crowd=True)
    assert save(dataset_of(crowd), tmp_path / "out", "yolo") == ["crowd-not-written"]
    assert (tmp_path / "out/labels/train/사진 1.txt").read_text(encoding="utf-8") == ""


def area_of(instance: Instance) -> shapely.Geometry:
    return shapely.union_all([shapely.make_valid(shapely.Polygon(outline)) for outline in instance.polygons])


@settings(max_examples=40, deadline=None)
@given(objects())
def test_what_is_written_is_read_back_to_half_a_pixel(found: list[Instance]) -> None:
    with TemporaryDirectory() as folder:
        [item] = through(dataset_of(*found), Path(folder) / "out", "yolo").labelled
    unique = {(entry.label, entry.encode(HEIGHT, WIDTH)["counts"]): entry for entry in found}
    after = list(item.picture.instances)
    assert len(after) <= len(found)
    for before in unique.values():
        same = [entry for entry in after if entry.label == before.label]
        if before.rle is not None:
            assert any(entry.encode(HEIGHT, WIDTH) == before.rle for entry in same)
        elif has_holes(area_of(before)):
            assert any(entry.rle is not None and differ_at_the_border(before, entry) for entry in same)
        else:
            apart = [distance(before, entry) for entry in same if entry.rle is None]
            assert min(apart) < 0.5


def distance(before: Instance, after: Instance) -> float:
    """The greatest distance between the outlines of two objects, in pixels."""
    return float(shapely.hausdorff_distance(area_of(before).boundary, area_of(after).boundary))


def has_holes(area: shapely.Geometry) -> bool:
    return any(len(polygon.interiors) for polygon in polygons_of(area))


def differ_at_the_border(before: Instance, after: Instance) -> bool:
    """Whether the masks of two objects are the same but for the pixels beside the edges of the first."""
    mask, other = (entry.mask(HEIGHT, WIDTH) for entry in (before, after))
    border = cv2.dilate(mask, np.ones((3, 3), np.uint8)) != cv2.erode(mask, np.ones((3, 3), np.uint8))
    return not ((mask != other) & ~border).any()


@pytest.mark.parametrize(
    "parts",
    [
        [
            ring(14, 15, 8, 18.5, 8, 11.5),
            ring(12, 16, 10, 18, 8, 16, 10, 14),
            ring(15, 22, 11.5, 26.8, 6, 24.9, 6, 19.1, 11.5, 17.2),
        ],
        [ring(5, 5, 25, 5, 25, 10, 10, 10, 10, 25, 5, 25), ring(8, 20, 25, 20, 25, 8, 20, 8, 20, 16, 8, 16)],
    ],
)
def test_parts_that_enclose_a_hole_come_back_as_a_mask(tmp_path: Path, parts: list[np.ndarray]) -> None:
    before, other = Instance("nut", parts), Instance("nut", [ring(40, 30, 50, 30, 50, 39)])
    [item] = through(dataset_of(before, other), tmp_path / "out", "yolo").labelled
    assert has_holes(area_of(before))
    assert item.picture.instances[0].rle is not None
    assert differ_at_the_border(before, item.picture.instances[0])


def test_real_objects_come_back(shared_data: Path, tmp_path: Path) -> None:
    before = read(shared_data / "coco_subset")
    pictures = [item.picture for item in before.labelled][:12]
    for found in pictures:
        found.file = Path(found.file).name
        found.instances = [entry for entry in found.instances if not entry.crowd]
    after = through(Dataset("coco", before.classes, {"train": pictures}), tmp_path / "out", "yolo")
    assert len(after.labelled) == len(pictures)
    by_name = {Path(item.picture.file).name: item.picture for item in after.labelled}
    for found in pictures:
        back = by_name[found.file]
        assert [entry.label for entry in back.instances] == [entry.label for entry in found.instances]
        for one, other in zip(found.instances, back.instances, strict=True):
            masks = [entry.mask(found.height, found.width) for entry in (one, other)]
            border = cv2.dilate(masks[0], np.ones((3, 3), np.uint8)) - cv2.erode(masks[0], np.ones((3, 3), np.uint8))
            assert not ((masks[0] != masks[1]) & (border == 0)).any()
            assert (masks[0] != masks[1]).sum() <= 0.01 * masks[0].sum()


@pytest.mark.parametrize("name", ["nut", "볼트 1"])
def test_the_id_is_the_place_of_the_class(tmp_path: Path, name: str) -> None:
    save(dataset_of(Instance(name, [ring(0, 0, 30, 0, 15, 40)])), tmp_path / "out", "yolo")
    assert (tmp_path / "out/labels/train/사진 1.txt").read_text("utf-8").split()[0] == str(CLASSES.index(name))
