"""Detections and masks against what the original implementation gives for the same weights and picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.models.original import CASES, REFERENCE, classes_of, original_model, recipe_of, stored_case
from yolact_kit.config.files import template
from yolact_kit.config.schema import Config, DetectConfig
from yolact_kit.inference.engines.engine import NetworkOutputs
from yolact_kit.inference.postprocess import detect_objects, postprocess
from yolact_kit.inference.predictor import Predictor

HEIGHT, WIDTH = 427, 640


class Reference(NamedTuple):
    expected: dict[str, Any]
    predictor: Predictor
    pixels: Any
    raw: NetworkOutputs


@pytest.fixture(scope="module", params=CASES)
def reference(request: pytest.FixtureRequest) -> Iterator[Reference]:
    recipe, (name, seed, expected) = recipe_of(REFERENCE), stored_case(request.param)
    model = original_model(name, recipe, expected, seed)
    config = template(name).model_copy(
        update={"classes": [f"class {number}" for number in range(classes_of(expected))]}
    )
    pixels = recipe.picture(seed + 1, HEIGHT, WIDTH)[:, :, ::-1].copy()
    predictor = Predictor(model, Config.model_validate(config), legacy=True)
    yield Reference(expected, predictor, pixels, raw_outputs(predictor, pixels))


def raw_outputs(predictor: Predictor, pixels: Any) -> NetworkOutputs:
    return predictor.run([pixels])


@pytest.mark.parametrize(("prefix", "nms"), [("fast", "fast"), ("cross", "cross-class")])
def test_nms_keeps_the_originals_detections_in_its_order(reference: Reference, prefix: str, nms: str) -> None:
    found = detect_objects(reference.raw, 0, DetectConfig(nms=nms), legacy=True)
    assert found.labels.tolist() == reference.expected[f"{prefix}_class"].tolist()
    np.testing.assert_allclose(found.scores, reference.expected[f"{prefix}_score"], atol=1e-4)
    np.testing.assert_allclose(found.boxes, reference.expected[f"{prefix}_box"], atol=1e-3)
    np.testing.assert_allclose(found.coefficients, reference.expected[f"{prefix}_coeff"], atol=1e-3)


@pytest.mark.parametrize(("prefix", "nms"), [("fast", "fast"), ("cross", "cross-class")])
def test_legacy_masks_and_boxes_are_the_originals(reference: Reference, prefix: str, nms: str) -> None:
    expected = reference.expected
    scorer = reference.predictor.engine.mask_scorer
    found = postprocess(reference.raw, 0, (HEIGHT, WIDTH), DetectConfig(nms=nms), legacy=True, scorer=scorer)
    scores = expected[f"{prefix}_post_mask_score" if scorer is not None else f"{prefix}_post_score"]
    np.testing.assert_allclose(found.scores, scores, atol=1e-4)
    assert found.labels.tolist() == expected[f"{prefix}_post_class"].tolist()
    # A coordinate next to a whole number may be cut to either side of it.
    assert np.abs(found.boxes - expected[f"{prefix}_post_box"]).max() <= 1
    assert (found.boxes == expected[f"{prefix}_post_box"]).mean() > 0.98
    from pycocotools import mask as coco_mask

    masks = [coco_mask.decode({**rle, "counts": rle["counts"].encode("ascii")}) for rle in found.masks]
    areas = np.array([int(mask.sum()) for mask in masks])
    wanted = expected[f"{prefix}_post_mask_area"]
    assert (np.abs(areas - wanted) <= np.maximum(3, wanted * 0.01)).all()
    assert (areas[wanted == 0] == 0).all()
    index = expected[f"{prefix}_post_mask_index"]
    stored = np.unpackbits(expected[f"{prefix}_post_masks"])[: len(index) * HEIGHT * WIDTH]
    for place, mask in zip(index, stored.reshape(len(index), HEIGHT, WIDTH), strict=True):
        shared = np.logical_and(mask, masks[place]).sum() / np.logical_or(mask, masks[place]).sum()
        assert shared >= 0.99


def test_outside_legacy_the_same_objects_are_found_without_the_doubtful_ones(reference: Reference) -> None:
    ours = detect_objects(reference.raw, 0, DetectConfig(top_k=10_000))
    original = detect_objects(reference.raw, 0, DetectConfig(top_k=10_000), legacy=True)
    sure = original.scores >= 0.05
    assert ours.labels.tolist() == original.labels[sure].tolist()
    np.testing.assert_allclose(ours.boxes, original.boxes[sure], rtol=1e-6, atol=1e-6)
    assert sure.sum() < len(sure)
