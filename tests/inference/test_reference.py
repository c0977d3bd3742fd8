"""Detections and masks against what the original implementation gives for the same weights and picture."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from yolact_kit.config.files import template
from yolact_kit.config.schema import Config, DetectConfig
from yolact_kit.inference.postprocess import detect_objects, postprocess
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.yolact import YOLACT, RawOutputs

HEIGHT, WIDTH = 427, 640
RENAMED = (
    (r"backbone\.layers\.(\d)", lambda found: f"backbone.body.layer{int(found[1]) + 1}"),
    (r"backbone\.(conv1|bn1)", r"backbone.body.\1"),
    (r"fpn\.lat_layers\.(\d)", lambda found: f"fpn.lateral.{2 - int(found[1])}"),
    (r"fpn\.pred_layers\.(\d)", lambda found: f"fpn.smooth.{2 - int(found[1])}"),
    (r"fpn\.downsample_layers", "fpn.shrink"),
    (r"proto_net", "protonet"),
    (r"prediction_layers\.0\.upfeature", "head.shared"),
    (r"prediction_layers\.0\.bbox_layer", "head.box"),
    (r"prediction_layers\.0\.conf_layer", "head.score"),
    (r"prediction_layers\.0\.mask_layer", "head.coefficient"),
    (r"semantic_seg_conv", "semantic"),
)


class Reference(NamedTuple):
    expected: dict[str, Any]
    predictor: Predictor
    pixels: Any
    raw: RawOutputs


def our_name(key: str) -> str:
    for pattern, ours in RENAMED:
        renamed, count = re.subn(rf"^{pattern}(?=\.)", ours, key)
        if count:
            return renamed
    raise AssertionError(key)


def recipe_module(folder: Path) -> Any:
    described = importlib.util.spec_from_file_location("recipe", folder / "recipe.py")
    assert described is not None and described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["yolact_resnet50", pytest.param("yolact_base", marks=pytest.mark.slow)])
def reference(request: pytest.FixtureRequest, shared_data: Path) -> Iterator[Reference]:
    name = request.param
    folder = shared_data.parent / "reference"
    recipe = recipe_module(folder)
    expected = dict(np.load(folder / f"{name}_seed0.npz"))
    state = recipe.state_dict(expected["keys"], expected["shapes"], name, 0)
    config = template(name).model_copy(update={"classes": [f"class {number}" for number in range(80)]})
    model = YOLACT(config.model, num_classes=80)
    renamed = {our_name(key): torch.from_numpy(value) for key, value in state.items()}
    assert model.load_state_dict(renamed, strict=False).unexpected_keys == []
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
