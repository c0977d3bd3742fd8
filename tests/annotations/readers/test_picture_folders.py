"""Pictures with equal names in the splits: every layout that programs write leads to the right folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.annotations.making import HEIGHT, WIDTH, codes, picture, read

LAYOUTS: dict[str, tuple[str, str, str]] = {
    # Of each program: the annotation file of a split, the folder of its pictures, and what stands before their names
    "COCO": ("annotations/instances_{}2017.json", "{}2017", ""),
    "COCO, pictures together": ("annotations/instances_{}2017.json", "images/{}2017", ""),
    "COCO, folders in the names": ("annotations/instances_{}2017.json", "{}2017", "{}2017/"),
    "COCO, folders in the names, pictures together": ("annotations/instances_{}2017.json", "images/{}2017", "{}2017/"),
    "Roboflow": ("{}/_annotations.coco.json", "{}", ""),
    "annotations beside images": ("annotations/{}.json", "images/{}", ""),
    "a folder for each split": ("{}/annotations.json", "{}/images", ""),
    "a folder for each split, file in a folder": ("{}/annotations/instances_default.json", "{}/images", ""),
    "CVAT, a project of two subsets": ("annotations/instances_{}.json", "images/{}", ""),
    "Label Studio, a project for each split": ("{}/result.json", "{}/images", "images/"),
    "Label Studio on Windows": ("{}\\result.json", "{}/images", "images\\"),
    "FiftyOne": ("{}/labels.json", "{}/data", ""),
    "labelme2coco": ("coco/{}.json", "{}", ""),
    "labelme2coco, folders in the names": ("{}.json", "{}", "{}/"),
    "split at the end of the folder": ("{}.json", "images_{}", ""),
    "split at the beginning of the folder": ("coco/{}.json", "{}_images", ""),
    "in capitals": ("Annotations/{}.JSON", "Images/{}", ""),
    "with Korean names": ("라벨/{}_부품.json", "원천/{}", ""),
    "folders in the names, from elsewhere": ("labels/{}.json", "images/{}", "/home/someone/images/{}/"),
}


def write(folder: Path, file: str, pictures: str, prefix: str, numbers: range, seed: int) -> None:
    """Writes a COCO file of pictures that are named by numbers, with an object each, and the pictures."""
    images, annotations = [], []
    for number in numbers:
        name = f"{number:04d}.png"
        picture(folder / pictures / name, seed + number)
        images.append({"id": number, "file_name": prefix + name, "width": WIDTH, "height": HEIGHT})
        outline = [5, 5, 25, 6, 10 + number, 30]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "segmentation": [outline]})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "nut"}]}
    path = folder / file.replace("\\", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


SPLITS = [("train", "val"), ("train", "valid", "test"), ("Train", "Validation")]


@pytest.mark.parametrize("splits", SPLITS, ids="-".join)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_equal_names_in_the_splits(tmp_path: Path, layout: str, splits: tuple[str, ...]) -> None:
    file, pictures, prefix = LAYOUTS[layout]
    expected = {}
    for seed, split in enumerate(splits):
        count = 3 - seed
        write(tmp_path, file.format(split), pictures.format(split), prefix.format(split), range(count), 10 * seed)
        short = {"valid": "val", "validation": "val"}.get(split.lower(), split.lower())
        expected |= {f"{pictures.format(split)}/{number:04d}.png": short for number in range(count)}
    result = read(tmp_path)
    assert (codes(result), result.splits) == ([], expected)
    assert all(len(item.picture.instances) == 1 for item in result.labelled)


@pytest.mark.parametrize("parts", [("day1", "day2"), ("2026-01-05", "2026-01-06"), ("왼쪽", "오른쪽")], ids="-".join)
@pytest.mark.parametrize(
    ("file", "pictures"),
    [
        ("annotations/instances_{}.json", "images/{}"),
        ("annotations/instances_{}.json", "{}"),
        ("{}/labels.json", "{}/data"),
        ("{}/annotations/instances_default.json", "{}/images"),
        ("{}.json", "images_{}"),
    ],
)
def test_equal_names_in_parts_that_are_no_splits(
    tmp_path: Path, file: str, pictures: str, parts: tuple[str, str]
) -> None:
    for seed, part in enumerate(parts):
        write(tmp_path, file.format(part), pictures.format(part), "", range(2), 10 * seed)
    result = read(tmp_path)
    assert (codes(result), result.splits) == ([], {})
    expected = {f"{pictures.format(part)}/{number:04d}.png" for part in parts for number in range(2)}
    assert {item.picture.file for item in result.labelled} == expected


def test_years_tell_folders_of_one_split_apart(tmp_path: Path) -> None:
    for seed, year in enumerate((2014, 2017)):
        write(tmp_path, f"annotations/instances_train{year}.json", f"train{year}", "", range(2), 10 * seed)
    assert len(read(tmp_path).labelled) == 4


def test_pictures_elsewhere_in_folders_of_the_splits(tmp_path: Path) -> None:
    for seed, split in enumerate(("train", "val")):
        write(tmp_path, f"labels/instances_{split}2017.json", f"photos/{split}2017", "", range(2), 10 * seed)
    result = read(tmp_path / "labels", pictures=tmp_path / "photos")
    assert (codes(result), len(result.labelled)) == ([], 4)
    assert all(Path(file).parent.name == f"{split}2017" for file, split in result.splits.items())


@pytest.mark.parametrize("split", ["train", "val"])
def test_pictures_of_one_split_are_not_given_to_the_other(tmp_path: Path, split: str) -> None:
    for seed, name in enumerate(("train", "val")):
        write(tmp_path, f"labels/instances_{name}2017.json", f"photos/{name}2017", "", range(2), 10 * seed)
    result = read(tmp_path / "labels", pictures=tmp_path / "photos" / f"{split}2017")
    assert codes(result) == ["E picture-missing"] * 2
    assert set(result.splits.values()) == {split}
    assert all(len(item.picture.instances) == 1 for item in result.labelled)


def test_one_folder_with_the_pictures_of_all_splits(tmp_path: Path) -> None:
    write(tmp_path, "annotations/instances_train.json", "images/train2017", "", range(3), 0)
    write(tmp_path, "annotations/instances_val.json", "images/train2017", "", range(3, 5), 0)
    result = read(tmp_path)
    assert (codes(result), len(result.labelled)) == ([], 5)
    assert sorted(result.splits.values()) == ["train"] * 3 + ["val"] * 2


def test_the_nearest_folder_of_several_sets(tmp_path: Path) -> None:
    for seed, name in enumerate(("nuts/{}", "bolts/{}")):
        for offset, split in enumerate(("train", "val")):
            folder = name.format(split)
            write(tmp_path, f"{folder}/annotations.json", f"{folder}/images", "", range(2), 100 * seed + 10 * offset)
    result = read(tmp_path)
    assert (codes(result), len(result.labelled)) == ([], 8)


def test_folders_that_nothing_tells_apart_stay_unclear(tmp_path: Path) -> None:
    write(tmp_path, "labels.json", "a", "", range(2), 0)
    for number in range(2):
        picture(tmp_path / "b" / f"{number:04d}.png", 10 + number)
    picture(tmp_path / "c.png", 99)
    (tmp_path / "more.json").write_text(
        json.dumps({"images": [{"id": 1, "file_name": "c.png"}], "annotations": [], "categories": []}), encoding="utf-8"
    )
    assert codes(read(tmp_path)) == ["E picture-ambiguous"] * 2 + ["W no-objects"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_picture_that_is_missing_is_not_that_of_another_split(tmp_path: Path, layout: str) -> None:
    file, pictures, prefix = LAYOUTS[layout]
    for seed, (split, count) in enumerate((("train", 3), ("val", 2))):
        write(tmp_path, file.format(split), pictures.format(split), prefix.format(split), range(count), 10 * seed)
    (tmp_path / pictures.format("val") / "0001.png").unlink()
    result = read(tmp_path)
    (problem,) = [problem for problem in result.problems if problem.severity == "E"]
    assert problem.code == "picture-missing"
    assert Path(problem.file) == Path(file.format("val").replace("\\", "/"))
    assert sum(split == "train" for split in result.splits.values()) == 3
    assert [Path(file).name for file, split in result.splits.items() if split == "val"] == ["0000.png"]
    assert all(len(item.picture.instances) == 1 for item in result.labelled)


def test_names_with_folders_below_the_folder_of_pictures(tmp_path: Path) -> None:
    write(tmp_path, "annotations/train.json", "images/day1", "", range(2), 0)
    write(tmp_path, "annotations/val.json", "images/day2", "", range(3), 10)
    write(tmp_path, "annotations/test.json", "images", "", range(5, 9), 20)
    for split, folder in (("train", "day1"), ("val", "day2")):
        path = tmp_path / f"annotations/{split}.json"
        path.write_text(path.read_text(encoding="utf-8").replace('": "0', f'": "{folder}/0'), encoding="utf-8")
    result = read(tmp_path)
    assert (codes(result), len(result.labelled)) == ([], 9)


def test_one_of_many_pictures_in_a_folder_below(tmp_path: Path) -> None:
    write(tmp_path, "annotations/train.json", "images", "", range(4), 0)
    path = tmp_path / "annotations/train.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"0003.png', '"day1/0003.png'), encoding="utf-8")
    (tmp_path / "images/day1").mkdir()
    (tmp_path / "images/0003.png").rename(tmp_path / "images/day1/0003.png")
    result = read(tmp_path)
    assert (codes(result), len(result.labelled)) == ([], 4)
