"""Giving the objects of VOC's XML files the masks that are in mask pictures."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.mask_pictures import (
    Colour,
    MaskFolder,
    MaskPicture,
    is_mask_picture,
    mask_of,
    read_mask,
)
from yolact_kit.annotations.source import RawObject, RawPart, RawPicture
from yolact_kit.errors import UserError
from yolact_kit.shapes.rings import Ring, rectangle_ring
from yolact_kit.shapes.rle import encode_mask

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]

_SAME = 0.5
"""A region whose box has at least this IoU with the box of an object may be that object."""
_SURE = 0.8
"""A colour is ambiguous when another class fits at least this share as well."""


def name_colours(
    raws: list[RawPicture], masks: MaskFolder, masks_only: bool, options: ReadOptions
) -> dict[Colour, str | None]:
    """Finds out which colour stands for which class: from a file, from the boxes, or from ``--classes``.

    Args:
        raws: What the XML files say.
        masks: The mask pictures.
        masks_only: Whether there are no XML files.
        options: ``classes`` stand in, in their order, for names that are nowhere else.

    Returns:
        Class name by colour.

    Raises:
        UserError: It is unclear, and without it nothing can be read.
    """
    names = learn_names(raws, masks)
    if not names and masks_only and options.classes:
        names = {(number,): name for number, name in enumerate(options.classes, start=1)}
    if not names and (masks.kind == "class" or masks_only):
        folder = next(iter(masks.files.values())).parent.name
        raise UserError(
            f"It is unclear which colour stands for which class in the mask pictures of '{folder}'.",
            "Name them with --colors FILE, a file of lines such as `cup,0,0,230`.",
        )
    return names


def learn_names(raws: list[RawPicture], masks: MaskFolder) -> dict[Colour, str | None]:
    """Learns from boxes which colour stands for which class.

    In each picture the part of a colour that lies in an object's box is compared with that box. The class whose boxes
    a colour fills best, over all pictures, is the one that it stands for.

    Args:
        raws: What the XML files say.
        masks: The mask pictures.

    Returns:
        Class name by colour, of the colours where it is clear; ``masks.names`` where that says it.
    """
    if masks.names:
        return masks.names
    files = masks.classes if masks.kind == "instance" else masks.files
    votes: dict[Colour, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for raw in raws:
        path = mask_of(files, raw.source)
        boxes = [(item.label, item.box) for item in raw.objects if item.box is not None]
        if path is None or not boxes:
            continue
        try:
            mask = read_mask(path, {})
        except ValueError:
            continue  # reported when the picture is read
        for label, box in boxes:
            for code in np.unique(_crop(mask.codes, box, 2)):
                if code:
                    votes[mask.colours[int(code)][0]][label].append(_fit(mask.codes == code, box))
    totals = {colour: {label: sum(fits) / len(fits) for label, fits in by.items()} for colour, by in votes.items()}
    clear = {colour: _clear(by) for colour, by in totals.items()}
    return {colour: label for colour, label in clear.items() if label is not None}


def _clear(by_label: dict[str, float]) -> str | None:
    ranked = sorted(by_label.items(), key=lambda pair: -pair[1])
    if ranked[0][1] < _SAME or (len(ranked) > 1 and ranked[1][1] >= _SURE * ranked[0][1]):
        return None
    return ranked[0][0]


def _crop(codes: NDArray[np.int32], box: Box, margin: int) -> NDArray[np.int32]:
    left, top, right, bottom = box
    rows = slice(max(0, int(top) - margin), max(0, int(np.ceil(bottom)) + margin))
    return codes[rows, max(0, int(left) - margin) : max(0, int(np.ceil(right)) + margin)]


def _within(mask: Mask, box: Box, margin: int = 2) -> Mask:
    """The part of a mask that lies in a box, grown by ``margin`` pixels."""
    inside = np.zeros_like(mask)
    left, top, right, bottom = box
    rows = slice(max(0, int(top) - margin), max(0, int(np.ceil(bottom)) + margin))
    columns = slice(max(0, int(left) - margin), max(0, int(np.ceil(right)) + margin))
    inside[rows, columns] = mask[rows, columns]
    return inside


def _fit(mask: Mask, box: Box) -> float:
    """IoU of a box with that of the part of a mask that lies in it."""
    part = _within(mask, box)
    return _iou(_mask_box(part), box) if part.any() else 0.0


def _mask_box(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _iou(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def attach_masks(
    raw: RawPicture, masks: MaskFolder | None, names: dict[Colour, str | None], options: ReadOptions, problems: Problems
) -> None:
    """Gives the objects of a picture their masks, in place; objects with polygons keep those.

    Args:
        raw: What the XML file says.
        masks: The mask pictures; None where there are none.
        names: Class name by colour.
        options: ``box_as_mask`` says whether a box may stand in for a mask.
        problems: Where problems are added.
    """
    bare = [item for item in raw.objects if not item.parts]
    path = mask_of(masks.files, raw.source) if masks is not None else None
    if masks is not None and path is not None and (bare or not raw.objects):
        try:
            mask = read_mask(path, masks.names or names)
            if masks.kind == "class":
                _attach_classes(raw, bare, mask, masks.names or names, problems)
            else:
                _attach_instances(raw, mask, masks, names, problems)
        except ValueError as error:
            problems.add("mask-bad", f"For this picture, {error}.")
            return
        _check_size(raw, mask, path, problems)
    for item in raw.objects:
        if item.parts:
            continue
        if options.box_as_mask and item.box is not None:
            item.parts = [RawPart(item.name, ring=box_ring(item.box))]
        else:
            problems.add("mask-missing", "It has a box, but neither a polygon nor a mask.", item.name)


def _check_size(raw: RawPicture, mask: MaskPicture, path: Path, problems: Problems) -> None:
    height, width = mask.codes.shape
    if raw.size is None:
        raw.size = (width, height)
    elif raw.size != (width, height):
        wanted = f"{raw.size[0]} x {raw.size[1]}"
        problems.add("mask-size", f"The mask picture '{path.name}' has {width} x {height} pixels, its XML {wanted}.")


def box_ring(box: Box) -> Ring:
    """A box x1 y1 x2 y2 as an outline, float64 [4, 2]."""
    return rectangle_ring(np.array(box, dtype=np.float64).reshape(2, 2))


def _part(name: str, mask: Mask) -> RawPart:
    return RawPart(name, rle=encode_mask(mask))


def _attach_classes(
    raw: RawPicture, bare: list[RawObject], mask: MaskPicture, names: dict[Colour, str | None], problems: Problems
) -> None:
    """Masks from a picture with a colour a class: the regions of the class that lie in an object's box."""
    import cv2  # As in fingerprints.py, only where it is needed.

    known = {code: mask.name(code, names) for code in mask.colours}
    unknown = [mask.colours[code][-1] for code, name in known.items() if name is None]
    if unknown:
        listed = ", ".join(str(colour) for colour in unknown[:3])
        problems.add("mask-colour-unknown", f"No class is known for the colours {listed} of its mask picture.")
    for label in dict.fromkeys(name for name in known.values() if name is not None):
        region = np.isin(mask.codes, [code for code, name in known.items() if name == label])
        count, components = cv2.connectedComponents(region.astype(np.uint8), connectivity=8)
        boxed = [item for item in bare if item.label == label and item.box is not None]
        if not is_mask_picture(raw.source):
            _share(label, boxed, np.asarray(components, dtype=np.int32), count, problems)
            continue
        for number in range(1, count):
            name = f"region {number} ({label})"
            raw.objects.append(RawObject(name, label, [_part(name, components == number)]))


def _share(label: str, boxed: list[RawObject], components: NDArray[np.int32], count: int, problems: Problems) -> None:
    """Gives each connected region of a class to the object whose box it lies in, cut where it lies in several."""
    owned: dict[int, Mask] = {}
    for number in range(1, count):
        region: Mask = components == number
        inside = [_within(region, item.box) if item.box else region & False for item in boxed]
        pixels = [int(part.sum()) for part in inside]
        claims = [index for index, held in enumerate(pixels) if held > 0.2 * region.sum()]
        if not claims and any(pixels):
            claims = [int(np.argmax(pixels))]
        if not claims:
            problems.add("mask-without-box", f"A region of {int(region.sum())} pixels of '{label}' lies in no box.")
        elif len(claims) == 1:
            owned[claims[0]] = owned.get(claims[0], region & False) | region
        else:
            problems.add("mask-touching", f"{len(claims)} objects of '{label}' touch in its mask picture.")
            for index, part in zip(claims, _divide(region, [boxed[index] for index in claims]), strict=True):
                owned[index] = owned.get(index, region & False) | part
    for index, item in enumerate(boxed):
        if index in owned and owned[index].any():
            item.parts = [_part(item.name, owned[index])]


def _divide(region: Mask, items: list[RawObject]) -> list[Mask]:
    """Cuts a region by boxes; a pixel in several goes to the one whose centre is nearest in shares of its size."""
    rows, columns = np.indices(region.shape)
    distances = []
    for item in items:
        assert item.box is not None
        left, top, right, bottom = item.box
        across = np.abs(columns + 0.5 - (left + right) / 2) / (right - left)
        down = np.abs(rows + 0.5 - (top + bottom) / 2) / (bottom - top)
        distances.append(np.maximum(across, down))
    nearest = np.argmin(distances, axis=0)
    return [region & (nearest == index) for index in range(len(items))]


def _attach_instances(
    raw: RawPicture,
    mask: MaskPicture,
    masks: MaskFolder,
    names: dict[Colour, str | None],
    problems: Problems,
) -> None:
    """Masks from VOC's SegmentationObject, labels from SegmentationClass, else from the box that fits."""
    path = mask_of(masks.classes, raw.source)
    classes = read_mask(path, names) if path is not None else None
    if classes is not None and classes.codes.shape != mask.codes.shape:
        problems.add("mask-size", "Its pictures in SegmentationObject and SegmentationClass differ in size.")
        return
    regions: dict[int, Mask] = {code: mask.codes == code for code in mask.colours}
    labels = {code: _class_of(region, classes, names) for code, region in regions.items()}
    free = list(raw.objects)
    for code, item in _in_order(raw.objects, mask, regions, labels).items():
        region = regions.pop(code)
        free = [other for other in free if other is not item]
        item.parts = item.parts or [_part(item.name, region)]
    for code, region in regions.items():
        label, place = labels[code], _mask_box(region)
        best = max(
            (item for item in free if item.box is not None and label in (None, item.label)),
            key=lambda item: _iou(place, item.box or (0, 0, 0, 0)),
            default=None,
        )
        if best is not None and best.box is not None and _iou(place, best.box) >= _SAME:
            free = [other for other in free if other is not best]
            best.parts = best.parts or [_part(best.name, region)]
        elif label is not None:
            name = f"mask {code} ({label})"
            raw.objects.append(RawObject(name, label, [_part(name, region)]))
        else:
            colour = mask.colours[code][0]
            problems.add("mask-colour-unknown", f"No class is known for the object of the colour {colour}.")


def _in_order(
    objects: list[RawObject], mask: MaskPicture, regions: dict[int, Mask], labels: dict[int, str | None]
) -> dict[int, RawObject]:
    """The object of each region whose index is the object's place in the XML file, as it is in VOC's own sets."""
    found: dict[int, RawObject] = {}
    for code, colours in mask.colours.items():
        number = colours[0][0]
        if len(colours[0]) > 1 or number > len(objects):
            continue
        item = objects[number - 1]
        if item.box is None or labels[code] not in (None, item.label):
            continue
        place = _mask_box(regions[code])
        # Of an object with an outline of its own, the mask picture may show the part that no other hides.
        inside = (
            item.parts and all(np.less_equal(item.box[:2], place[:2])) and all(np.less_equal(place[2:], item.box[2:]))
        )
        if inside or _iou(place, item.box) >= _SAME:
            found[code] = item
    return found


def _class_of(region: Mask, classes: MaskPicture | None, names: dict[Colour, str | None]) -> str | None:
    if classes is None:
        return None
    codes, counts = np.unique(classes.codes[region], return_counts=True)
    inside = [(int(count), int(code)) for code, count in zip(codes, counts, strict=True) if code]
    return classes.name(max(inside)[1], names) if inside else None
