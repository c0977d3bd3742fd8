"""Run lengths: right ones are read, broken ones never reach native code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from yolact_kit.shapes.rle import decode_rle, encode_mask, merge_rles, parse_rle, rings_to_rle, rle_area

masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def runs_of(mask: np.ndarray[Any, Any]) -> list[int]:
    """Run lengths by counting: columns first, beginning with the background."""
    runs, value = [0], False
    for pixel in mask.T.reshape(-1):
        if pixel != value:
            runs.append(0)
            value = not value
        runs[-1] += 1
    return runs


@given(masks)
def test_masks_survive_both_kinds_of_run_lengths(mask: np.ndarray[Any, Any]) -> None:
    height, width = mask.shape
    encoded = encode_mask(mask)
    assert np.array_equal(decode_rle(encoded), mask)
    assert rle_area(encoded) == mask.sum()
    assert parse_rle(dict(encoded), height, width) == encoded
    assert parse_rle({"size": [height, width], "counts": runs_of(mask)}, height, width) == encoded


def test_long_runs_and_differences_are_decoded() -> None:
    mask = np.zeros((900, 700), dtype=bool)
    mask[100:850, 50:600] = True
    mask[300:310, 55:60] = False
    encoded = encode_mask(mask)
    assert parse_rle(dict(encoded), 900, 700) == encoded


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ({"size": [4, 3], "counts": [12]}, "changed places"),
        ({"size": [5, 5], "counts": [25]}, "the picture \\[3, 4\\]"),
        ({"size": [3, 4], "counts": [5, 5]}, "add up to 10"),
        ({"size": [3, 4], "counts": [-2, 14]}, "numbers of 0 or more"),
        ({"size": [3, 4], "counts": ["a"]}, "numbers of 0 or more"),
        ({"size": [3, 4], "counts": None}, "numbers of 0 or more"),
        ({"size": [3, 4], "counts": "P" * 50}, "broken|cut off|add up"),
        ({"size": [3, 4], "counts": "\x00\x7f"}, "broken"),
        ({"size": [3, 4], "counts": "컵"}, "broken|add up"),
        ({"counts": [12]}, "no size"),
    ],
)
def test_broken_run_lengths_are_refused(segmentation: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_rle(segmentation, 3, 4)


@given(st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=40))
def test_any_text_is_either_right_or_refused(counts: str) -> None:
    try:
        parsed = parse_rle({"size": [6, 7], "counts": counts}, 6, 7)
    except ValueError:
        return
    assert decode_rle(parsed).shape == (6, 7)


def test_union_of_polygons_and_masks() -> None:
    squares = [np.array([[x, 2], [x + 4, 2], [x + 4, 6], [x, 6]], dtype=float) for x in (1, 10)]
    both = rings_to_rle(squares, 10, 20)
    apart = merge_rles([rings_to_rle([square], 10, 20) for square in squares])
    assert both == apart
    assert rle_area(both) == 32
    assert coco_mask.area({"size": [10, 20], "counts": both["counts"]}) == 32
