"""Tiles and test-time augmentation: predicting on several views of a picture, and merging the detections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product, starmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.shapes.crops import MaskCrop, encode_crop
from yolact_kit.shapes.rle import Rle

TTA = ("flip", "scale")
_AGREE = 0.5
"""Two detections are the same object from this overlap on: over their union or, if one is cut, over the smaller one."""

_NEAR_BORDER = 0.012
"""An object this close to a window's border, as a share of its side, is cut: masks are about as coarse as that."""

_FURTHER, _NEARER = 4 / 3, 2 / 3


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """The views of a picture that are predicted on.

    Attributes:
        tile: Side of the tiles in pixels, 0 for none.
        overlap: Share of a tile that the next one also shows, at least 0 and below 1; an object no larger than the
            overlap is whole in one of the tiles.
        tta: Test-time augmentation, names of `TTA`: ``flip`` mirrors each view; ``scale`` adds the picture reduced, and
            parts of it enlarged.
        whole: Whether the whole picture is a view besides its tiles, for larger objects.
    """

    tile: int = 0
    overlap: float = 0.2
    tta: tuple[str, ...] = ()
    whole: bool = True

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tta) - set(TTA))
        if unknown:
            raise UserError(f"There is no test-time augmentation '{unknown[0]}'.", f"--tta takes {', '.join(TTA)}.")
        if self.tile and (self.tile < 32 or not 0 <= self.overlap < 1):
            raise UserError(
                f"Tiles of {self.tile} pixels with an overlap of {self.overlap} cannot be made.",
                "--tile must be at least 32, --overlap at least 0 and below 1.",
            )

        if not (self.whole or self.tile):
            raise UserError(
                "With --tiles-only but without tiles there is nothing to look at.", "Give --tile PX with --tiles-only."
            )

    def __bool__(self) -> bool:
        return bool(self.tile or self.tta)


class View(NamedTuple):
    """A window on a picture; it may reach beyond it.

    Attributes:
        x: Its left edge in pixels of the picture.
        y: Its top edge.
        width: In pixels.
        height: In pixels.
        mirrored: Whether left and right are swapped.
        tile: Whether it is one of the tiles; their objects may be too small for the other views.
    """

    x: int
    y: int
    width: int
    height: int
    mirrored: bool = False
    tile: bool = False

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture that the view shows.

        Args:
            pixels: uint8 [H, W, 3], the picture.

        Returns:
            uint8 [height, width, 3]; beyond the picture, the view has its mean colour.
        """
        tall, wide = pixels.shape[:2]
        top, left, bottom, right = self.y, self.x, self.y + self.height, self.x + self.width
        shown = pixels[max(top, 0) : min(bottom, tall), max(left, 0) : min(right, wide)]
        if shown.shape[:2] != (self.height, self.width):
            whole = np.empty((self.height, self.width, 3), dtype=np.uint8)
            whole[:] = pixels[:: max(1, tall // 64), :: max(1, wide // 64)].mean(axis=(0, 1)).astype(np.uint8)
            y, x = max(-top, 0), max(-left, 0)
            whole[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
            shown = whole
        return np.ascontiguousarray(shown[:, ::-1] if self.mirrored else shown)


def views_of(width: int, height: int, options: ViewOptions) -> list[View]:
    """The views of a picture, the whole of it first.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        options: What is asked for.

    Returns:
        The views.

    Example:
        >>> [(view.x, view.width) for view in views_of(1000, 600, ViewOptions(tile=600))]
        [(0, 1000), (0, 600), (400, 600)]
    """
    views = [View(0, 0, width, height)]
    if "scale" in options.tta:
        wide, tall = round(width * _FURTHER), round(height * _FURTHER)
        views.append(View((width - wide) // 2, (height - tall) // 2, wide, tall))
        views += _grid(width, height, math.ceil(width * _NEARER), math.ceil(height * _NEARER), 0)
    if options.tile:
        side = options.tile
        tiles = [view for view in _grid(width, height, side, side, options.overlap) if view not in views]
        views = [*(views if options.whole or not tiles else ()), *(view._replace(tile=True) for view in tiles)]
    if "flip" in options.tta:
        views += [view._replace(mirrored=True) for view in views]
    return views


def _grid(width: int, height: int, wide: int, tall: int, overlap: float) -> Iterator[View]:
    for y in _starts(height, tall, overlap):
        for x in _starts(width, wide, overlap):
            yield View(x, y, min(wide, width), min(tall, height))


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Start positions of evenly spaced windows that cover a length and overlap by at least a given amount."""
    if side >= length:
        return [0]
    count = math.ceil((length - side) / max(1, side * (1 - overlap))) + 1
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


@dataclass(slots=True)
class _Seen:
    """A detection of a view, in the coordinates of the picture."""

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

    Two detections of a class from different views are the same object if their masks agree: by IoU if both are
        complete; if one is cut by the border of its view, by the intersection over the smaller one, in the area that
        both views show. The mask of an object is the majority of its complete detections, or the union of its parts if
        no view shows all of it.

    Args:
        views: The views.
        predictions: What was found in each of them.
        name: The picture's name.
        size: Height and width of the picture in pixels.
        limit: At most this many objects are kept, the best ones.
        score: Objects with a lower score are left out.

    Returns:
        The detections in the picture, best first. The score of an object is the mean of those views that show the whole
        of it, 0 where one does not find it; of an object that a tile shows, the highest of its detections'.
    """
    height, width = size
    seen = [
        detection
        for view, prediction in zip(views, predictions, strict=True)
        for detection in _seen(view, prediction, size)
    ]
    seen.sort(key=lambda detection: -detection.score)
    objects = [_joined(group, views) for group in _groups(seen)]
    objects = sorted(
        (detection for detection in objects if detection.score >= score), key=lambda detection: -detection.score
    )[:limit]
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


def _seen(view: View, prediction: Prediction, size: tuple[int, int]) -> Iterator[_Seen]:
    height, width = size
    for index in range(len(prediction)):
        x, y, pixels = prediction.crop(index)
        x1, y1, x2, y2 = prediction.boxes[index].tolist()
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
            yield _Seen(view, part, box, score, label, _is_cut(part, view, size))


def _is_cut(part: MaskCrop, view: View, size: tuple[int, int]) -> bool:
    """Whether a mask ends at a border of its view that is inside the picture."""
    height, width = size
    near_x, near_y = 1 + view.width * _NEAR_BORDER, 1 + view.height * _NEAR_BORDER
    tall, wide = part.pixels.shape
    return (
        (view.x > 0 and part.x - view.x < near_x)
        or (view.y > 0 and part.y - view.y < near_y)
        or (view.x + view.width < width and view.x + view.width - part.x - wide < near_x)
        or (view.y + view.height < height and view.y + view.height - part.y - tall < near_y)
    )


def _groups(seen: Sequence[_Seen]) -> list[list[_Seen]]:
    """Detections of the same object, the best first.

    Two detections that agree with the same third one are one object too, like the parts of an object that no view shows
    completely. But two complete detections must agree with each other: otherwise one wrong detection would join all the
    others.
    """
    # Each detection begins as a group of its own, named after its index. Where two agree, the group of the worse one
    # takes the name of the better one's: `seen` is sorted by score, so the lower name is the better group.
    group_of = list(range(len(seen)))
    complete = [[] if detection.cut else [detection] for detection in seen]
    for index, other in _overlapping_pairs(seen):
        better, worse = sorted((group_of[other], group_of[index]))
        if better == worse or not _same(seen[index], seen[other]):
            continue
        if all(starmap(_same, product(complete[better], complete[worse]))):
            group_of = [better if name == worse else name for name in group_of]
            complete[better] += complete[worse]
    groups: dict[int, list[_Seen]] = {}
    for name, detection in zip(group_of, seen, strict=True):
        groups.setdefault(name, []).append(detection)
    return [groups[name] for name in sorted(groups)]


def _overlapping_pairs(seen: Sequence[_Seen]) -> Iterator[tuple[int, int]]:
    """Indices of detections whose boxes overlap: each detection with those before it."""
    corners = np.array([detection.box for detection in seen], dtype=np.float32).reshape(-1, 4)
    for index in range(len(seen)):
        starts_before_end = (corners[:index, :2] < corners[index, 2:]).all(1)
        ends_after_start = (corners[:index, 2:] > corners[index, :2]).all(1)
        for other in (starts_before_end & ends_after_start).nonzero()[0].tolist():
            yield index, other


def _same(detection: _Seen, other: _Seen) -> bool:
    if detection.label != other.label or detection.view == other.view:
        return False
    if not (detection.cut or other.cut):
        both = _area(detection.part, _bounds(other.part), other.part)
        return both >= _AGREE * (int(detection.part.pixels.sum()) + int(other.part.pixels.sum()) - both)
    views = [(view.x, view.y, view.x + view.width, view.y + view.height) for view in (detection.view, other.view)]
    shared = (*map(max, views[0][:2], views[1][:2]), *map(min, views[0][2:], views[1][2:]))
    smaller = min(_area(detection.part, shared), _area(other.part, shared))
    return smaller > 0 and _area(detection.part, shared, other.part) >= _AGREE * smaller


def _bounds(part: MaskCrop) -> tuple[int, int, int, int]:
    return part.x, part.y, part.x + part.pixels.shape[1], part.y + part.pixels.shape[0]


def _area(part: MaskCrop, within: Sequence[int], other: MaskCrop | None = None) -> int:
    """Pixels of a mask, or of its intersection with another one, in a rectangle x1 y1 x2 y2."""
    bounds = [_bounds(part), tuple(within), *([_bounds(other)] if other is not None else [])]
    left, top = (max(one[side] for one in bounds) for side in (0, 1))
    right, bottom = (min(one[side] for one in bounds) for side in (2, 3))
    if left >= right or top >= bottom:
        return 0
    shown = [
        one.pixels[top - one.y : bottom - one.y, left - one.x : right - one.x]
        for one in ((part,) if other is None else (part, other))
    ]
    return int(np.count_nonzero(shown[0] if other is None else shown[0] & shown[1]))


def _score(group: Sequence[_Seen], views: Sequence[View]) -> float:
    """The merged detections of an object."""
    best: dict[View, float] = {}
    for detection in group:
        best.setdefault(detection.view, detection.score)
    if any(view.tile for view in best):
        return group[0].score
    x1, y1, x2, y2 = group[0].box.tolist()
    able = {
        view
        for view in views
        if not view.tile
        and view.x <= x1 and view.y <= y1 and x2 <= view.x + view.width and y2 <= view.y + view.height
    }  # fmt: skip
    return sum(best.values()) / len(able | best.keys())


def _joined(group: Sequence[_Seen], views: Sequence[View]) -> _Seen:
    """Merges the detections of one object."""
    best, score = group[0], _score(group, views)
    whole = [detection for detection in group if not detection.cut]
    if len(group) == 1 or len(whole) == 1:
        kept = whole[0] if whole else best
        return _Seen(kept.view, kept.part, kept.box, score, best.label, kept.cut)
    used = whole or list(group)
    bounds = np.array([_bounds(detection.part) for detection in used])
    (left, top), (right, bottom) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
    votes = np.zeros((bottom - top, right - left), dtype=np.uint16)
    for detection in used:
        x1, y1, x2, y2 = _bounds(detection.part)
        votes[y1 - top : y2 - top, x1 - left : x2 - left] += detection.part.pixels
    wanted = votes * 2 >= len(used) if whole else votes > 0
    part = _trimmed(MaskCrop(left, top, wanted))
    boxes = np.stack([detection.box for detection in used])
    box = boxes.mean(axis=0) if whole else np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]
    return _Seen(best.view, part, box, score, best.label, not whole)


def _trimmed(part: MaskCrop) -> MaskCrop:
    rows, columns = part.pixels.any(axis=1).nonzero()[0], part.pixels.any(axis=0).nonzero()[0]
    pixels = part.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return MaskCrop(part.x + int(columns[0]), part.y + int(rows[0]), pixels)
