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
        if before.rle is not None:
            assert any(same.label == before.label and same.encode(HEIGHT, WIDTH) == before.rle for same in after)
            continue
        apart = [
            shapely.hausdorff_distance(area_of(before).boundary, area_of(same).boundary)
            for same in after
            if same.label == before.label and same.rle is None
        ]
        assert min(apart) < 0.5


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
