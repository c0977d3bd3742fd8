from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from yolact_kit.evaluation.boundary import boundary, crop_iou, measure_boundaries
from yolact_kit.evaluation.coco import evaluate_documents
from yolact_kit.shapes.crops import MaskCrop, decode_crop
from yolact_kit.shapes.rle import encode_mask

from .scenes import SIZE, scene

Mask = NDArray[np.bool_]


def slow_boundary(mask: Mask, width: int) -> Mask:
    """Pixel by pixel: those with a pixel outside, or the picture's edge, within ``width`` in both directions."""
    found = np.zeros_like(mask)
    padded = np.pad(mask, width)
    for y, x in zip(*mask.nonzero(), strict=True):
        found[y, x] = not padded[y : y + 2 * width + 1, x : x + 2 * width + 1].all()
    return found


def whole(crop: MaskCrop, shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, dtype=np.bool_)
    mask[crop.y : crop.y + crop.pixels.shape[0], crop.x : crop.x + crop.pixels.shape[1]] = crop.pixels
    return mask


def blob(seed: int, shape: tuple[int, int] = (40, 50)) -> Mask:
    """Some discs, with a hole, that may reach over the edge."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, dtype=np.bool_)
    for number in range(4):
        y, x, radius = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(3, 14)
        mask[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = number < 3
    return mask


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_the_boundary_is_what_is_near_the_outside(seed: int, width: int) -> None:
    mask = blob(seed)
    found = boundary(decode_crop(encode_mask(mask)), width)
    np.testing.assert_array_equal(whole(found, mask.shape), slow_boundary(mask, width))


@pytest.mark.parametrize("seed", range(6))
def test_iou_of_crops_is_that_of_whole_masks(seed: int) -> None:
    one, other = blob(seed), blob(seed + 100)
    crops = [decode_crop(encode_mask(mask)) for mask in (one, other)]
    assert crop_iou(crops[0], crops[1]) == (one & other).sum() / (one | other).sum()


def test_iou_of_masks_apart_and_of_empty_ones() -> None:
    one, other = np.zeros((9, 9), dtype=np.bool_), np.zeros((9, 9), dtype=np.bool_)
    empty = decode_crop(encode_mask(one))
    one[:3, :3], other[5:, 5:] = True, True
    assert crop_iou(decode_crop(encode_mask(one)), decode_crop(encode_mask(other))) == 0
    assert crop_iou(empty, empty) == crop_iou(empty, decode_crop(encode_mask(one))) == 0
    assert boundary(empty, 2).pixels.size == 0


def decoded(segmentation: Any) -> Mask:
    return np.asarray(coco_mask.decode({**segmentation, "counts": segmentation["counts"].encode()}), dtype=np.bool_)


@pytest.mark.parametrize("seed", range(3))
def test_means_and_matches_are_those_of_whole_masks(seed: int) -> None:
    truth, results = scene(seed)
    masks = evaluate_documents(truth, results).mask
    quality = measure_boundaries(truth, results, masks)
    width = round(0.02 * math.hypot(SIZE, SIZE))
    pairs = []
    for matches, strict in zip(masks.matches, quality.scores.matches, strict=True):
        for place in np.flatnonzero((matches.matched[0] >= 0) & ~matches.ignored[0]):
            found = decoded(results[matches.results[place]]["segmentation"])
            label = decoded(truth["annotations"][matches.matched[0, place]]["segmentation"])
            a, b = slow_boundary(found, width), slow_boundary(label, width)
            pairs.append(((found & label).sum() / (found | label).sum(), (a & b).sum() / (a | b).sum()))
        for row, place in zip(*((strict.matched >= 0) & ~strict.ignored).nonzero(), strict=True):
            found = decoded(results[strict.results[place]]["segmentation"])
            label = decoded(truth["annotations"][strict.matched[row, place]]["segmentation"])
            a, b = slow_boundary(found, width), slow_boundary(label, width)
            least = min((found & label).sum() / (found | label).sum(), (a & b).sum() / (a | b).sum())
            assert least >= 0.5 + 0.05 * row - 1e-9
    assert [quality.all.iou, quality.all.boundary] == pytest.approx(np.mean(pairs, axis=0))
    assert quality.all.objects == len(pairs) == sum(one.objects for one in quality.by_class.values())
    assert (quality.scores.values["AP"] or 0) < (masks.values["AP"] or 0)


def test_exact_masks_have_perfect_boundaries_and_crowds_stay_crowds() -> None:
    truth, _ = scene(1)
    results = [{**one, "score": 0.9} for one in truth["annotations"]]
    quality = measure_boundaries(truth, results, evaluate_documents(truth, results).mask)
    assert quality.all.boundary == quality.all.iou == 1
    assert quality.scores.values["AP"] == pytest.approx(1)


def test_nothing_found() -> None:
    truth, _ = scene(1)
    quality = measure_boundaries(truth, [], evaluate_documents(truth, []).mask)
    described = json.loads(json.dumps(quality.to_dict(), allow_nan=False))
    assert (described["AP"], described["objects"], described["boundary_iou"]) == (0, 0, None)
    assert described["by_class"]["클래스 3"]["AP"] is None
