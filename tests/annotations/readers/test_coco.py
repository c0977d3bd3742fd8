"""COCO's files, good and bad."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, labelled, picture, read, shape
from yolact_kit.annotations.problems import SourceError
from yolact_kit.shapes.rle import encode_mask

TRIANGLE = [5, 5, 25.5, 6, 10, 30.25]
IMAGE = {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}
OTHER = {"id": 2, "file_name": "b.png", "width": WIDTH, "height": HEIGHT}
NUT = {"id": 1, "name": "nut"}


def entry(segmentation: Any = None, image: Any = 1, category: Any = 1, **more: Any) -> dict[str, Any]:
    segmentation = [TRIANGLE] if segmentation is None else segmentation
    return {"image_id": image, "category_id": category, "segmentation": segmentation, "iscrowd": 0, **more}


def coco(folder: Path, annotations: list[Any], name: str = "labels.json", **more: Any) -> Path:
    """Writes a COCO file of two pictures."""
    for number, stem in enumerate("ab"):
        picture(folder / f"{stem}.png", number)
    for number, annotation in enumerate(annotations, start=1):
        if isinstance(annotation, dict):
            annotation.setdefault("id", number)
    document = {"images": [IMAGE, OTHER], "categories": [NUT], "annotations": annotations, **more}
    (folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder / name


def test_real_labels_are_read_as_they_are(shared_data: Path) -> None:
    folder = shared_data / "coco_subset"
    result = read(folder)
    (file,) = (folder / "annotations").glob("*.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in document["categories"]}
    expected = Counter(names[annotation["category_id"]] for annotation in document["annotations"])
    assert Counter(instance.label for instance in instances(result)) == expected
    assert sum(instance.crowd for instance in instances(result)) == 6
    assert len(result.labelled) == 56
    assert sum(not item.picture.instances for item in result.labelled) == 2
    by_file = {image["file_name"]: image["id"] for image in document["images"]}
    for item in result.labelled:
        mine = [annotation for annotation in document["annotations"]
                if annotation["image_id"] == by_file[item.picture.path.name]]  # fmt: skip
        for annotation, instance in zip(mine, item.picture.instances, strict=True):
            if isinstance(annotation["segmentation"], list):
                assert [ring.reshape(-1).tolist() for ring in instance.polygons] == annotation["segmentation"]
            else:
                pixels = sum(annotation["segmentation"]["counts"][1::2])
                assert instance.mask(item.picture.height, item.picture.width).sum() == pixels


def test_a_brush_mask_of_cvat_is_an_object(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "odd" / "cvat_coco_rle" / "annotations" / "instances_default.json"
    document = json.loads(source.read_text(encoding="utf-8"))
    picture(tmp_path / document["images"][0]["file_name"], 0, (1280, 914))
    (tmp_path / "labels.json").write_text(json.dumps(document), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == ["F crowd-as-object"]
    assert [instance.crowd for instance in instances(result)] == [False]
    assert instances(result)[0].mask(914, 1280).sum() == document["annotations"][0]["area"]


@pytest.mark.parametrize("number", range(9))
def test_broken_files_of_others_end_with_a_message(shared_data: Path, tmp_path: Path, number: int) -> None:
    source = shared_data / "odd" / "coco_malformed" / f"coco_false_{number}.json"
    document = json.loads(source.read_text(encoding="utf-8"))
    for seed, image in enumerate(document["images"]):
        if "file_name" in image:
            picture(tmp_path / image["file_name"], seed)
    (tmp_path / "labels.json").write_text(json.dumps(document), encoding="utf-8")
    try:
        problems = read(tmp_path).problems
    except SourceError as error:
        problems = error.problems
    assert any(problem.code != "annotation-ids" for problem in problems)


@pytest.mark.parametrize("ids", [(0, 7), ("3", "x"), (2**40, 5), (1.0, 2.0)])
def test_category_ids_of_any_kind(tmp_path: Path, ids: tuple[Any, Any]) -> None:
    categories = [{"id": ids[0], "name": "nut"}, {"id": ids[1], "name": "bolt"}]
    coco(
        tmp_path,
        [entry(category=ids[1]), entry(image="2", category=str(ids[0]).removesuffix(".0"))],
        categories=categories,
    )
    result = read(tmp_path)
    assert [instance.label for instance in instances(result)] == ["bolt", "nut"]
    assert result.classes == ["bolt", "nut"]
    assert result.problems == []


@pytest.mark.parametrize("names", [(0, 1), ("0", "1"), (0.5, 1), ("0", 1)])
def test_numbers_are_names_of_categories(tmp_path: Path, names: tuple[Any, Any]) -> None:
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    coco(tmp_path, [entry(category=1), entry(image="2", category=2)], categories=categories)
    result = read(tmp_path)
    assert [instance.label for instance in instances(result)] == [str(name) for name in names]
    assert result.problems == []


@pytest.mark.parametrize("name", [None, "", " ", False, [], {}])
def test_a_category_without_a_name_is_an_error(tmp_path: Path, name: Any) -> None:
    coco(tmp_path, [entry(category=1)], categories=[{"id": 1, "name": name}])
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["file-malformed"]


def rle(mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    return dict(encode_mask(mask))


MASK = np.zeros((HEIGHT, WIDTH), dtype=bool)
MASK[5:20, 10:30] = True
MASK[8:12, 15:20] = False
FIRST_RUNS = {"size": [HEIGHT, WIDTH], "counts": [405, 15, 25, 15, HEIGHT * WIDTH - 460]}


@pytest.mark.parametrize(("segmentation", "area"), [(rle(MASK), 280), (FIRST_RUNS, 30)])
def test_masks_as_run_lengths(tmp_path: Path, segmentation: dict[str, Any], area: int) -> None:
    coco(tmp_path, [entry(segmentation)])
    (instance,) = instances(read(tmp_path))
    assert instance.mask(HEIGHT, WIDTH).sum() == area


def test_crowds_and_parts(tmp_path: Path) -> None:
    parts = [[1, 1, 9, 1, 9, 9], [20, 1, 29, 1, 29, 9]]
    coco(tmp_path, [entry(parts), entry(iscrowd=1), entry(rle(MASK), image=2, iscrowd=1)])
    found = instances(read(tmp_path))
    assert [ring.reshape(-1).tolist() for ring in found[0].polygons] == parts
    assert [instance.crowd for instance in found] == [False, True, True]


OBJECTS: list[tuple[dict[str, Any], str, int]] = [
    (entry([]), "S segmentation-missing", 2),
    (entry([[]]), "S segmentation-missing", 2),
    ({"image_id": 1, "category_id": 1}, "S segmentation-missing", 2),
    ({"image_id": 1, "category_id": 1, "segmentation": None}, "S segmentation-missing", 2),
    (entry([1, 1, 9, 1, 9, 9]), "F segmentation-flat", 3),
    (entry([[1, 1, 9, 9]]), "S points-too-few", 2),
    (entry([1, 1, 9, 9]), "F segmentation-flat", 2),
    (entry([[1, 1, 9, 1, 9]]), "E coordinates-odd", 1),
    (entry([[1, 1, 9, 1, 9, float("nan")]]), "E coordinates-not-finite", 1),
    (entry([[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]]), "E coordinates-normalised", 1),
    (entry("polygon"), "E shape-malformed", 1),
    (entry({"size": [WIDTH, HEIGHT], "counts": [WIDTH * HEIGHT]}), "E rle-malformed", 1),
    (entry({"size": [HEIGHT, WIDTH], "counts": [5]}), "E rle-malformed", 1),
    (entry({"size": [HEIGHT, WIDTH], "counts": "PPPPPPP"}), "E rle-malformed", 1),
    (entry({}), "E rle-malformed", 1),
    (entry(category=9), "E category-unknown", 1),
    (entry(image=9), "E image-unknown", 2),
    (entry([[1, 1, 9, 1, 9, 9]], bbox=[1, 1, -8, 8]), "F box-recomputed", 3),
    (entry([[1, 1, 9, 1, 9, 9]], bbox=[30, 30, 8, 8]), "F box-recomputed", 3),
    (entry([[1, 1, 9, 1, 9, 9]], bbox=[1, 1, 8, 8], id=1), "F annotation-ids", 3),
]


@pytest.mark.parametrize(
    ("annotation", "code", "left"), OBJECTS, ids=[f"{code}-{number}" for number, (_, code, _) in enumerate(OBJECTS)]
)
def test_objects_that_are_not_in_order(tmp_path: Path, annotation: dict[str, Any], code: str, left: int) -> None:
    coco(tmp_path, [entry(), {**annotation}, entry(image=2)])
    result = read(tmp_path)
    assert code in codes(result)
    assert len(instances(result)) == left
    assert all(found.advice for found in result.problems if found.severity == "E")


def test_a_box_is_taken_as_mask_on_request_only(tmp_path: Path) -> None:
    coco(tmp_path, [entry([], bbox=[5, 6, 10, 12])])
    assert instances(read(tmp_path)) == []
    (instance,) = instances(read(tmp_path, box_as_mask=True))
    assert instance.box() == (5, 6, 10, 12)


def test_pictures_listed_twice(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry([[1, 1, 9, 1, 9, 9]], image=3)], images=[IMAGE, OTHER, {**IMAGE, "id": 3}])
    result = read(tmp_path)
    assert codes(result) == ["W image-listed-twice"]
    assert len(result.labelled[0].picture.instances) == 2


def test_a_picture_id_of_two_pictures_leaves_it_out(tmp_path: Path) -> None:
    images = [IMAGE, OTHER, {**IMAGE, "file_name": "c.png"}]
    coco(tmp_path, [entry(), entry(image=2)], images=images)
    result = read(tmp_path)
    assert codes(result) == ["E image-id-repeated"]
    assert [item.picture.file for item in result.labelled] == ["b.png"]


def test_a_picture_whose_entry_is_repeated_is_read_once(tmp_path: Path) -> None:
    images = [IMAGE, OTHER, dict(IMAGE), {**IMAGE, "id": "1", "license": 3}]
    coco(tmp_path, [entry(), entry(image=2)], images=images)
    result = read(tmp_path)
    assert codes(result) == ["F image-repeated"]
    assert result.problems[0].message == "'a.png' is listed 3 times with the id 1."
    assert [item.picture.file for item in result.labelled] == ["a.png", "b.png"]
    assert len(instances(result)) == 2


@pytest.mark.parametrize("change", [{"width": 2 * WIDTH}, {"file_name": "c.png"}])
def test_an_id_with_another_content_leaves_the_picture_out(tmp_path: Path, change: dict[str, Any]) -> None:
    coco(tmp_path, [entry(), entry(image=2)], images=[IMAGE, OTHER, dict(IMAGE), {**IMAGE, **change}])
    result = read(tmp_path)
    assert codes(result) == ["E image-id-repeated"]
    assert [item.picture.file for item in result.labelled] == ["b.png"]


def test_size_may_be_missing(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "a.png"}, {**OTHER, "width": str(WIDTH)}]
    coco(tmp_path, [entry(), entry(rle(MASK))], images=images)
    result = read(tmp_path)
    assert result.problems == []
    assert len(instances(result)) == 2


def test_splits_by_file_names_and_class_lists(tmp_path: Path) -> None:
    coco(tmp_path, [entry()], "instances_train.json", images=[IMAGE])
    coco(tmp_path, [entry(image=2)], "instances_val.json", images=[OTHER])
    assert read(tmp_path).splits == {"a.png": "train", "b.png": "val"}
    coco(tmp_path, [entry(image=2)], "instances_val.json", images=[OTHER], categories=[NUT, {"id": 2, "name": "x"}])
    result = read(tmp_path)
    assert (codes(result), result.classes) == (["W class-lists-differ"], ["nut", "x"])
    assert result.splits == {"a.png": "train", "b.png": "val"}


def test_a_file_for_each_picture_with_its_own_classes(tmp_path: Path) -> None:
    coco(tmp_path, [entry()], "a.json", images=[IMAGE])
    coco(tmp_path, [entry(image=2)], "b.json", images=[OTHER], categories=[{"id": 1, "name": "bolt"}])
    result = read(tmp_path)
    assert (codes(result), result.classes) == (["W class-lists-differ"], ["bolt", "nut"])
    assert {item.picture.file: item.picture.instances[0].label for item in result.labelled} == {
        "a.png": "nut",
        "b.png": "bolt",
    }


@pytest.mark.parametrize("has_objects", [False, True])
def test_a_group_in_one_file_is_a_class_if_another_file_has_objects_of_it(tmp_path: Path, has_objects: bool) -> None:
    part = {"id": 2, "name": "parts"}
    nut = {"id": 1, "name": "nut", "supercategory": "parts"}
    coco(tmp_path, [entry()], "a.json", images=[IMAGE], categories=[nut, part])
    coco(tmp_path, [entry(image=2, category=2 if has_objects else 1)], "b.json", images=[OTHER], categories=[nut, part])
    result = read(tmp_path)
    assert result.classes == (["nut", "parts"] if has_objects else ["nut"])


def test_a_picture_and_an_object_in_two_files_count_once(tmp_path: Path) -> None:
    coco(tmp_path, [entry(), entry(rle(MASK))], "instances_train.json", images=[IMAGE])
    coco(tmp_path, [entry(), entry([[1, 1, 9, 1, 9, 9]])], "instances_val.json", images=[IMAGE])
    result = read(tmp_path)
    assert codes(result) == ["W image-listed-twice", "F duplicate"]
    assert len(instances(result)) == 3


@pytest.mark.parametrize("names", [("instances_Train", "instances_Test"), ("train", "valid"), ("val", "학습_train")])
@pytest.mark.parametrize("other", [[[1, 1, 9, 1, 9, 9]], None], ids=["other objects", "no object"])
def test_a_picture_that_splits_describe_differently_is_left_out(
    tmp_path: Path, names: tuple[str, str], other: list[list[float]] | None
) -> None:
    second = {**IMAGE, "id": 2, "file_name": "b.png"}
    coco(tmp_path, [entry(), {**entry(), "image_id": 2}], f"{names[0]}.json", images=[IMAGE, second])
    coco(tmp_path, [] if other is None else [entry(other)], f"{names[1]}.json", images=[IMAGE])
    result = read(tmp_path)
    assert codes(result) == ["E image-in-two-splits"] * 2
    assert [item.picture.file for item in result.labelled] == ["b.png"]
    assert result.left_out == 2


def test_captions_among_labels_are_skipped(tmp_path: Path) -> None:
    coco(tmp_path, [entry()], "instances_train.json")
    captions = {"images": [IMAGE], "annotations": [{"id": 1, "image_id": 1, "caption": "a nut"}]}
    (tmp_path / "captions_train.json").write_text(json.dumps(captions), encoding="utf-8")
    result = read(tmp_path)
    assert (codes(result), len(instances(result))) == (["S file-other-task"], 1)
    (tmp_path / "captions_train.json").rename(tmp_path / "texts.json")
    result = read(tmp_path)
    assert (codes(result), len(instances(result))) == (["S file-not-annotation"], 1)


def test_one_file_with_pictures_elsewhere(tmp_path: Path) -> None:
    file = coco(tmp_path / "pictures", [entry()])
    file.rename(tmp_path / "labels.json")
    result = read(tmp_path / "labels.json", pictures=tmp_path / "pictures")
    assert [Path(item.picture.file).name for item in result.labelled] == ["a.png", "b.png"]


def test_a_result_file_among_labels_is_skipped(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    (tmp_path / "results.json").write_text('[{"image_id": 1, "score": 0.5}]', encoding="utf-8")
    assert codes(read(tmp_path)) == ["S file-not-annotation"]
