"""Segmentations of COCO's files as other programs nest them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, read
from tests.annotations.readers.test_coco import coco, entry
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.coco_file.segmentation import is_empty, segmentation_parts
from yolact_kit.shapes.rings import GeometryError
from yolact_kit.shapes.rle import encode_mask, rle_area

PAIRS = [[5, 5], [25, 6], [20, 18], [10, 30]]
CONTOUR = [[point] for point in PAIRS]
FLAT = [5, 5, 25, 6, 20, 18, 10, 30]
OTHER = [30, 2, 38, 2, 38, 9]
OTHER_PAIRS = [[30, 2], [38, 2], [38, 9]]

NESTED: dict[str, tuple[Any, list[list[int]]]] = {
    "pairs": (PAIRS, [FLAT]),
    "three pairs": (OTHER_PAIRS, [OTHER]),
    "pairs of text": ([[str(x), str(y)] for x, y in PAIRS], [FLAT]),
    "pairs and an empty list": ([*PAIRS, []], [FLAT]),
    "a contour": (CONTOUR, [FLAT]),
    "pairs in a list of polygons": ([PAIRS], [FLAT]),
    "two polygons of pairs": ([PAIRS, OTHER_PAIRS], [FLAT, OTHER]),
    "pairs beside numbers": ([FLAT, OTHER_PAIRS], [FLAT, OTHER]),
    "a list of one contour": ([CONTOUR], [FLAT]),
    "a list of two contours": ([CONTOUR, [[point] for point in OTHER_PAIRS]], [FLAT, OTHER]),
    "a list too many": ([[FLAT]], [FLAT]),
    "a list too many around two": ([[FLAT, OTHER]], [FLAT, OTHER]),
    "a list too many around pairs": ([[PAIRS]], [FLAT]),
    "a list too many around a contour": ([[CONTOUR]], [FLAT]),
}


@pytest.mark.parametrize(("segmentation", "polygons"), NESTED.values(), ids=NESTED)
def test_lists_that_are_nested_otherwise_are_read(tmp_path: Path, segmentation: Any, polygons: list[list[int]]) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == ["F segmentation-nested"]
    assert [ring.reshape(-1).tolist() for ring in instances(result)[0].polygons] == polygons


@pytest.mark.parametrize("segmentation", [[FLAT], [FLAT, OTHER], [FLAT, []]])
def test_polygons_as_coco_has_them_are_no_problem(tmp_path: Path, segmentation: Any) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    assert codes(read(tmp_path)) == []


BROKEN: dict[str, Any] = {
    "points of three numbers": [[*point, 2] for point in PAIRS],
    "a point of three numbers among pairs": [*PAIRS, [1, 2, 3]],
    "a point that is not a number": [*PAIRS, [1, None]],
    "points and short lists": [[1, 1], [9, 1], [9, 9, 1, 9]],
    "points in lists and without": [[[1, 1]], [9, 1], [9, 9]],
    "four lists deep": [[[[PAIRS]]]],
    "lists of empty lists": [[[]]],
    "a mask and a polygon": [dict(encode_mask(np.ones((HEIGHT, WIDTH)))), FLAT],
    "a mask without counts": [{"size": [HEIGHT, WIDTH]}],
}


@pytest.mark.parametrize("segmentation", BROKEN.values(), ids=BROKEN)
def test_lists_that_say_nothing_clear_leave_the_picture_out(tmp_path: Path, segmentation: Any) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert [found.severity for found in result.problems if found.code != "segmentation-nested"] == ["E"]
    assert [item.picture.file for item in result.labelled] == ["b.png"]


@pytest.mark.parametrize("segmentation", [[[5, 5]], [[5, 5], [9, 9]], [[5, 5, 9, 9]], [[5, 5, 9, 9]] * 3])
def test_fewer_than_three_points_are_skipped_as_before(tmp_path: Path, segmentation: Any) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    assert set(codes(read(tmp_path))) == {"S points-too-few"}


def striped_mask() -> np.ndarray[Any, Any]:
    """A mask whose compressed text has a backslash, which Python's text of bytes doubles."""
    rng = np.random.default_rng(0)
    while True:
        mask = rng.random((HEIGHT, WIDTH)) < 0.03
        if "\\" in encode_mask(mask)["counts"]:
            return mask


MASK = striped_mask()
RLE = dict(encode_mask(MASK))
BYTES_TEXT = {**RLE, "counts": str(RLE["counts"].encode())}
HALF = np.zeros((HEIGHT, WIDTH), dtype=bool)
HALF[5:20, 10:30] = True

MASKS: dict[str, tuple[Any, list[str], np.ndarray[Any, Any]]] = {
    "a dictionary": (RLE, [], MASK),
    "a dictionary in a list": ([RLE], ["F segmentation-nested"], MASK),
    "two dictionaries in a list": ([RLE, dict(encode_mask(HALF))], ["F segmentation-nested"], MASK | HALF),
    "the text of bytes": (BYTES_TEXT, ["F rle-bytes-text"], MASK),
    "the text of bytes in a list": ([BYTES_TEXT], ["F segmentation-nested", "F rle-bytes-text"], MASK),
    "the text of bytes in double marks": ({**RLE, "counts": f'b"{BYTES_TEXT["counts"][2:-1]}"'},
        ["F rle-bytes-text"], MASK),
}  # fmt: skip


@pytest.mark.parametrize(("segmentation", "expected", "mask"), MASKS.values(), ids=MASKS)
def test_run_lengths_that_are_written_otherwise_are_read(
    tmp_path: Path, segmentation: Any, expected: list[str], mask: np.ndarray[Any, Any]
) -> None:
    coco(tmp_path, [entry(segmentation), entry(image=2)])
    result = read(tmp_path)
    assert codes(result) == expected
    assert (instances(result)[0].mask(HEIGHT, WIDTH) == mask).all()


@pytest.mark.parametrize("counts", ["b'", "b''", "b'PP'", BYTES_TEXT["counts"][:-1], f"B{BYTES_TEXT['counts'][1:]}"])
@pytest.mark.parametrize("listed", [False, True])
def test_broken_text_of_bytes_is_an_error(tmp_path: Path, counts: str, listed: bool) -> None:
    mask = {"size": [HEIGHT, WIDTH], "counts": counts}
    coco(tmp_path, [entry([mask] if listed else mask), entry(image=2)])
    result = read(tmp_path)
    assert "E rle-malformed" in codes(result)
    assert [item.picture.file for item in result.labelled] == ["b.png"]


@pytest.mark.parametrize("size", [[HEIGHT], [HEIGHT, WIDTH, 3], None, "large"])
def test_a_mask_of_an_unknown_size_is_an_error(size: Any) -> None:
    problems = Problems("labels.json")
    assert segmentation_parts("annotation 1", [{**RLE, "size": size}], None, problems) == []
    assert problems.failed


def test_the_size_of_the_mask_serves_where_the_picture_has_none() -> None:
    (part,) = segmentation_parts("annotation 1", RLE, None, Problems())
    assert part.rle is not None
    assert rle_area(part.rle) == MASK.sum()


def test_an_error_says_that_a_list_mixes_masks_and_polygons() -> None:
    with pytest.raises(GeometryError, match="dictionaries and other things"):
        segmentation_parts("annotation 1", [RLE, FLAT], (WIDTH, HEIGHT), Problems())


@pytest.mark.parametrize(
    ("segmentation", "empty"), [(None, True), ([[]], True), ({}, False), ("", False), ([5], False)]
)
def test_what_is_no_mask_at_all(segmentation: Any, empty: bool) -> None:
    assert is_empty(segmentation) is empty


@pytest.mark.parametrize("segmentation", [[[[PAIRS]]], [[[CONTOUR]]], [[[x, [y]] for x, y in PAIRS]]])
def test_an_error_says_that_lists_are_nested_in_an_unknown_way(segmentation: Any) -> None:
    with pytest.raises(GeometryError, match="nested in a way"):
        segmentation_parts("annotation 1", segmentation, (WIDTH, HEIGHT), Problems())
