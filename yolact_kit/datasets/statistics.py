"""Statistics of a data set: class balance, object sizes at the training size, anchor recall, crowding."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import box_convert

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import AnchorConfig, ModelConfig
from yolact_kit.models.anchors import make_anchors
from yolact_kit.ops.boxes import box_iou, meeting_groups

SIZE_NAMES = ("below 4", "4-8", "8-16", "16-32", "32-96", "above 96")
_SIZE_EDGES = (4.0, 8.0, 16.0, 32.0, 96.0)


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """The objects of a data set as arrays, crowds left out.

    Attributes:
        boxes: float64 [N, 4], x1 y1 x2 y2 as shares of the picture's width and height.
        labels: int64 [N], index into the data set's classes; -1 for a label that is not one of them.
        pictures: int64 [N], index into ``dataset.pictures()``.
        splits: The split of each object, N names.
    """

    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    pictures: NDArray[np.int64]
    splits: NDArray[np.str_]

    def sides(self, input_size: int) -> NDArray[np.float64]:
        """Width and height of each object in pixels, float64 [N, 2], once its picture has the training size."""
        return (self.boxes[:, 2:] - self.boxes[:, :2]) * input_size


@dataclass(frozen=True, slots=True)
class AnchorRecall:
    """How many objects have an anchor that overlaps them enough to learn from.

    Attributes:
        overall: Share of all objects, 0..1; None if there are none.
        by_class: Share of each class's objects.
        by_size: Share by the names of `SIZE_NAMES`, of the shorter side in training pixels.
    """

    overall: float | None
    by_class: dict[str, float | None]
    by_size: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Crowding:
    """How close together objects are.

    Attributes:
        mean: Mean number of objects per picture.
        most: Most objects in one picture.
        overlapping: Share of objects whose box overlaps another's in the same picture by an IoU of at least 0.5:
            non-maximum suppression with that threshold would lose one of the two.
    """

    mean: float
    most: int
    overlapping: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a data set holds.

    Attributes:
        pictures: Pictures by split.
        backgrounds: Pictures without objects, by split.
        objects: Objects by split and class.
        input_size: The training size that sizes are counted at, in pixels.
        sizes: Objects by the names of `SIZE_NAMES`: the shorter side of their box at the training size.
        anchors: Recall of the anchors.
        crowding: How close together objects are.
    """

    pictures: dict[str, int]
    backgrounds: dict[str, int]
    objects: dict[str, dict[str, int]]
    input_size: int
    sizes: dict[str, int]
    anchors: AnchorRecall
    crowding: Crowding

    @property
    def picture_count(self) -> int:
        """Pictures of all splits."""
        return sum(self.pictures.values())

    @property
    def object_count(self) -> int:
        """Objects of all splits and classes."""
        return sum(sum(by_class.values()) for by_class in self.objects.values())

    def to_dict(self) -> dict[str, Any]:
        """The statistics as plain values, as ``validate --json`` prints them."""
        return asdict(self)


def collect(dataset: Dataset, model: ModelConfig, positive_iou: float = 0.5) -> Statistics:
    """All statistics of a data set.

    Args:
        dataset: The data set.
        model: Gives the training size and the anchors.
        positive_iou: The least IoU with an object at which an anchor learns it.

    Returns:
        The statistics.
    """
    table = object_table(dataset)
    splits = dataset.splits
    return Statistics(
        pictures={name: len(pictures) for name, pictures in splits.items()},
        backgrounds={name: sum(not picture.instances for picture in pictures) for name, pictures in splits.items()},
        objects=class_balance(dataset),
        input_size=model.input_size,
        sizes=size_histogram(table, model.input_size),
        anchors=anchor_recall(table, dataset.classes, model, positive_iou),
        crowding=crowding(table, len(dataset.pictures())),
    )


def object_table(dataset: Dataset, split: str | None = None) -> ObjectTable:
    """The objects of a data set as arrays.

    Args:
        dataset: The data set.
        split: Only the objects of this split; of all by default.

    Returns:
        The objects, in the order of the pictures.
    """
    index = {label: number for number, label in enumerate(dataset.classes)}
    boxes, labels, pictures, splits = [], [], [], []
    number = -1
    for name, members in dataset.splits.items():
        for picture in members:
            number += 1
            for instance in picture.instances:
                if instance.crowd or split not in (None, name):
                    continue
                x, y, width, height = instance.box()
                scale = (picture.width, picture.height, picture.width, picture.height)
                boxes.append(np.divide((x, y, x + width, y + height), scale))
                labels.append(index.get(instance.label, -1))
                pictures.append(number)
                splits.append(name)
    return ObjectTable(
        np.asarray(boxes, dtype=np.float64).reshape(-1, 4),
        np.asarray(labels, dtype=np.int64),
        np.asarray(pictures, dtype=np.int64),
        np.asarray(splits, dtype=np.str_),
    )


def class_balance(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Objects by split and class, crowds left out; every class is there, also one without objects.

    Example:
        >>> class_balance(Dataset("empty", ["nut"], {"train": []}))
        {'train': {'nut': 0}}
    """
    counts = {name: dict.fromkeys(dataset.classes, 0) for name in dataset.splits}
    for name, members in dataset.splits.items():
        for instance in (instance for picture in members for instance in picture.instances):
            if not instance.crowd:
                counts[name][instance.label] = counts[name].get(instance.label, 0) + 1
    return counts


def size_histogram(table: ObjectTable, input_size: int) -> dict[str, int]:
    """Objects by the names of `SIZE_NAMES`: the shorter side of their box at the training size, in pixels."""
    bins = _size_bins(table, input_size)
    return {name: int((bins == number).sum()) for number, name in enumerate(SIZE_NAMES)}


def anchor_recall(table: ObjectTable, classes: list[str], model: ModelConfig, positive_iou: float) -> AnchorRecall:
    """Share of objects that an anchor overlaps by an IoU of at least ``positive_iou``.

    Args:
        table: The objects.
        classes: Class names in their order.
        model: Gives the training size and the anchors.
        positive_iou: The least IoU.

    Returns:
        The share of all, of each class, and of each size.
    """
    met = best_anchor_iou(table, model.anchors, model.input_size) >= positive_iou
    bins = _size_bins(table, model.input_size)
    return AnchorRecall(
        _mean(met),
        {label: _mean(met[table.labels == number]) for number, label in enumerate(classes)},
        {name: _mean(met[bins == number]) for number, name in enumerate(SIZE_NAMES)},
    )


def best_anchor_iou(table: ObjectTable, anchors: AnchorConfig, input_size: int) -> NDArray[np.float64]:
    """IoU of each object's box with the anchor that overlaps it best.

    Args:
        table: N objects.
        anchors: The anchors.
        input_size: The training size in pixels.

    Returns:
        float64 [N], 0..1.
    """
    every = make_anchors(pyramid_levels(input_size, len(anchors.scales)), anchors, input_size).double()
    corners = box_convert(every, "cxcywh", "xyxy")
    boxes = torch.from_numpy(table.boxes)
    best = torch.zeros(len(boxes), dtype=torch.float64)
    for rows, near in meeting_groups(boxes, corners):
        if len(near):
            best[rows] = box_iou(boxes[rows], corners[near]).amax(dim=1)
    return np.asarray(best.numpy(), dtype=np.float64)


def pyramid_levels(input_size: int, count: int) -> list[tuple[int, int]]:
    """Rows and columns of the pyramid's levels, P3 first: each convolution of stride 2 halves, rounding up.

    Example:
        >>> pyramid_levels(550, 5)
        [(69, 69), (35, 35), (18, 18), (9, 9), (5, 5)]
    """
    sides = [-(-input_size // 8)]
    while len(sides) < count:
        sides.append(-(-sides[-1] // 2))
    return [(side, side) for side in sides]


def crowding(table: ObjectTable, pictures: int) -> Crowding:
    """How close together objects are.

    Args:
        table: The objects.
        pictures: How many pictures they are in, backgrounds included.

    Returns:
        Objects per picture, and the share of objects that overlap another strongly.
    """
    most, overlapping = 0, 0
    # The objects are in the order of their pictures.
    starts = (np.diff(table.pictures) > 0).nonzero()[0] + 1
    for boxes in map(torch.from_numpy, np.split(table.boxes, starts)):
        most = max(most, len(boxes))
        for rows, near in meeting_groups(boxes, boxes):
            strong = box_iou(boxes[rows], boxes[near]) >= 0.5
            overlapping += int((strong & (rows[:, None] != near)).any(dim=1).sum())
    count = len(table.labels)
    return Crowding(count / pictures if pictures else 0.0, most, overlapping / count if count else 0.0)


def _size_bins(table: ObjectTable, input_size: int) -> NDArray[np.int64]:
    return np.digitize(table.sides(input_size).min(axis=1), _SIZE_EDGES) if len(table.boxes) else np.empty(0, np.int64)


def _mean(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None
