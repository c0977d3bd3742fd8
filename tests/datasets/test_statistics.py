from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.ops import box_convert

from tests.largest_tensor import LargestTensor
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.config.files import template
from yolact_kit.config.schema import AnchorConfig
from yolact_kit.datasets.statistics import (
    anchor_recall,
    best_anchor_iou,
    class_balance,
    collect,
    crowding,
    object_table,
    pyramid_levels,
    size_histogram,
)
from yolact_kit.models.anchors import make_anchors
from yolact_kit.ops.boxes import box_iou
from yolact_kit.shapes.rle import encode_mask


def _ring(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], dtype=np.float64)


def _picture(*instances: Instance) -> Picture:
    return Picture("a.png", 512, 256, Path("a.png"), list(instances))


def _set() -> Dataset:
    mask = np.zeros((256, 512))
    mask[0:2, 0:4] = 1
    train = _picture(
        Instance("nut", [_ring(10, 10, 40, 20)]),
        Instance("nut", [_ring(12, 10, 40, 20)]),
        Instance("bolt", rle=encode_mask(mask)),
        Instance("bolt", [_ring(0, 0, 500, 200)], crowd=True),
    )
    return Dataset("made", ["nut", "bolt", "key"], {"train": [train, _picture()], "val": []})


def test_boxes_are_shares_of_the_picture_and_sides_those_at_the_training_size() -> None:
    table = object_table(_set())
    assert table.labels.tolist() == [0, 0, 1]
    assert table.boxes[0] == pytest.approx([10 / 512, 10 / 256, 50 / 512, 30 / 256])
    assert table.sides(256)[0] == pytest.approx([20, 20])
    assert table.sides(256)[2] == pytest.approx([2, 2])
    assert set(table.splits) == {"train"}


def test_crowds_are_not_counted_and_empty_classes_are() -> None:
    assert class_balance(_set()) == {
        "train": {"nut": 2, "bolt": 1, "key": 0},
        "val": {"nut": 0, "bolt": 0, "key": 0},
    }


def test_the_histogram_counts_every_object_once() -> None:
    histogram = size_histogram(object_table(_set()), 256)
    assert {name: count for name, count in histogram.items() if count} == {"below 4": 1, "16-32": 2}


def test_an_object_that_equals_an_anchor_is_met_wholly() -> None:
    anchors = AnchorConfig(scales=[[32]], aspect_ratios=[1.0], square=False)
    picture = Picture("a.png", 64, 64, Path("a.png"), [Instance("nut", [_ring(4, 4, 32, 32)])])
    table = object_table(Dataset("one", ["nut"], {"train": [picture]}))
    # Cells of P3 have 8 px; the anchor around the cell with centre 20, 20 is exactly this box.
    assert best_anchor_iou(table, anchors, 64) == pytest.approx([1.0])


def test_recall_by_class_and_size() -> None:
    recall = anchor_recall(object_table(_set()), ["nut", "bolt", "key"], template("yolact_nano").model, 0.5)
    assert recall.by_class["bolt"] == 0.0
    assert recall.by_class["key"] is None
    assert recall.by_size["below 4"] == 0.0
    assert recall.by_size["above 96"] is None
    assert recall.overall == pytest.approx((recall.by_class["nut"] or 0) * 2 / 3)


def test_crowding_counts_strong_overlaps() -> None:
    found = crowding(object_table(_set()), 2)
    assert (found.mean, found.most, found.overlapping) == (1.5, 3, pytest.approx(2 / 3))


def test_an_empty_set_has_statistics() -> None:
    found = collect(Dataset("empty", [], {"train": []}), template("yolact_nano").model)
    assert found.anchors.overall is None
    assert found.to_dict()["pictures"] == {"train": 0}


@pytest.mark.parametrize("size", [64, 256, 320, 550])
def test_levels_are_those_of_the_model(size: int) -> None:
    torch = pytest.importorskip("torch")
    from yolact_kit.models.yolact import YolactNetwork

    config = template("yolact_nano").model
    config.input_size = size
    config.weights = "none"
    model = YolactNetwork(config, 2).eval()
    with torch.inference_mode():
        levels = model.fpn(model.backbone(torch.zeros(1, 3, size, size))[-3:])
    assert [tuple(level.shape[-2:]) for level in levels] == pyramid_levels(size, len(config.anchors.scales))


def _crowded_set(count: int) -> Dataset:
    """Two pictures of so many squares each, where every tenth one lies nearly on the one before."""
    random = np.random.default_rng(0)
    corners = random.uniform(0, 980, (2, count, 2))
    corners[:, 9::10] = corners[:, 8::10] + 1
    pictures = []
    for number, places in enumerate(corners):
        instances = [Instance("nut", [_ring(x, y, 12, 12)]) for x, y in places.tolist()]
        pictures.append(Picture(f"{number}.png", 1000, 1000, Path(f"{number}.png"), instances))
    return Dataset("crowded", ["nut"], {"train": pictures})


def test_of_thousands_of_objects_only_neighbours_are_compared() -> None:
    dataset, model = _crowded_set(1500), template("yolact_nano").model
    table = object_table(dataset)
    with LargestTensor() as largest:
        shown, best = crowding(table, 2), best_anchor_iou(table, model.anchors, model.input_size)
    boxes = [torch.from_numpy(table.boxes[table.pictures == number]) for number in range(2)]
    overlaps = [box_iou(each, each).fill_diagonal_(0).amax(dim=1) for each in boxes]
    strong = (torch.cat(overlaps) >= 0.5).double().mean()
    assert shown.most == 1500 and shown.overlapping == pytest.approx(float(strong)) and strong >= 0.2
    every = make_anchors(pyramid_levels(model.input_size, 5), model.anchors, model.input_size).double()
    corners = box_convert(every, "cxcywh", "xyxy")
    assert np.array_equal(best, box_iou(torch.from_numpy(table.boxes), corners).amax(dim=1).numpy())
    assert largest.size < min(1500 * 1500, 3000 * len(every)) / 2
