"""Data set folders: what is written is what is read."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from tests.annotations.making import HEIGHT, WIDTH
from tests.annotations.writers.folders import dataset_of, objects
from yolact_kit.annotations.coco_document import to_coco
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.dataset_folder import load_dataset, save_dataset
from yolact_kit.errors import UserError
from yolact_kit.shapes.rle import encode_mask

CLASSES = ["너트", "bolt"]
point = st.tuples(st.floats(0, WIDTH), st.floats(0, HEIGHT))
ring = st.lists(point, min_size=3, max_size=6).map(np.array)
polygon = st.builds(
    Instance, st.sampled_from(CLASSES), st.lists(ring, min_size=1, max_size=3), st.none(), st.booleans(),
    st.dictionaries(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1), max_size=2),
)  # fmt: skip


def whole(instances: list[Instance], folder: Path) -> Dataset:
    pictures = [
        Picture("하위/a 1.jpg", WIDTH, HEIGHT, folder / "images/하위/a 1.jpg", instances, {"flags": {"x": True}})
    ]
    empty = [Picture("b.jpg", 8, 9, folder / "images/b.jpg")]
    return Dataset("부품", CLASSES, {"train": pictures, "val": empty}, folder)


@settings(max_examples=30, deadline=None)
@given(st.lists(polygon, max_size=3))
def test_polygons_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, instances: list[Instance]) -> None:
    folder = tmp_path_factory.mktemp("data")
    dataset = whole(instances, folder)
    save_dataset(dataset, folder)
    again = load_dataset(folder / "dataset.yaml")
    assert (again.name, again.classes, again.root) == (dataset.name, CLASSES, folder)
    for picture, expected in zip(again.pictures(), dataset.pictures(), strict=True):
        assert (picture.file, picture.width, picture.height) == (expected.file, expected.width, expected.height)
        assert (picture.path, picture.extra) == (expected.path, expected.extra)
        for found, wanted in zip(picture.instances, expected.instances, strict=True):
            assert (found.label, found.crowd, found.extra) == (wanted.label, wanted.crowd, wanted.extra)
            assert [outline.tolist() for outline in found.polygons] == [outline.tolist() for outline in wanted.polygons]


def test_masks_come_back(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[3:20, 4:30] = 1
    mask[6:9, 6:9] = 0
    save_dataset(whole([Instance("bolt", rle=encode_mask(mask))], tmp_path), tmp_path)
    assert np.array_equal(load_dataset(tmp_path).splits["train"][0].instances[0].mask(HEIGHT, WIDTH), mask)


def test_run_lengths_as_a_list_are_read_too(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[:, 1:3] = 1
    save_dataset(whole([Instance("bolt", rle=encode_mask(mask), crowd=True)], tmp_path), tmp_path)
    file = tmp_path / "annotations" / "train.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["annotations"][0]["segmentation"]["counts"] = [HEIGHT, 2 * HEIGHT, (WIDTH - 3) * HEIGHT]
    file.write_text(json.dumps(document), encoding="utf-8")
    assert np.array_equal(load_dataset(tmp_path).splits["train"][0].instances[0].mask(HEIGHT, WIDTH), mask)


def test_the_coco_document_is_complete() -> None:
    square = np.array([[2.0, 3.0], [12.0, 3.0], [12.0, 13.0], [2.0, 13.0]])
    parts = Instance("bolt", polygons=[square, square + 5])
    pictures = [Picture("a.jpg", WIDTH, HEIGHT, Path("a.jpg"), [Instance("너트", [square]), parts])]
    document = to_coco(pictures, CLASSES, 5, 7)
    assert [category["id"] for category in document["categories"]] == [1, 2]
    one, two = document["annotations"]
    assert (one["id"], one["image_id"], one["category_id"], one["iscrowd"]) == (7, 5, 1, 0)
    assert (one["bbox"], one["area"]) == ([2, 3, 10, 10], 100)
    assert one["segmentation"] == [[2, 3, 12, 3, 12, 13, 2, 13]]
    assert (two["bbox"], two["area"]) == ([2, 3, 15, 15], 175)
    assert "labelme" not in one


def test_pycocotools_reads_it(tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    square = np.array([[2.0, 3.0], [12.0, 3.0], [12.0, 13.0], [2.0, 13.0]])
    save_dataset(whole([Instance("너트", [square])], tmp_path), tmp_path)
    read = COCO()
    read.dataset = json.loads((tmp_path / "annotations" / "train.json").read_text(encoding="utf-8"))
    read.createIndex()
    assert read.annToMask(read.loadAnns(read.getAnnIds())[0]).sum() == 100


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "dataset.yaml").write_text("a: [", encoding="utf-8"),
        lambda folder: (folder / "dataset.yaml").write_text("name: x", encoding="utf-8"),
        lambda folder: (folder / "dataset.yaml").write_text("", encoding="utf-8"),
        lambda folder: (folder / "dataset.yaml").unlink(),
        lambda folder: (folder / "annotations" / "val.json").unlink(),
        lambda folder: (folder / "annotations" / "val.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "annotations" / "val.json").write_text("[]", encoding="utf-8"),
        lambda folder: (folder / "annotations" / "val.json").write_text("[" * 100_000, encoding="utf-8"),
    ],
)
def test_a_damaged_folder_is_an_error_for_people(tmp_path: Path, damage: object) -> None:
    save_dataset(whole([], tmp_path), tmp_path)
    assert callable(damage)
    damage(tmp_path)
    with pytest.raises(UserError, match=r"does not exist|is damaged"):
        load_dataset(tmp_path)


def test_a_file_that_is_no_description_is_named(tmp_path: Path) -> None:
    file = tmp_path / "predictions.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match=r"predictions\.json' is not a data set"):
        load_dataset(file)


def spoiled(folder: Path, change: Callable[[Any], object]) -> Path:
    """Writes a data set of two triangles, and changes its first annotation file."""
    triangle = np.array([[2.0, 3.0], [12.0, 3.0], [12.0, 13.0]])
    save_dataset(whole([Instance("bolt", [triangle]), Instance("너트", [triangle])], folder), folder)
    file = folder / "annotations" / "train.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


@pytest.mark.parametrize("key", ["image_id", "category_id"])
def test_an_annotation_of_what_is_not_listed_is_named(tmp_path: Path, key: str) -> None:
    spoiled(tmp_path, lambda document: document["annotations"][0].update({key: 33}))
    with pytest.raises(UserError, match=rf"train\.json' the annotation 1 has the {key} 33"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("segmentation", "saying"),
    [
        ([[2, 3, float("nan"), 3, 12, 13]], "NaN"),
        ([[2, 3, 12, 3, 12, 10**400]], "far outside of any picture"),
        ([[2, 3, 12, 3, 12, 13, 5]], "7 numbers"),
        ([["2", "3", "12", "3", "12", "13"]], "not a number"),
        ("x", "neither polygons nor run lengths"),
        ({"size": [WIDTH, HEIGHT], "counts": [WIDTH * HEIGHT]}, "changed places"),
        ({"size": [10**7, 10**7], "counts": "0"}, "has the size"),
        ({"size": [HEIGHT, WIDTH], "counts": "ÿ"}, "add up to"),
        ({"size": [HEIGHT, WIDTH], "counts": [-1, WIDTH * HEIGHT + 1]}, "0 or more"),
    ],
)
def test_an_object_that_no_library_should_see_is_named(tmp_path: Path, segmentation: Any, saying: str) -> None:
    spoiled(tmp_path, lambda document: document["annotations"][1].update(segmentation=segmentation))
    with pytest.raises(UserError, match=rf"train\.json' the annotation 2 has .*{saying}") as caught:
        load_dataset(tmp_path)
    assert "--fix" in caught.value.advice


@pytest.mark.parametrize("segmentation", [None, [], [[]], [[2, 3, 12, 13]], [[2, 3], []]])
def test_an_object_without_a_mask_is_left_out(tmp_path: Path, segmentation: Any) -> None:
    spoiled(tmp_path, lambda document: document["annotations"][1].update(segmentation=segmentation))
    instances = [instance for picture in load_dataset(tmp_path).pictures() for instance in picture.instances]
    assert [instance.label for instance in instances] == ["bolt"]


def test_a_polygon_of_two_points_beside_a_whole_one_is_left_out(tmp_path: Path) -> None:
    spoiled(tmp_path, lambda document: document["annotations"][1]["segmentation"].append([2, 3, 12, 13]))
    instances = [instance for picture in load_dataset(tmp_path).pictures() for instance in picture.instances]
    assert [len(instance.polygons) for instance in instances] == [1, 1]


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda document: document["images"][0].update(width="60"), "the picture 1 has the width '60'"),
        (lambda document: document["images"][0].update(file_name="../../a.jpg"), "lies outside of the picture folder"),
        (lambda document: document["categories"][0].update(name="washer"), "the class 'washer' is listed"),
    ],
)
def test_a_picture_or_a_class_that_cannot_be_is_named(tmp_path: Path, change: Any, saying: str) -> None:
    spoiled(tmp_path, change)
    with pytest.raises(UserError, match=saying):
        load_dataset(tmp_path)


def test_ids_as_text_and_a_byte_order_mark_work(tmp_path: Path) -> None:
    file = spoiled(tmp_path, lambda document: document["annotations"][0].update(image_id="1", category_id="2"))
    file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert [instance.label for instance in load_dataset(tmp_path).splits["train"][0].instances] == ["bolt", "너트"]


@settings(max_examples=40, deadline=None)
@given(objects())
def test_pycocotools_reads_what_is_written(found: list[Instance]) -> None:
    with TemporaryDirectory() as folder:
        save_dataset(dataset_of(*found), folder)
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(Path(folder) / "annotations" / "train.json")
        again = load_dataset(folder).splits["train"][0].instances
    entries = coco.loadAnns(sorted(coco.getAnnIds()))
    assert len(entries) == len(again) == len(found)
    for entry, before, after in zip(entries, found, again, strict=True):
        assert coco.cats[entry["category_id"]]["name"] == before.label == after.label
        assert np.array_equal(coco.annToMask(entry), before.mask(HEIGHT, WIDTH))
        assert [ring.tolist() for ring in after.polygons] == [ring.tolist() for ring in before.polygons]
        assert after.rle == before.rle
