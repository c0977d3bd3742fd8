"""Detections and masks against what the original implementation gives for the same weights and picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from tests.models.original import original_model, recipe_of
from yolact_kit.config.files import template
from yolact_kit.config.schema import Config, DetectConfig
from yolact_kit.inference.postprocess import detect_objects, postprocess
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.yolact import RawOutputs

HEIGHT, WIDTH = 427, 640


class Reference(NamedTuple):
    expected: dict[str, Any]
    predictor: Predictor
    pixels: Any
    raw: RawOutputs


@pytest.fixture(scope="module", params=["yolact_resnet50", pytest.param("yolact_base", marks=pytest.mark.slow)])
def reference(request: pytest.FixtureRequest, shared_data: Path) -> Iterator[Reference]:
    name = request.param
    folder = shared_data.parent / "reference"
    recipe = recipe_of(folder)
    expected = dict(np.load(folder / f"{name}_seed0.npz"))
    model = original_model(name, recipe, expected, seed=0)
    config = template(name).model_copy(update={"classes": [f"class {number}" for number in range(80)]})
    pixels = recipe.picture(1, HEIGHT, WIDTH)[:, :, ::-1].copy()
    predictor = Predictor(model, Config.model_validate(config), legacy=True)
    yield Reference(expected, predictor, pixels, raw_outputs(predictor, pixels))


def raw_outputs(predictor: Predictor, pixels: Any) -> RawOutputs:
    from yolact_kit.models.preprocess import prepare

    with torch.inference_mode():
        raw: RawOutputs = predictor.model.eval()(prepare(pixels, predictor.config.model)[None])
    return raw


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
    found = postprocess(reference.raw, 0, (HEIGHT, WIDTH), DetectConfig(nms=nms), legacy=True)
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
    torch.testing.assert_close(ours.boxes, original.boxes[sure])
    assert sure.sum() < len(sure)
