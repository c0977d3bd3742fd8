"""Rows that are no outlines: keypoints, oriented boxes, confidences, track ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, picture, read
from yolact_kit.annotations.readers.jobs import BoxesOnlyError
from yolact_kit.annotations.readers.yolo_rows import have_keypoints

SEGMENTS = ["0.1 0.1 0.5 0.1 0.3 0.75", "0.6 0.2 0.9 0.2 0.9 0.6 0.6 0.7", "0.2 0.5 0.4 0.5 0.5 0.8 0.4 0.9 0.2 0.9"]
BOXES = ["0.5 0.5 0.2 0.2", "0.3 0.3 0.4 0.4", "0.6 0.7 0.2 0.1"]
TURNED = ["0.3 0.1 0.5 0.3 0.4 0.4 0.2 0.2", "0.6 0.5 0.8 0.6 0.75 0.7 0.55 0.6", "0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3"]
QUADS = ["0.3 0.1 0.5 0.3 0.4 0.45 0.2 0.2", "0.6 0.5 0.8 0.6 0.75 0.75 0.5 0.6", "0.1 0.1 0.2 0.1 0.25 0.3 0.1 0.3"]
PERSON = [(x * side, y * side) for side in (0.4, 0.3) for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (-1, -1))]
"""Twelve keypoints that fill a box, in shares of it from its centre."""


def save(root: Path, files: list[list[str]], **description: object) -> None:
    """A set with a text file for each list of rows; every row gets the class 0."""
    for number, rows in enumerate(files):
        picture(root / f"images/사진 {number}.png", number)
        path = root / f"labels/사진 {number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"0 {row}\n" for row in rows), encoding="utf-8")
    document = {"names": ["nut"], "train": "images", **description}
    (root / "data.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def with_columns(rows: list[str], columns: str, first: int = 1) -> list[str]:
    """Rows with a confidence, a track id or both behind them."""
    behind = {"confidence": "0.9{0}1234", "id": "{1}", "both": "0.8{0}5 {1}", "integer": "1"}[columns]
    return [f"{row} {behind.format(number, number + first)}" for number, row in enumerate(rows)]


def poses(count: int, size: int, boxes: list[str], state: str = "2") -> list[str]:
    """Rows of boxes with the first ``count`` keypoints of `PERSON`."""
    rows = []
    for box in boxes:
        x, y, width, height = map(float, box.split())
        third = f" {state}" if size == 3 else ""
        points = [f"{x + dx * width:.6f} {y + dy * height:.6f}{third}" for dx, dy in PERSON[:count]]
        rows.append(" ".join([box, *points]))
    return rows


@pytest.mark.parametrize("columns", ["confidence", "id", "both", "integer"])
@pytest.mark.parametrize("layout", ["a file", "a file for each row", "one file of two"])
def test_columns_behind_outlines_are_dropped(tmp_path: Path, columns: str, layout: str) -> None:
    rows = with_columns(SEGMENTS, columns)
    files = {"a file": [rows], "a file for each row": [[row] for row in rows], "one file of two": [rows, SEGMENTS[:2]]}
    save(tmp_path, files[layout])
    result = read(tmp_path)
    dropped = 3 if layout == "a file for each row" else 1
    assert codes(result) == ["F columns-dropped"] * dropped
    points = [entry.polygons[0] for entry in instances(result)]
    expected = [np.array(row.split(), dtype=float).reshape(-1, 2) * (WIDTH, HEIGHT) for row in SEGMENTS]
    assert all(np.allclose(found, right, atol=1e-3) for found, right in zip(points[:3], expected, strict=True))


def test_a_single_object_that_is_tracked_has_the_id_1(tmp_path: Path) -> None:
    save(tmp_path, [[f"{row} 0.{number}7 1"] for number, row in enumerate(SEGMENTS, start=4)])
    result = read(tmp_path)
    assert codes(result) == ["F columns-dropped"] * 3
    assert [len(entry.polygons[0]) for entry in instances(result)] == [3, 4, 5]


def test_outlines_that_end_at_the_lower_edge_are_whole(tmp_path: Path) -> None:
    save(tmp_path, [["0.1 0.5 0.4 0.5 0.4 1 0.1 1"], ["0.2 0.6 0.5 0.6 0.4 1 0.1 1"], ["0.2 0.7 0.5 1 0.1 1"]])
    result = read(tmp_path)
    assert codes(result) == []
    assert [len(entry.polygons[0]) for entry in instances(result)] == [4, 4, 3]


@pytest.mark.parametrize("columns", ["confidence", "id", "both"])
def test_columns_behind_boxes_are_dropped(tmp_path: Path, columns: str) -> None:
    save(tmp_path, [with_columns(BOXES, columns)])
    with pytest.raises(BoxesOnlyError, match="boxes only"):
        read(tmp_path)
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == ["F columns-dropped"]
    assert len(instances(result)) == 3


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
@pytest.mark.parametrize("columns", ["", "confidence", "both"])
def test_keypoints_that_data_yaml_tells_of_are_no_outlines(tmp_path: Path, size: int, count: int, columns: str) -> None:
    rows = poses(count, size, BOXES)
    save(tmp_path, [with_columns(rows, columns) if columns else rows], kpt_shape=[count, size], flip_idx=[0])
    with pytest.raises(BoxesOnlyError, match=r"boxes with keypoints .*kpt_shape") as caught:
        read(tmp_path)
    assert "segmentation" in caught.value.advice
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == ["F columns-dropped"]
    assert [entry.box()[2:] for entry in instances(result)] == [(12, 8), (24, 16), (12, 4)]


def test_keypoints_of_data_yaml_that_no_row_has_are_left_aside(tmp_path: Path) -> None:
    save(tmp_path, [SEGMENTS], kpt_shape=[17, 3])
    assert (codes(read(tmp_path)), len(instances(read(tmp_path)))) == ([], 3)


@pytest.mark.parametrize(
    ("count", "size", "state", "columns"),
    [
        (1, 3, "2", ""),
        (2, 3, "2", ""),
        *((12, 3, state, columns) for state in ("2", "0.87") for columns in ("", "confidence", "both")),
        *((count, 2, "", columns) for count in (5, 12) for columns in ("", "confidence", "both")),
    ],
)
def test_keypoints_are_told_by_their_numbers(tmp_path: Path, count: int, size: int, state: str, columns: str) -> None:
    rows = poses(count, size, BOXES, state)
    save(tmp_path, [with_columns(rows, columns) if columns else rows])
    with pytest.raises(BoxesOnlyError, match="keypoints"):
        read(tmp_path)


@pytest.mark.parametrize("columns", ["", "confidence", "id", "both"])
def test_oriented_boxes_are_no_outlines(tmp_path: Path, columns: str) -> None:
    save(tmp_path, [with_columns(TURNED, columns) if columns else TURNED])
    with pytest.raises(BoxesOnlyError, match="oriented boxes") as caught:
        read(tmp_path)
    assert "--box-as-mask" in caught.value.advice
    result = read(tmp_path, box_as_mask=True)
    assert [len(entry.polygons[0]) for entry in instances(result)] == [4, 4, 4]


def test_an_oriented_box_that_the_edge_of_the_picture_cuts_is_one_as_well(tmp_path: Path) -> None:
    save(tmp_path, [TURNED] * 3 + [["0.9 0.1 1 0.3 0.95 0.4 0.8 0.2"]])
    with pytest.raises(BoxesOnlyError, match="oriented boxes"):
        read(tmp_path)


def test_a_set_that_says_that_its_boxes_are_oriented(tmp_path: Path) -> None:
    save(tmp_path, [QUADS], task="obb")
    with pytest.raises(BoxesOnlyError, match="oriented boxes"):
        read(tmp_path)


@pytest.mark.parametrize(
    "rows", [QUADS, [QUADS[0]], TURNED[2:], [*TURNED, SEGMENTS[0]], [*TURNED, QUADS[0]]], ids=range(5)
)
def test_ordinary_outlines_of_four_points_are_read(tmp_path: Path, rows: list[str]) -> None:
    save(tmp_path, [rows])
    result = read(tmp_path)
    assert (codes(result), len(instances(result))) == ([], len(rows))


def test_many_rows_of_four_points_are_warned_of(tmp_path: Path) -> None:
    save(tmp_path, [QUADS] * 4)
    result = read(tmp_path)
    assert (codes(result), len(instances(result))) == (["W rows-of-four"], 12)


def test_a_row_with_its_class_alone_is_an_error_beside_rows_with_columns(tmp_path: Path) -> None:
    save(tmp_path, [[*with_columns(SEGMENTS, "confidence"), ""], SEGMENTS])
    result = read(tmp_path)
    assert codes(result) == ["F columns-dropped", "E shape-malformed"]


def test_an_odd_row_among_others_is_an_error_that_speaks_of_pairs(tmp_path: Path) -> None:
    save(tmp_path, [[*SEGMENTS, f"{SEGMENTS[0]} 0.9"], SEGMENTS])
    result = read(tmp_path)
    assert codes(result) == ["E coordinates-odd"]
    assert "a confidence or a track id" in result.problems[0].message


def test_a_single_outline_may_lie_as_keypoints_do() -> None:
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = 0.4 + 0.19 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    row = [0.4, 0.4, 0.4, 0.4, *circle.reshape(-1).tolist()]
    assert not have_keypoints([row], None)
    assert have_keypoints([[value + shift for value in row] for shift in (0.0, 0.01, 0.02)], None)


@pytest.mark.parametrize("count", [5, 8, 17])
@pytest.mark.parametrize("columns", [0, 1, 2])
def test_keypoints_are_told_though_some_rows_do_not_fill_their_boxes(count: int, columns: int) -> None:
    rng = np.random.default_rng(count)
    rows = []
    for _ in range(40):
        centre, extent = rng.uniform(0.3, 0.7, 2), rng.uniform(0.1, 0.4, 2)
        points = centre + extent * rng.uniform(-0.47, 0.47, (count, 2))
        rows.append([*centre, *extent, *points.reshape(-1).tolist(), *[0.9, 7.0][:columns]])
    assert have_keypoints(rows, None)


@pytest.mark.parametrize("seed", range(20))
def test_outlines_of_equally_many_points_are_no_keypoints(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 40))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    rows = []
    for _ in range(10):
        centre, radii = rng.uniform(0.3, 0.7, 2), rng.uniform(0.05, 0.3, (count, 1))
        points = centre + radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        rows.append(np.round(np.roll(points, rng.integers(count), axis=0), 6).reshape(-1).tolist())
    assert not have_keypoints(rows, None)
