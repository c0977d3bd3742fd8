"""Tiles and test-time augmentation: predicting on several views of a picture, and merging the detections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product, starmap
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.shapes.crops import MaskCrop, encode_crop
from yolact_kit.shapes.rle import Rle

TTA = ("flip", "scale")
_AGREE = 0.5
"""Two detections are one object if they share at least this much of their union or, if one is cut, of the smaller."""

_NEAR_BORDER = 0.012
"""An object this close to a window's border, as a share of its side, is cut: masks are about as coarse as that."""

_AT_ONCE = 256
"""Detections for which others that overlap them are looked for at once."""

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
        # The part inside the picture comes first. If the view reaches beyond, it is copied to its position on a canvas
        # of the mean colour, which is measured on a grid of about 64 x 64 pixels.
        window = pixels[max(top, 0) : min(bottom, tall), max(left, 0) : min(right, wide)]
        if window.shape[:2] != (self.height, self.width):
            padded = np.empty((self.height, self.width, 3), dtype=np.uint8)
            padded[:] = pixels[:: max(1, tall // 64), :: max(1, wide // 64)].mean(axis=(0, 1)).astype(np.uint8)
            y, x = max(-top, 0), max(-left, 0)
            padded[y : y + window.shape[0], x : x + window.shape[1]] = window
            window = padded
        return np.ascontiguousarray(window[:, ::-1] if self.mirrored else window)


def views_of(width: int, height: int, options: ViewOptions) -> list[View]:
    """The views of a picture, the whole of it first.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        options: Which views there are.

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
        # A picture no larger than a tile is its own only tile, so it stays whatever the options say.
        if tiles and not options.whole:
            views = []
        views += [view._replace(tile=True) for view in tiles]
    if "flip" in options.tta:
        views += [view._replace(mirrored=True) for view in views]
    return views


def _grid(width: int, height: int, wide: int, tall: int, overlap: float) -> Iterator[View]:
    """Windows of ``wide`` x ``tall`` pixels that cover a picture, row by row."""
    for y in _starts(height, tall, overlap):
        for x in _starts(width, wide, overlap):
            yield View(x, y, min(wide, width), min(tall, height))


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Start positions of evenly spaced windows that cover a length and overlap by at least a given amount."""
    if side >= length:
        return [0]
    # The last window starts at length - side. The number of steps to it is rounded up, so that no step is longer than
    # the overlap allows, and all of them are equally long.
    count = math.ceil((length - side) / max(1, side * (1 - overlap))) + 1
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


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
