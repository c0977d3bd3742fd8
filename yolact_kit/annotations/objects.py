"""From the objects of a file to instances: labels are selected, outlines are checked and clipped to the picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import numpy as np
import shapely

from yolact_kit.annotations.dataset import Instance
from yolact_kit.annotations.labels.numbered import split_number
from yolact_kit.annotations.nested_outlines import note_inner_outlines
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject, RawPart
from yolact_kit.shapes.crops import MaskCrop, decode_crop, encode_crop
from yolact_kit.shapes.rings import Ring, clip, crossing, inner_rings, is_inside, is_normalised, outer_rings, ring_areas
from yolact_kit.shapes.rle import Rle, merge_rles, rings_to_rle, rle_area
from yolact_kit.words import counted

NO_LABELS = frozenset({"", "__ignore__", "_background_"})
"""Labels of shapes that are not objects."""

IGNORE = "__ignore__"
"""Label of a region to ignore for every class; `yolact_kit.annotations.result` turns it into a crowd of each class."""

IGNORED = frozenset({"", IGNORE})
"""Those of `NO_LABELS` whose shapes may hold objects: they can be ignored instead of being learnt as background."""


def to_instances(
    objects: list[RawObject], width: int, height: int, options: ReadOptions, problems: Problems
) -> list[Instance]:
    """Turns the objects of a picture into instances.

    Args:
        objects: The objects.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        The instances; objects with nothing left are skipped and reported, and say why in ``left_out``.
    """
    instances: list[Instance] = []
    keys: set[tuple[str, bytes]] = set()
    _measure([part for raw in objects for part in raw.parts])
    for raw in objects:
        label = _label(raw, options, problems)
        instance = None
        if label is not None:
            instance = _instance(raw, label, width, height, options, problems)
        if instance is None:
            raw.left_out = _last_code(raw, problems)
            continue
        key = same_key(instance)
        if key in keys:
            problems.add("duplicate", "It appears twice with the same outline; one is kept.", raw.name)
            raw.left_out = "duplicate"
            continue
        keys.add(key)
        instances.append(instance)
    return instances


def _last_code(raw: RawObject, problems: Problems) -> str:
    """The code of the last problem of an object or of its parts."""
    names = raw.names
    return next((problem.code for problem in reversed(problems.found) if problem.object in names), "")


def _measure(parts: list[RawPart]) -> None:
    """Computes the areas of all outlines and whether they cross themselves. All at once is faster than one by one."""
    outlines = [(part, part.ring) for part in parts if part.ring is not None]
    rings = [ring for _, ring in outlines]
    for (part, _), crosses, area in zip(outlines, crossing(rings), ring_areas(rings), strict=True):
        part.crosses, part.area = crosses, area


def _label(raw: RawObject, options: ReadOptions, problems: Problems) -> str | None:
    """The label of an object under its new name; None with a problem where it is not one of the classes."""
    label: str | None = raw.label
    if options.ignore_as_crowd and raw.parts and raw.label.strip() in IGNORED:
        raw.crowd = True
        return IGNORE
    if raw.label.strip() in NO_LABELS:
        problems.add("label-empty", f"Its label is '{raw.label}', so it is not an object.", raw.name)
        return None
    try:
        raw.label.encode("utf-8")
    except UnicodeEncodeError:
        problems.add("label-undecodable", "Its label holds broken characters.", ascii(raw.name))
        return None
    if options.label_map is not None:
        label = map_label(raw.label, options.label_map)
        if label is None or label in NO_LABELS:
            problems.add("label-dropped", f"The map drops the label '{raw.label}'.", raw.name)
            return None
    if not is_listed(label, options):
        problems.add("label-not-in-classes", f"Its label '{label}' is not among the given classes.", raw.name)
        return None
    return label


def is_listed(label: str | None, options: ReadOptions) -> bool:
    """Whether objects of a label are of one of the given classes, perhaps once their number is gone.

    Args:
        label: The label, as the map renames it.
        options: Name the classes, if any.

    Returns:
        True if there is no list of classes as well.
    """
    if options.classes is None or label in options.classes:
        return True
    parts = split_number(label) if options.merge_numbered and label is not None else None
    return parts is not None and parts[0] in options.classes


def map_label(label: str, label_map: Mapping[str, str | None]) -> str | None:
    """Renames a label. If the map lacks it, it is looked up again without outer spaces and in composed Unicode form.

    Args:
        label: The label.
        label_map: New label by old label; None drops objects of the label.

    Returns:
        The new label, None if its objects are dropped; the label itself if the map does not have it.

    Example:
        >>> map_label("Nut ", {"Nut": "nut"})
        'nut'
    """
    if label in label_map:
        return label_map[label]
    return label_map.get(plain_label(label), label)


def plain_label(label: str) -> str:
    """A label without outer spaces and in composed Unicode form, as maps know it.

    Example:
        >>> plain_label(" nut ")
        'nut'
    """
    return unicodedata.normalize("NFC", label.strip())


def _instance(
    raw: RawObject, label: str, width: int, height: int, options: ReadOptions, problems: Problems
) -> Instance | None:
    """An object as polygons, or as one mask if a part of it is a mask or has a hole; None if nothing is left."""
    rings: list[Ring] = []
    masks: list[Rle] = []
    note_inner_outlines(raw, problems)
    for part in raw.parts:
        if part.ring is None:
            masks.extend(_part_mask(part, width, height, problems))
            continue
        outer, holes = _part_rings(part, part.ring, width, height, options, problems)
        if holes:
            masks.append(_with_holes(outer, holes, width, height))
        else:
            rings.extend(outer)
    # COCO has either polygons or one mask: as soon as one part needs a mask, all parts are drawn into it.
    if masks:
        if rings:
            masks.append(rings_to_rle(rings, height, width))
        rle = masks[0] if len(masks) == 1 else merge_rles(masks)
        return Instance(label, rle=rle, crowd=raw.crowd, extra=raw.extra)
    return Instance(label, polygons=rings, crowd=raw.crowd, extra=raw.extra) if rings else None


def _part_rings(
    part: RawPart, ring: Ring, width: int, height: int, options: ReadOptions, problems: Problems
) -> tuple[list[Ring], list[Ring]]:
    """The outer rings and the holes of one polygon; parts that cannot be used are cut off or reported."""
    if len(ring) < 3:
        problems.add("points-too-few", f"It has {counted(len(ring), 'point')}; an outline needs 3.", part.name)
        return [], []
    if part.area <= 0:
        problems.add("area-zero", "Its outline encloses nothing.", part.name)
        return [], []
    if is_normalised(ring, width, height):
        problems.add(
            "coordinates-normalised",
            "All of its coordinates lie between 0 and 1, so they are probably shares of the picture's size.",
            part.name,
        )
        return [], []
    if is_inside(ring, width, height) and not (part.crosses and (options.repair or part.bridged)):
        if part.crosses:
            problems.add("self-intersecting", "Its outline crosses or touches itself.", part.name)
        return [ring], []
    return _cut(part, ring, width, height, problems)


def _cut(part: RawPart, ring: Ring, width: int, height: int, problems: Problems) -> tuple[list[Ring], list[Ring]]:
    """Cuts off what lies beyond the picture and mends crossings: outer rings and holes of the rest."""
    remainder: shapely.Geometry = clip(ring, width, height)
    rings = outer_rings(remainder)
    if not rings:
        problems.add("outside", f"It lies wholly outside of the picture of {width} x {height} pixels.", part.name)
        return [], []
    if not is_inside(ring, width, height):
        beyond = float(np.max(np.concatenate([-ring.min(axis=0), ring.max(axis=0) - (width, height)])))
        problems.add("clipped", f"It reached {beyond:.1f} px beyond the picture and was clipped.", part.name)
    if part.crosses and not part.bridged:
        problems.add("repaired", "Its outline crossed itself and was mended.", part.name)
    return rings, inner_rings(remainder)


def _with_holes(rings: list[Ring], holes: list[Ring], width: int, height: int) -> Rle:
    """The mask of polygons minus their holes, which COCO's polygons cannot express."""
    x, y, pixels = decode_crop(rings_to_rle(rings, height, width))
    hole = decode_crop(rings_to_rle(holes, height, width))
    # The rows and columns that both crops have, in pixels of the picture.
    (tall, wide), (hole_tall, hole_wide) = pixels.shape, hole.pixels.shape
    x1, y1, x2, y2 = (
        max(x, hole.x),
        max(y, hole.y),
        min(x + wide, hole.x + hole_wide),
        min(y + tall, hole.y + hole_tall),
    )
    if x1 < x2 and y1 < y2:
        pixels[y1 - y : y2 - y, x1 - x : x2 - x] &= ~hole.pixels[y1 - hole.y : y2 - hole.y, x1 - hole.x : x2 - hole.x]
    return encode_crop(MaskCrop(x, y, pixels), height, width)


def _part_mask(part: RawPart, width: int, height: int, problems: Problems) -> list[Rle]:
    """The mask of a part; an empty list and a problem if it is empty, outside, or not of the picture's size."""
    rle = part.rle
    if part.mask is not None:
        rle = _full_mask(part, width, height, problems)
    if rle is None:
        return []
    if rle["size"] != [height, width]:
        problems.add("rle-malformed", f"Its mask has the size {rle['size']}, the picture {[height, width]}.", part.name)
        return []
    if rle_area(rle) == 0:
        problems.add("area-zero", "Its mask is empty.", part.name)
        return []
    return [rle]


def _full_mask(part: RawPart, width: int, height: int, problems: Problems) -> Rle | None:
    """Pads a small mask to the size of the picture; None with a problem if all of it lies outside."""
    assert part.mask is not None
    # x1 y1 x2 y2 is the overlap of mask and picture in the picture's pixels; minus the offset it is in the mask's.
    x, y = part.offset
    rows, columns = part.mask.shape
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + columns, width), min(y + rows, height)
    visible = part.mask[y1 - y : max(y2 - y, y1 - y), x1 - x : max(x2 - x, x1 - x)] != 0
    inside, total = int(visible.sum()), int(np.count_nonzero(part.mask))
    if total and not inside:
        problems.add("outside", f"It lies wholly outside of the picture of {width} x {height} pixels.", part.name)
        return None
    if inside < total:
        problems.add(
            "clipped", f"{total - inside} of its pixels lay outside of the picture and were cut off.", part.name
        )
    return encode_crop(MaskCrop(x1, y1, visible), height, width)


def same_key(instance: Instance) -> tuple[str, bytes]:
    """A key that is equal for identical objects of one picture: label and outline."""
    if instance.rle is not None:
        return instance.label, instance.rle["counts"].encode("ascii")
    return instance.label, b"|".join(ring.tobytes() for ring in instance.polygons)
