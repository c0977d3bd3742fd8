"""What programs and people write instead of COCO's lists of numbers: it is read, or refused by what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, read
from tests.annotations.readers.test_coco import coco, entry

FLAT = [5, 5, 25.5, 6, 20, 18, 10, 30]
PAIRS = [[5, 5], [25.5, 6], [20, 18], [10, 30]]
OTHER = [30, 2, 38, 2, 38, 9]
RUNS = [405, 15, 25, 15, HEIGHT * WIDTH - 460]
NAMED = [{"x": x, "y": y} for x, y in PAIRS]

OUTLINES: dict[str, tuple[Any, list[Any]]] = {
    "JSON": (json.dumps([FLAT, OTHER]), [FLAT, OTHER]),
    "JSON, flat": (json.dumps(FLAT), [FLAT]),
    "JSON, pairs": (json.dumps(PAIRS), [FLAT]),
    "JSON in a list": ([json.dumps(FLAT), json.dumps(OTHER)], [FLAT, OTHER]),
    "JSON of a list in a list": ([json.dumps([FLAT])], [FLAT]),
    "Python": (str([FLAT, OTHER]), [FLAT, OTHER]),
    "Python's tuples": (str([tuple(point) for point in PAIRS]), [FLAT]),
    "NumPy, printed": (str(np.array([FLAT])), [FLAT]),
    "NumPy, printed pairs": (str(np.array(PAIRS)), [FLAT]),
    "NumPy, shown": (repr(np.array([FLAT])), [FLAT]),
    "NumPy, shown with its type": (repr(np.array([FLAT], dtype=np.float32)), [FLAT]),
    "numbers": (" ".join(map(str, FLAT)), [FLAT]),
    "numbers with commas": (",".join(map(str, FLAT)), [FLAT]),
    "numbers with commas in a list": ([",".join(map(str, FLAT))], [FLAT]),
    "points with commas": (" ".join(f"{x},{y}" for x, y in PAIRS), [FLAT]),
    "WKT": ("POLYGON ((5 5, 25.5 6, 20 18, 10 30))", [FLAT]),
    "WKT with heights": ("POLYGON Z ((5 5 1, 25.5 6 1, 20 18 1, 10 30 1))", [FLAT]),
    "WKT of several": ("MULTIPOLYGON(((5 5,25.5 6,20 18,10 30)),((30 2,38 2,38 9)))", [FLAT, OTHER]),
    "GeoJSON": ({"type": "Polygon", "coordinates": [PAIRS]}, [FLAT]),
    "GeoJSON of several": ({"type": "MultiPolygon", "coordinates": [[PAIRS], [[[30, 2], [38, 2], [38, 9]]]]},
                           [FLAT, OTHER]),
    "points with names": ([NAMED], [FLAT]),
    "points with names, no list around": (NAMED, [FLAT]),
    "points in a dictionary": ({"points": PAIRS}, [FLAT]),
    "named points in a dictionary": ({"polygon": NAMED}, [FLAT]),
    "lists of x and y": ({"all_points_x": [x for x, _ in PAIRS], "all_points_y": [y for _, y in PAIRS]}, [FLAT]),
}  # fmt: skip


@pytest.mark.parametrize(("segmentation", "polygons"), OUTLINES.values(), ids=OUTLINES)
def test_outlines_in_other_dialects_are_read(tmp_path: Path, segmentation: Any, polygons: list[Any]) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == ["F segmentation-dialect"]
    assert [ring.reshape(-1).tolist() for ring in instances(result)[0].polygons] == polygons


SIZE = [HEIGHT, WIDTH]
MASKS: dict[str, tuple[Any, list[str]]] = {
    "a size of fractions": ({"size": [float(HEIGHT), float(WIDTH)], "counts": RUNS}, []),
    "a size of text": ({"size": [str(HEIGHT), str(WIDTH)], "counts": RUNS}, []),
    "counts of fractions": ({"size": SIZE, "counts": [float(count) for count in RUNS]}, []),
    "counts of text": ({"size": SIZE, "counts": [str(count) for count in RUNS]}, []),
    "counts as text": ({"size": SIZE, "counts": str(RUNS)}, []),
    "counts as text without brackets": ({"size": SIZE, "counts": " ".join(map(str, RUNS))}, []),
    "text": (json.dumps({"size": SIZE, "counts": RUNS}), ["F segmentation-dialect"]),
    "text of Python": (str({"size": SIZE, "counts": RUNS}), ["F segmentation-dialect"]),
    "two lists around": ([[{"size": SIZE, "counts": RUNS}]], ["F segmentation-nested"]),
    "a list around fractions": ([{"size": SIZE, "counts": [float(count) for count in RUNS]}],
                                ["F segmentation-nested"]),
}  # fmt: skip


@pytest.mark.parametrize(("segmentation", "expected"), MASKS.values(), ids=MASKS)
def test_masks_in_other_dialects_are_read(tmp_path: Path, segmentation: Any, expected: list[str]) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == expected
    assert instances(result)[0].mask(HEIGHT, WIDTH).sum() == 30


REFUSED: dict[str, tuple[Any, str]] = {
    "the name of a file": ("masks/a.png", "neither JSON nor WKT nor numbers: 'masks/a.png'"),
    "SVG": ("M 5 5 L 25 6 Z", "neither JSON nor WKT nor numbers"),
    "numbers that NumPy left out": ("[[ 5. 5. ... 10. 30.]]", "numbers left out"),
    "broken lists": ("[[5, 5, 25, 6, 10, 30]", "broken text"),
    "a dictionary of something else": ({"bitmap": {"data": "eJx"}}, "a dictionary with 'bitmap'"),
    "counts that are no whole numbers": ({"size": SIZE, "counts": [0.5, HEIGHT * WIDTH - 0.5]}, "run lengths"),
    "a number": (7, "neither a list of polygons nor run lengths"),
    "not a number as text": ("[[5, 5, 25, 6, 10, NaN]]", "nan"),
}


@pytest.mark.parametrize(("segmentation", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_outline_is_an_error_that_says_what_it_is(tmp_path: Path, segmentation: Any, words: str) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    (problem,) = [problem for problem in result.problems if problem.severity == "E"]
    assert words in problem.message
    assert [item.picture.file for item in result.labelled] == ["b.png"]


@pytest.mark.parametrize("segmentation", ["", "null", "None", "[]", "[[]]", " nan "])
def test_text_that_means_no_mask_is_reported_as_that(tmp_path: Path, segmentation: str) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == ["S segmentation-missing"]
    (tmp_path / "labels.json").unlink()
    coco(tmp_path, [entry(segmentation, bbox=[5, 6, 10, 12]), entry(image=2)])
    assert len(instances(read(tmp_path, box_as_mask=True))) == 2


@pytest.mark.parametrize(
    "segmentation",
    [
        "POLYGON ((5 5, 45 5, 45 35, 5 35, 5 5), (15 10, 35 10, 35 20, 15 20, 15 10))",
        {"type": "Polygon", "coordinates": [[[5, 5], [45, 5], [45, 35], [5, 35]],
                                            [[15, 10], [35, 10], [35, 20], [15, 20]]]},
    ],
    ids=["WKT", "GeoJSON"],
)  # fmt: skip
def test_a_hole_in_another_dialect_is_not_lost_in_silence(tmp_path: Path, segmentation: Any) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    assert codes(read(tmp_path)) == ["F segmentation-dialect", "W hole-filled"]


X, Y = [5, 45, 55, 40, 22, 8], [5, 6, 18, 30, 28, 16]


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_a_list_of_x_and_one_of_y_are_told_by_the_box(tmp_path: Path, count: int) -> None:
    across, down = X[:count], Y[:count]
    box = [min(across), min(down), max(across) - min(across), max(down) - min(down)]
    coco(tmp_path, [entry([across, down], bbox=box), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == ["F segmentation-dialect"]
    assert instances(result)[0].polygons[0].tolist() == [[x, y] for x, y in zip(across, down, strict=True)]


def test_two_polygons_of_as_many_numbers_are_no_x_and_y(tmp_path: Path) -> None:
    polygons = [[5, 5, 25, 6, 20, 18], [30, 2, 38, 2, 38, 9]]
    for box in ([5, 2, 33, 16], None):
        coco(tmp_path, [entry(polygons, bbox=box), entry(image=2)])
        result = read(tmp_path)
        assert codes(result) == []
        assert [ring.reshape(-1).tolist() for ring in instances(result)[0].polygons] == polygons
