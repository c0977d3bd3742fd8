"""Merging the detections in the views of a picture: which of them are the same object, and what becomes of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product, starmap

import numpy as np
import shapely
from numpy.typing import NDArray

from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.views import View
from yolact_kit.shapes.crops import MaskCrop, encode_crop
from yolact_kit.shapes.rle import Rle

_AGREE = 0.5
"""Two detections are one object if they share at least this much of their union or, if one is cut, of the smaller."""

_NEAR_BORDER = 0.012
"""An object this close to a window's border, as a share of its side, is cut: masks are about as coarse as that."""

_AT_ONCE = 256
"""Detections for which others that overlap them are looked for at once."""


@dataclass(slots=True)
class _ViewDetection:
    """A detection in a view, in the coordinates of the picture; ``cut`` if the view does not show all of it."""

    view: View
    part: MaskCrop
    box: NDArray[np.float32]
    score: float
    label: int
    cut: bool


def merge(
    views: Sequence[View],
    predictions: Sequence[Prediction],
    name: str,
    size: tuple[int, int],
    limit: int | None = None,
    score: float = 0.0,
) -> Prediction:
    """Merges the detections in the views of a picture into one prediction.

    Two detections of a class from different views are the same object if their masks agree. If both are complete, their
    IoU decides. If one is cut by the border of its view, the overlap decides, as a share of the smaller one in the area
    that both views show. The mask of an object is the majority of its complete detections, or the union of its parts if
    no view shows all of it.

    Args:
        views: The views.
        predictions: The detections in each of them.
        name: The picture's name.
        size: Height and width of the picture in pixels.
        limit: At most this many objects are kept, the best ones.
        score: Objects with a lower score are left out.

    Returns:
        The detections in the picture, best first. The score of an object is the mean over the views that show all of
        it, with 0 for a view that misses it. If a tile shows the object, it is the highest score of its detections.
    """
    height, width = size
    detections: list[_ViewDetection] = []
    for view, prediction in zip(views, predictions, strict=True):
        detections += _in_picture(view, prediction, size)
    detections.sort(key=lambda detection: -detection.score)
    objects = [_merged(group, views) for group in _groups(detections)]
    objects = [detection for detection in objects if detection.score >= score]
    objects = sorted(objects, key=lambda detection: -detection.score)[:limit]
    masks: list[Rle] = [encode_crop(detection.part, height, width) for detection in objects]
    return Prediction(
        name,
        width,
        height,
        np.array([detection.box for detection in objects], dtype=np.float32).reshape(-1, 4),
        np.array([detection.score for detection in objects], dtype=np.float32),
        np.array([detection.label for detection in objects], dtype=np.int64),
        masks,
        predictions[0].classes,
    )


def _in_picture(view: View, prediction: Prediction, size: tuple[int, int]) -> Iterator[_ViewDetection]:
    """The detections of a view in the coordinates of the picture, without those that lie outside it."""
    height, width = size
    for index in range(len(prediction)):
        x, y, pixels = prediction.crop(index)
        x1, y1, x2, y2 = prediction.boxes[index].tolist()
        # Three steps from the view to the picture: mirror back, move by the view's corner, and cut off what lies beyond
        # the picture, since a view may be larger than it.
        if view.mirrored:
            x, pixels = view.width - x - pixels.shape[1], pixels[:, ::-1]
            x1, x2 = view.width - x2, view.width - x1
        x, y = x + view.x, y + view.y
        left, top = max(-x, 0), max(-y, 0)
        inside = pixels[top : max(height - y, 0), left : max(width - x, 0)]
        if inside.any():
            part = MaskCrop(x + left, y + top, np.ascontiguousarray(inside))
            box = np.array([x1 + view.x, y1 + view.y, x2 + view.x, y2 + view.y], dtype=np.float32)
            box = box.clip(0, np.array([width, height, width, height], dtype=np.float32))
            score, label = float(prediction.scores[index]), int(prediction.labels[index])
            yield _ViewDetection(view, part, box, score, label, _is_cut(part, view, size))


def _is_cut(part: MaskCrop, view: View, size: tuple[int, int]) -> bool:
    """Whether a mask ends at a border of its view that is inside the picture."""
    height, width = size
    # The picture's own border does not count: no view shows more of an object that ends there.
    near_x, near_y = 1 + view.width * _NEAR_BORDER, 1 + view.height * _NEAR_BORDER
    tall, wide = part.pixels.shape
    return (
        (view.x > 0 and part.x - view.x < near_x)
        or (view.y > 0 and part.y - view.y < near_y)
        or (view.x + view.width < width and view.x + view.width - part.x - wide < near_x)
        or (view.y + view.height < height and view.y + view.height - part.y - tall < near_y)
    )


def _groups(detections: Sequence[_ViewDetection]) -> list[list[_ViewDetection]]:
    """Groups the detections, which are sorted by score, by object; the group with the best detection comes first.

    Two detections that agree with the same third one are one object too, like the parts of an object that no view shows
    completely. But two complete detections must agree with each other: otherwise one wrong detection would join all the
    others.
    """
    # Each detection begins as a group of its own. Where two agree, their groups become one, named after the better one:
    # `detections` is sorted by score, so that is the group with the lower index.
    names = list(range(len(detections)))
    complete = [[] if detection.cut else [detection] for detection in detections]
    for index, other in _possible_pairs(detections):
        better, worse = sorted((_group(names, other), _group(names, index)))
        if better == worse or not _is_same_object(detections[index], detections[other]):
            continue
        if all(starmap(_is_same_object, product(complete[better], complete[worse]))):
            names[worse] = better
            complete[better] += complete[worse]
    groups: dict[int, list[_ViewDetection]] = {}
    for index, detection in enumerate(detections):
        groups.setdefault(_group(names, index), []).append(detection)
    return [groups[name] for name in sorted(groups)]


def _group(names: list[int], index: int) -> int:
    """The group of a detection: a group that became part of another one bears its name, as that one may do again."""
    while names[index] != index:
        names[index] = names[names[index]]  # the way is half as long for the next one
        index = names[index]
    return index


def _possible_pairs(detections: Sequence[_ViewDetection]) -> Iterator[tuple[int, int]]:
    """Indices of detections of one class in different views whose boxes and masks meet: each with those before it."""
    corners = np.array([detection.box for detection in detections], dtype=np.float32).reshape(-1, 4)
    bounds = np.array([_bounds(detection.part) for detection in detections]).reshape(-1, 4)
    labels = np.array([detection.label for detection in detections])
    numbers = {view: number for number, view in enumerate(dict.fromkeys(detection.view for detection in detections))}
    views = np.array([numbers[detection.view] for detection in detections])
    boxes = shapely.box(*bounds.T)
    tree = shapely.STRtree(boxes)
    for start in range(0, len(detections), _AT_ONCE):
        index, other = tree.query(boxes[start : start + _AT_ONCE])
        index = index + start
        possible = (other < index) & (labels[index] == labels[other]) & (views[index] != views[other])
        index, other = index[possible], other[possible]
        # The tree also gives rectangles that only touch.
        for rectangles in (bounds, corners):
            first, second = rectangles[index], rectangles[other]
            overlap = ((first[:, :2] < second[:, 2:]) & (first[:, 2:] > second[:, :2])).all(axis=1)
            index, other = index[overlap], other[overlap]
        order = np.lexsort((other, index))
        yield from zip(index[order].tolist(), other[order].tolist(), strict=True)


def _is_same_object(detection: _ViewDetection, other: _ViewDetection) -> bool:
    """Whether two detections are of one class, from different views, and their masks agree."""
    if detection.label != other.label or detection.view == other.view:
        return False
    if not (detection.cut or other.cut):
        intersection = _intersection(detection.part, other.part, _bounds(other.part))
        union = int(detection.part.pixels.sum()) + int(other.part.pixels.sum()) - intersection
        return intersection >= _AGREE * union
    # A mask that is cut lacks what its view does not show, so only the rectangle that both views show is compared, and
    # the smaller mask must lie mostly in the other one.
    first, second = detection.view, other.view
    shared = (
        max(first.x, second.x),
        max(first.y, second.y),
        min(first.x + first.width, second.x + second.width),
        min(first.y + first.height, second.y + second.height),
    )
    smaller = min(_area(detection.part, shared), _area(other.part, shared))
    return smaller > 0 and _intersection(detection.part, other.part, shared) >= _AGREE * smaller


def _bounds(part: MaskCrop) -> tuple[int, int, int, int]:
    """The rectangle of a mask in the picture, x1 y1 x2 y2."""
    return part.x, part.y, part.x + part.pixels.shape[1], part.y + part.pixels.shape[0]


def _area(part: MaskCrop, window: tuple[int, int, int, int]) -> int:
    """Number of a mask's pixels in a rectangle of the picture, x1 y1 x2 y2."""
    return _intersection(part, part, window)


def _intersection(part: MaskCrop, other: MaskCrop, window: tuple[int, int, int, int]) -> int:
    """Number of pixels in a rectangle of the picture, x1 y1 x2 y2, that two masks share."""
    # Masks are stored as crops: the rectangle that lies in both crops and in the window is the only part that counts.
    x1, y1, x2, y2 = zip(_bounds(part), _bounds(other), window, strict=True)
    left, top, right, bottom = max(x1), max(y1), min(x2), min(y2)
    if left >= right or top >= bottom:
        return 0
    pixels = part.pixels[top - part.y : bottom - part.y, left - part.x : right - part.x]
    other_pixels = other.pixels[top - other.y : bottom - other.y, left - other.x : right - other.x]
    return int(np.count_nonzero(pixels & other_pixels))


def _score(group: Sequence[_ViewDetection], views: Sequence[View]) -> float:
    """The score of an object: see `merge`."""
    # Whether a view shows all of the object is decided by the box of the best detection. A view that shows all of it
    # and misses it lowers the mean, so that an object that only one view claims becomes unlikely.
    best: dict[View, float] = {}
    for detection in group:
        best.setdefault(detection.view, detection.score)
    if any(view.tile for view in best):
        return group[0].score
    x1, y1, x2, y2 = group[0].box.tolist()
    complete_views = {
        view
        for view in views
        if not view.tile
        and view.x <= x1 and view.y <= y1 and x2 <= view.x + view.width and y2 <= view.y + view.height
    }  # fmt: skip
    return sum(best.values()) / len(complete_views | best.keys())


def _merged(group: Sequence[_ViewDetection], views: Sequence[View]) -> _ViewDetection:
    """Merges the detections of one object."""
    best, score = group[0], _score(group, views)
    complete = [detection for detection in group if not detection.cut]
    if len(group) == 1 or len(complete) == 1:
        source = complete[0] if complete else best
        return _ViewDetection(source.view, source.part, source.box, score, best.label, source.cut)
    # Each mask votes for its pixels on a canvas that holds all masks. From complete masks, the object gets the pixels
    # that at least half of them have, and the mean box; from parts, what any of them has, and the box around all.
    sources = complete or list(group)
    bounds = np.array([_bounds(detection.part) for detection in sources])
    (left, top), (right, bottom) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
    votes = np.zeros((bottom - top, right - left), dtype=np.uint16)
    for detection in sources:
        x1, y1, x2, y2 = _bounds(detection.part)
        votes[y1 - top : y2 - top, x1 - left : x2 - left] += detection.part.pixels
    boxes = np.stack([detection.box for detection in sources])
    if complete:
        mask, box = votes * 2 >= len(sources), boxes.mean(axis=0)
    else:
        mask, box = votes > 0, np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]
    return _ViewDetection(best.view, _trimmed(MaskCrop(left, top, mask)), box, score, best.label, not complete)


def _trimmed(part: MaskCrop) -> MaskCrop:
    """A mask without the empty rows and columns around it."""
    rows, columns = part.pixels.any(axis=1).nonzero()[0], part.pixels.any(axis=0).nonzero()[0]
    pixels = part.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return MaskCrop(part.x + int(columns[0]), part.y + int(rows[0]), pixels)
