"""Matching the objects of VOC's XML files with the regions of mask pictures."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.masks.colours import Colour
from yolact_kit.annotations.masks.files import MaskFolder, mask_of
from yolact_kit.annotations.masks.pictures import MaskPicture, read_mask
from yolact_kit.annotations.masks.regions import (
    Mask,
    PixelBox,
    box_fit,
    box_iou,
    box_ring,
    crop,
    crop_box,
    crops,
    divide,
    within,
)
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject, RawPart, RawPicture
from yolact_kit.errors import UserError
from yolact_kit.shapes.crops import MaskCrop, encode_crop
from yolact_kit.shapes.rle import encode_mask

_SAME = 0.5
"""A region whose box has at least this IoU with the box of an object may be that object."""
_CLAIM = 0.2
"""A box claims a region if it contains more than this share of it."""
_SURE = 0.8
"""A colour is ambiguous if the second-best class fits at least this share as well as the best."""


def name_colours(raws: list[RawPicture], masks: MaskFolder) -> dict[Colour, str | None]:
    """Finds out which colour stands for which class: from a file, or from the boxes.

    Args:
        raws: What the XML files say.
        masks: The mask pictures.

    Returns:
        Class name by colour.

    Raises:
        UserError: It is unclear, and without it nothing can be read.
    """
    names = learn_names(raws, masks)
    if not names and masks.kind == "class":
        folder = next(iter(masks.files.values())).parent.name
        raise UserError(
            f"It is unclear which colour stands for which class in the mask pictures of '{folder}'.",
            "Name them with --colors FILE, a file of lines such as `cup,0,0,230`.",
        )
    return names


def learn_names(raws: list[RawPicture], masks: MaskFolder) -> dict[Colour, str | None]:
    """Learns from boxes which colour stands for which class.

    In each picture the pixels of a colour inside an object's box are compared with that box. Over all pictures, a
    colour stands for the class whose boxes it fills best.

    Args:
        raws: What the XML files say.
        masks: The mask pictures.

    Returns:
        Class name by colour, of the colours where it is clear; ``masks.names`` where that says it.
    """
    if masks.names:
        return masks.names
    files = masks.classes if masks.kind == "instance" else masks.files
    overlaps: dict[Colour, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for raw in raws:
        path = mask_of(files, raw.source)
        boxes = [(item.label, item.box) for item in raw.objects if item.box is not None]
        if path is not None and boxes:
            _collect_overlaps(path, boxes, overlaps)
    names: dict[Colour, str | None] = {}
    for colour, by_label in overlaps.items():
        label = _clear({label: sum(shares) / len(shares) for label, shares in by_label.items()})
        if label is not None:
            names[colour] = label
    return names


def _collect_overlaps(
    path: Path, boxes: list[tuple[str, PixelBox]], overlaps: dict[Colour, dict[str, list[float]]]
) -> None:
    """Appends to ``overlaps`` how well each colour of one mask picture fills each box, by colour and label."""
    try:
        mask = read_mask(path, {})
    except ValueError:
        return  # reported when the picture is read
    for label, box in boxes:
        for code in np.unique(crop(mask.codes, box)):
            if code:
                overlaps[mask.colours[int(code)][0]][label].append(box_fit(mask.codes == code, box))


def _clear(by_label: dict[str, float]) -> str | None:
    """The label with the best fit, if that is good and clearly better than the second best; else None."""
    ranked = sorted(by_label.items(), key=lambda pair: -pair[1])
    if ranked[0][1] < _SAME or (len(ranked) > 1 and ranked[1][1] >= _SURE * ranked[0][1]):
        return None
    return ranked[0][0]


def attach_masks(
    raw: RawPicture, masks: MaskFolder | None, names: dict[Colour, str | None], options: ReadOptions, problems: Problems
) -> None:
    """Attaches masks to the objects of a picture, in place; objects with polygons keep those.

    Args:
        raw: What the XML file says.
        masks: The mask pictures; None where there are none.
        names: Class name by colour.
        options: ``box_as_mask`` says whether a box may stand in for a mask.
        problems: Where problems are added.
    """
    bare = [item for item in raw.objects if not item.parts]
    if masks is not None and (bare or not raw.objects):
        try:
            _attach(raw, bare, masks, names, problems)
        except ValueError as error:
            problems.add("mask-picture-bad", f"For this picture, {error}.")
            return
    for item in raw.objects:
        if not item.parts and options.box_as_mask and item.box is not None:
            item.parts = [RawPart(item.name, ring=box_ring(item.box))]
        elif not item.parts:
            problems.add("mask-missing", "It has a box, but neither a polygon nor a mask.", item.name)


def _attach(
    raw: RawPicture,
    bare: list[RawObject],
    masks: MaskFolder,
    names: dict[Colour, str | None],
    problems: Problems,
) -> None:
    """Attaches the masks of a picture's mask picture, if it has one; ``bare`` are the objects without an outline.

    Raises:
        ValueError: A mask picture cannot be decoded.
    """
    path = mask_of(masks.files, raw.source)
    if path is None:
        return
    mask = read_mask(path, masks.names or names)
    if masks.kind == "class":
        _attach_classes(raw, bare, mask, masks.names or names, problems)
    else:
        _attach_instances(raw, mask, masks, names, problems)
    _check_size(raw, mask, path, problems)


def _check_size(raw: RawPicture, mask: MaskPicture, path: Path, problems: Problems) -> None:
    """Checks that a mask picture has the size that the XML file states; if it states none, takes the mask's size."""
    height, width = mask.codes.shape
    if raw.size is None:
        raw.size = (width, height)
    elif raw.size != (width, height):
        expected = f"{raw.size[0]} x {raw.size[1]}"
        problems.add("mask-size", f"The mask picture '{path.name}' has {width} x {height} pixels, its XML {expected}.")


def _part(name: str, mask: Mask) -> RawPart:
    return RawPart(name, rle=encode_mask(mask))


def _attach_classes(
    raw: RawPicture, bare: list[RawObject], mask: MaskPicture, names: dict[Colour, str | None], problems: Problems
) -> None:
    """Attaches masks from a picture with one colour per class: each object gets the regions in its box."""
    import cv2  # As in fingerprints.py, only where it is needed.

    codes = _codes_by_label(mask, names, problems)
    for label, own in codes.items():
        count, components = cv2.connectedComponents(np.isin(mask.codes, own).astype(np.uint8), connectivity=8)
        boxed = [item for item in bare if item.label == label and item.box is not None]
        _share(label, boxed, np.asarray(components, dtype=np.int32), count, problems)


def _codes_by_label(mask: MaskPicture, names: dict[Colour, str | None], problems: Problems) -> dict[str, list[int]]:
    """The codes of a mask picture by class; reports colours that no class is known for."""
    codes: dict[str, list[int]] = defaultdict(list)
    unknown: list[Colour] = []
    for code in mask.colours:
        label = mask.name(code, names)
        if label is None:
            unknown.append(mask.colours[code][-1])
        else:
            codes[label].append(code)
    if unknown:
        listed = ", ".join(str(colour) for colour in unknown[:3])
        problems.add("mask-colour-unknown", f"No class is known for the colours {listed} of its mask picture.")
    return codes


def _share(label: str, boxed: list[RawObject], components: NDArray[np.int32], count: int, problems: Problems) -> None:
    """Assigns each connected region of a class to the object whose box contains it; divides it between several."""
    masks: dict[int, Mask] = {}
    for number in range(1, count):
        region: Mask = components == number
        claims = _claims(region, boxed)
        if not claims:
            problems.add("mask-without-box", f"A region of {int(region.sum())} pixels of '{label}' lies in no box.")
            continue
        parts = [region]
        if len(claims) > 1:
            problems.add("mask-touching", f"{len(claims)} objects of '{label}' touch in its mask picture.")
            parts = divide(region, [box for index in claims if (box := boxed[index].box) is not None])
        for index, part in zip(claims, parts, strict=True):
            masks[index] = masks[index] | part if index in masks else part
    for index, mask in sorted(masks.items()):
        if mask.any():
            boxed[index].parts = [_part(boxed[index].name, mask)]


def _claims(region: Mask, boxed: list[RawObject]) -> list[int]:
    """The objects whose boxes contain a good share of a region, or else the one whose box contains the most."""
    counts = [int(within(region, item.box).sum()) if item.box else 0 for item in boxed]
    claims = [index for index, count in enumerate(counts) if count > _CLAIM * region.sum()]
    return claims if claims or not any(counts) else [int(np.argmax(counts))]


def _attach_instances(
    raw: RawPicture,
    mask: MaskPicture,
    masks: MaskFolder,
    names: dict[Colour, str | None],
    problems: Problems,
) -> None:
    """Attaches masks from SegmentationObject; labels come from SegmentationClass, or from the box that fits."""
    path = mask_of(masks.classes, raw.source)
    classes = read_mask(path, names) if path is not None else None
    if classes is not None and classes.codes.shape != mask.codes.shape:
        problems.add("mask-size", "Its pictures in SegmentationObject and SegmentationClass differ in size.")
        return
    regions = crops(mask.codes)
    labels = {code: classes.name_under(region, names) if classes else None for code, region in regions.items()}
    # Where colours are the numbers of the objects, as in VOC's own sets, those settle it. Of the other regions each
    # takes the object whose box fits best; one that no box fits is an object that the XML file lacks.
    matches = _in_order(raw.objects, mask, regions, labels)
    free = list(raw.objects)
    for code, item in matches.items():
        _assign(item, regions[code], mask, free)
    for code in (code for code in regions if code not in matches):
        region, label = regions[code], labels[code]
        match = _best_match(region, label, free)
        if match is not None:
            _assign(match, region, mask, free)
        elif label is not None:
            name = f"mask {code} ({label})"
            raw.objects.append(RawObject(name, label, [_cut_part(name, region, mask)]))
        else:
            colour = mask.colours[code][0]
            problems.add("mask-colour-unknown", f"No class is known for the object of the colour {colour}.")


def _assign(item: RawObject, region: MaskCrop, mask: MaskPicture, free: list[RawObject]) -> None:
    """Attaches a region to an object, unless that has an outline, and removes the object from those still free."""
    item.parts = item.parts or [_cut_part(item.name, region, mask)]
    free[:] = [other for other in free if other is not item]


def _cut_part(name: str, region: MaskCrop, mask: MaskPicture) -> RawPart:
    height, width = mask.codes.shape
    return RawPart(name, rle=encode_crop(region, height, width))


def _best_match(region: MaskCrop, label: str | None, objects: list[RawObject]) -> RawObject | None:
    """The object with the label (any, if it is None) whose box overlaps a region's best; None if all overlap little."""
    box = crop_box(region)
    best, best_iou = None, 0.0
    for item in objects:
        iou = box_iou(box, item.box) if item.box is not None and label in (None, item.label) else 0.0
        if iou > best_iou:
            best, best_iou = item, iou
    return best if best_iou >= _SAME else None


def _in_order(
    objects: list[RawObject], mask: MaskPicture, regions: dict[int, MaskCrop], labels: dict[int, str | None]
) -> dict[int, RawObject]:
    """The objects whose number in the XML file is the palette index of a region, as in VOC's own sets."""
    matches: dict[int, RawObject] = {}
    for code, colours in mask.colours.items():
        number = colours[0][0]
        if len(colours[0]) > 1 or number > len(objects):
            continue
        item = objects[number - 1]
        has_label = labels[code] in (None, item.label)
        if item.box is not None and has_label and _may_be(regions[code], item, item.box):
            matches[code] = item
    return matches


def _may_be(region: MaskCrop, item: RawObject, box: PixelBox) -> bool:
    """Whether a region may be the mask of an object: their boxes overlap well.

    If the object has an outline of its own, the mask picture may show only the part of it that no other object hides;
    then it is enough that the region lies inside the object's box.
    """
    region_box = crop_box(region)
    is_inside = all(np.less_equal(box[:2], region_box[:2])) and all(np.less_equal(region_box[2:], box[2:]))
    return (bool(item.parts) and is_inside) or box_iou(region_box, box) >= _SAME
