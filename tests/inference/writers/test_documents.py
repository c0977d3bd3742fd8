from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inference.writers.items import CLASSES, MASKS, item
from yolact_kit.inference.journal import Record, record
from yolact_kit.inference.table import CSV_COLUMNS
from yolact_kit.inference.writers.documents import write_coco, write_csv


@pytest.fixture
def one(tmp_path: Path) -> Record:
    made = item(tmp_path / "in")
    return record(made.prediction, made.picture, made.stem)


def test_a_row_a_detection(one: Record, tmp_path: Path) -> None:
    write_csv(tmp_path, CLASSES, [one, {**one, "file": "nothing.png", "objects": []}])
    data = (tmp_path / "predictions.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # without it, Excel reads Korean names as CP949
    with (tmp_path / "predictions.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [(row["picture"], row["object"], row["class"]) for row in rows] == [
        ("사진/a 1.png", "1", "nut"), ("사진/a 1.png", "2", "너트"), ("사진/a 1.png", "3", "너트"),
    ]  # fmt: skip
    assert [int(row["area"]) for row in rows] == [mask.sum() for mask in MASKS]
    assert [float(rows[0][key]) for key in ("score", "x", "y", "width", "height")] == [0.9, 10, 17, 50, 7]
    assert [rows[0][key] for key in ("centroid_x", "centroid_y", "orientation")] == ["35.0", "20.5", "0.0"]
    assert rows[1]["orientation"] == "90.0"
    assert rows[2]["orientation"] == ""


def test_pandas_reads_it(one: Record, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    write_csv(tmp_path, CLASSES, [one])
    table = pandas.read_csv(tmp_path / "predictions.csv")
    assert list(table.columns) == list(CSV_COLUMNS)
    assert table.groupby("class")["area"].sum().to_dict() == {
        "nut": MASKS[0].sum(),
        "너트": MASKS[1].sum() + MASKS[2].sum(),
    }


def test_ids_go_on_from_picture_to_picture(one: Record, tmp_path: Path) -> None:
    write_coco(tmp_path, CLASSES, [one, {**one, "objects": []}, one])
    document = json.loads((tmp_path / "predictions.json").read_text(encoding="utf-8"))
    assert [image["id"] for image in document["images"]] == [1, 2, 3]
    assert [(found["id"], found["image_id"]) for found in document["annotations"]] == [
        (1, 1), (2, 1), (3, 1), (4, 3), (5, 3), (6, 3),
    ]  # fmt: skip
    assert set(document["annotations"][0]) == {
        "id", "image_id", "category_id", "bbox", "segmentation", "area", "score", "iscrowd",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["predictions.json"]


@pytest.mark.parametrize("write", [write_coco, write_csv])
def test_memory_does_not_grow_with_the_pictures(write: object, one: Record, tmp_path: Path) -> None:
    def many(count: int) -> Iterator[Record]:
        return ({**one, "file": f"{number}.png"} for number in range(count))

    write(tmp_path, CLASSES, many(10))  # type: ignore[operator]
    tracemalloc.start()
    write(tmp_path, CLASSES, many(4000))  # type: ignore[operator]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
