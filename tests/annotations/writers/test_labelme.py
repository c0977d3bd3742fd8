"""labelme opens what is written, and what it said before is there again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests.annotations.making import HEIGHT, WIDTH, labelled, read, shape
from tests.annotations.readers.test_labelme import mask_shape
from tests.annotations.writers.folders import CLASSES, dataset_of, mask_of, objects, ring, save, through
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.dataset_folder import load_dataset, save_dataset
from yolact_kit.annotations.writers.labelme import labelme_document

OPEN = """
import json, sys
from labelme._label_file import LabelFile
for name in sys.argv[1:]:
    opened = LabelFile(name)
    shapes = [[s["label"], s["shape_type"], s["group_id"], s["flags"], s["description"], s["points"],
               None if s["mask"] is None else int(s["mask"].sum())] for s in opened.shapes]
    print(json.dumps([opened.image_path, len(opened.image_data) > 0, opened.flags, shapes]))
"""


def labelme_reads(*files: Path) -> list[Any]:
    """What labelme's own reader says of files."""
    pytest.importorskip("labelme")
    command = [sys.executable, "-c", OPEN, *map(str, files)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def through_coco(folder: Path, between: Path) -> Picture:
    """The one picture of a labelme folder, after it was read, written as COCO and loaded."""
    result = read(folder)
    save_dataset(Dataset("parts", result.classes, {"train": [item.picture for item in result.labelled]}), between)
    return load_dataset(between).splits["train"][0]


def test_labelme_opens_what_is_written(tmp_path: Path) -> None:
    crowd = Instance("너트", [ring(40, 5, 50, 5, 50, 9)], crowd=True)
    parts = Instance("nut", [ring(1, 1, 9, 1, 9, 9), ring(20, 1, 29, 1, 29, 9)])
    assert (
        save(
            dataset_of(parts, crowd, mask_of((30, 20, 40, 30), holes=((32, 22, 34, 24),))), tmp_path / "out", "labelme"
        )
        == []
    )
    [[name, has_pixels, flags, shapes]] = labelme_reads(tmp_path / "out" / "사진 1.json")
    assert (name, has_pixels, flags) == ("사진 1.png", True, {})
    assert shapes == [
        ["nut", "polygon", 1, {}, "", [[1, 1], [9, 1], [9, 9]], None],
        ["nut", "polygon", 1, {}, "", [[20, 1], [29, 1], [29, 9]], None],
        ["너트", "polygon", None, {"iscrowd": True}, "", [[40, 5], [50, 5], [50, 9]], None],
        ["nut", "mask", None, {}, "", [[30, 20], [39, 29]], 96],
    ]


EVERY: list[dict[str, Any]] = [
    shape([[5.123456789, 5], [25.5, 6], [10, 30.25]], group_id=4, flags={"가려짐": True}, description="설명"),
    shape([[30, 5], [40, 5], [40, 9]], group_id=4, description="둘째"),
    shape([[50, 30], [45, 20]], "bolt", "rectangle"),
    shape([[20, 20], [23, 24]], "bolt", "circle", group_id=4),
    shape([[10, 10], [14, 12], [12, 16], [8, 14]], "bolt", "oriented_rectangle"),
    mask_shape(np.pad(np.ones((6, 8), dtype=bool), 2), 30, 20),
    shape([[1, 1], [9, 9]], kind="line"),
    shape([[3, 3]], kind="point"),
    shape(label="__ignore__"),
]


def test_labelme_to_coco_and_back_keeps_labels_groups_flags_and_points(tmp_path: Path) -> None:
    labelled(tmp_path / "in", "a", EVERY, flags={"좋음": True}, version="3.16.7", lineColor=[0, 255, 0, 128])
    found = through_coco(tmp_path / "in", tmp_path / "coco")
    document = labelme_document(found)
    assert (document["flags"], document["version"], document["lineColor"]) == (
        {"좋음": True},
        "3.16.7",
        [0, 255, 0, 128],
    )
    for before, after in zip(EVERY, document["shapes"], strict=True):
        for key in ("label", "points", "group_id", "flags", "shape_type"):
            assert after[key] == before[key], key
        assert after.get("description", "") == before.get("description", "")
    again = read(write_one(document, found, tmp_path / "again"))
    assert [entry.encode(HEIGHT, WIDTH) for entry in again.labelled[0].picture.instances] == [
        entry.encode(HEIGHT, WIDTH) for entry in found.instances
    ]


def write_one(document: dict[str, Any], found: Picture, folder: Path) -> Path:
    labelled(folder, Path(found.file).stem, [])
    (folder / Path(found.file).with_suffix(".json")).write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_group_of_a_mask_and_a_polygon_comes_back_as_both(tmp_path: Path) -> None:
    shapes = [shape([[1, 1], [9, 1], [9, 9]], group_id=1), mask_shape(np.ones((10, 10), dtype=bool), 30, 20)]
    shapes[1]["group_id"] = 1
    labelled(tmp_path / "in", "a", shapes)
    found = through_coco(tmp_path / "in", tmp_path / "coco")
    assert len(found.instances) == 1
    after = labelme_document(found)["shapes"]
    assert [(entry["shape_type"], entry["points"], entry["group_id"]) for entry in after] == [
        ("polygon", shapes[0]["points"], 1), ("mask", shapes[1]["points"], 1),
    ]  # fmt: skip


def test_a_shape_that_was_changed_since_is_written_as_it_is_now(tmp_path: Path) -> None:
    labelled(tmp_path / "in", "a", [shape([[45, 20], [50, 30]], kind="rectangle")])
    found = through_coco(tmp_path / "in", tmp_path / "coco")
    found.instances[0].polygons[0] += 5
    [after] = labelme_document(found)["shapes"]
    assert (after["shape_type"], after["points"][0]) == ("polygon", [50, 25])


def test_objects_that_came_to_share_a_group_get_their_own() -> None:
    one, two = (Instance("nut", [ring(x, 1, x + 5, 1, x + 5, 9)], extra={"group_id": 3}) for x in (1, 20))
    shapes = labelme_document(dataset_of(one, two).pictures()[0])["shapes"]
    assert [entry["group_id"] for entry in shapes] == [3, 4]


def test_values_that_labelme_refuses_are_made_fit(tmp_path: Path) -> None:
    odd = {"group_id": "a", "flags": {"x": "yes", "y": True}, "description": 5, "shape_type": None}
    save(dataset_of(Instance("nut", [ring(1, 1, 9, 1, 9, 9)], extra=odd)), tmp_path / "out", "labelme")
    [[_, _, _, [[*values, _, _]]]] = labelme_reads(tmp_path / "out" / "사진 1.json")
    assert values == ["nut", "polygon", None, {"y": True}, ""]


@settings(max_examples=40, deadline=None)
@given(objects())
def test_what_is_written_is_read_back(found: list[Instance]) -> None:
    with TemporaryDirectory() as folder:
        result = through(dataset_of(*found), Path(folder) / "out", "labelme")
        [item] = result.labelled
    kept = item.picture.instances
    assert {entry.label for entry in kept} <= set(CLASSES)
    seen = {(entry.label, entry.encode(HEIGHT, WIDTH)["counts"]) for entry in found}
    assert {(entry.label, entry.encode(HEIGHT, WIDTH)["counts"]) for entry in kept} == seen
    points = {entry.label + str([ring.tolist() for ring in entry.polygons]) for entry in found}
    assert {entry.label + str([ring.tolist() for ring in entry.polygons]) for entry in kept} == points


def test_real_labels_come_back(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "fruitnuts_labelme" / "images"
    result = read(source)
    save_dataset(Dataset("fruit", result.classes, {"train": [item.picture for item in result.labelled]}), tmp_path)
    for found in load_dataset(tmp_path).pictures():
        before = json.loads((source / found.file).with_suffix(".json").read_text(encoding="utf-8"))
        after = labelme_document(found)
        keys = ("label", "points", "group_id", "flags", "shape_type")
        assert [[entry.get(key) for key in keys] for entry in after["shapes"]] == [
            [entry.get(key) for key in keys] for entry in before["shapes"]
        ]
