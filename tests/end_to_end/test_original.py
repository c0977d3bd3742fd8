"""The original's checkpoints through the command line give the original's detections.

What the original gives is recorded in ../shared/reference for some configurations, and in the folder ``original`` here
for the others, with a picture of another shape: ``picture`` there is its seed, height and width.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from tests.models.checkpoints import save_recipe, stored_outputs
from tests.models.original import REFERENCE, recipe_of
from tests.programs import yolact_kit_here
from yolact_kit.models.class_names import COCO_CLASSES, PASCAL_CLASSES

RECORDED = [REFERENCE, Path(__file__).parent / "original"]
CASES = [
    pytest.param(file, id=file.stem, marks=[] if file.stem == "yolact_resnet50_seed0" else pytest.mark.slow)
    for folder in RECORDED
    for file in sorted(folder.glob("*_seed*.npz"))
]
WAYS = {"fast": [], "cross": ["--nms", "cross-class"]}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any, Path]:
    """Name of a configuration, what the original gives, and a folder with the checkpoint and the picture."""
    if not REFERENCE.is_dir():
        pytest.skip("the folder ../shared/reference with the recipe of the weights is not beside this checkout")
    name, _, seed = request.param.stem.rpartition("_seed")
    stored = stored_outputs(request.param.parent, name, int(seed))
    folder = tmp_path_factory.mktemp("원본")
    save_recipe(folder / f"{name}_54_800000.pth", REFERENCE, name, int(seed), stored)
    picture = recipe_of(REFERENCE).picture(*stored.get("picture", [int(seed) + 1]))
    Image.fromarray(picture[:, :, ::-1]).save(folder / "picture.png")
    return name, stored, folder


@pytest.mark.parametrize("way", ["fast", pytest.param("cross", marks=pytest.mark.slow)])
def test_predictions_are_the_originals(case: tuple[str, Any, Path], way: str) -> None:
    name, stored, folder = case
    words = ["--legacy", "--score", "0", "--format", "coco", "--device", "cpu", "--out", way, *WAYS[way]]
    done = yolact_kit_here("predict", f"{name}_54_800000.pth", "picture.png", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / way / "predictions.json").read_text(encoding="utf-8"))
    classes = PASCAL_CLASSES if "pascal" in name else COCO_CLASSES
    assert [(one["id"], one["name"]) for one in document["categories"]] == list(enumerate(classes, start=1))
    compare(document["annotations"], {key.removeprefix(f"{way}_post_"): value for key, value in stored.items()})


def compare(found: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    """Within the tolerances that come with the reference outputs; scores within 1e-5 may have changed places."""
    assert len(found) == len(expected["class"])
    scores = np.array([one["score"] for one in found])
    wanted = expected.get("mask_score", expected["score"])
    order = matched(found, expected, wanted)
    np.testing.assert_allclose(scores[order], wanted, atol=1e-4)
    boxes = np.array([one["bbox"] for one in found])[order]
    boxes[:, 2:] += boxes[:, :2]
    # A coordinate next to a whole number may be cut to either side of it.
    assert np.abs(boxes - expected["box"]).max() <= 1
    assert (boxes == expected["box"]).mean() > 0.98
    areas, target = np.array([one["area"] for one in found])[order], expected["mask_area"]
    assert (np.abs(areas - target) <= np.maximum(3, target * 0.01)).all()
    assert (areas[target == 0] == 0).all()
    index = expected["mask_index"]
    shape = (len(index), *found[0]["segmentation"]["size"])
    masks = np.unpackbits(expected["masks"])[: math.prod(shape)].reshape(shape)
    for place, mask in zip(index, masks, strict=True):
        ours = coco_mask.decode(found[order[place]]["segmentation"])
        assert (mask & ours).sum() / (mask | ours).sum() >= 0.99


def matched(found: list[dict[str, Any]], expected: dict[str, Any], wanted: Any) -> list[int]:
    """For each of the original's detections the place of ours: the same, or one whose score is as good as equal."""
    left = list(range(len(found)))
    order = []
    for place, (label, score) in enumerate(zip(expected["class"], wanted, strict=True)):
        near = [
            other
            for other in left
            if found[other]["category_id"] == label + 1
            and (other == place or abs(found[other]["score"] - score) < 1e-5)
            and np.abs(np.array(found[other]["bbox"][:2]) - expected["box"][place][:2]).max() <= 1
        ]
        assert near, f"the original's detection {place} of class {label} with score {score} is not found"
        order.append(near[0])
        left.remove(near[0])
    return order
