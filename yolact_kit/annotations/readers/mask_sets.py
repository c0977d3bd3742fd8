"""Reading sets whose only labels are mask pictures."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from yolact_kit.annotations.masks.colours import Colour, colour_names, colour_text
from yolact_kit.annotations.masks.files import in_folder, is_mask_picture, mask_of
from yolact_kit.annotations.masks.meaning import CITYSCAPES, MaskMeaning, find_meaning
from yolact_kit.annotations.masks.pairs import MaskPairs, pair_masks
from yolact_kit.annotations.masks.pictures import MaskPicture, read_mask
from yolact_kit.annotations.masks.regions import crops
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import Jobs, ReadContext
from yolact_kit.annotations.readers.jobs import match_job
from yolact_kit.annotations.readers.left_out import trace_objects
from yolact_kit.annotations.source import PictureResult, RawObject, RawPart, RawPicture
from yolact_kit.annotations.split_lists import NAMES, SplitLists
from yolact_kit.shapes.crops import MaskCrop, encode_crop

_SHADES = 8
"""Colours from which on it is checked whether they are shades of a smoothed mask rather than objects."""
_FILLED = 0.1
"""Share of its box that an object fills at least; a shade along an edge, or in a photo, fills less."""
_SPECK = 4
"""Pixels that a shade between black and white has at most in a small mask."""

_Item = tuple[RawPicture, Problems, list[Path]]
"""What is known of a photo, its problems, and its mask pictures."""


def mask_set_jobs(context: ReadContext, lists: SplitLists) -> Jobs:
    """Prepares reading a set whose only labels are mask pictures.

    Args:
        context: The source; its annotation files are the mask pictures.
        lists: The splits that lists of pictures make.

    Returns:
        One job for each photo that has mask pictures, and for each mask picture without a photo.

    Raises:
        UserError: It is unclear what the colours stand for.
    """
    masks, folder, options = context.labels.files, context.folder, context.options
    pool = [*folder.files, *(folder.under(options.masks) if options.masks is not None else [])]
    classes = in_folder(list(filter(is_mask_picture, pool)), "SegmentationClass")
    own = {os.path.normpath(path.absolute()) for path in (*masks, *classes.values())}
    pairs = pair_masks(masks, [entry.path for key, entry in context.index.entries.items() if key not in own])
    context.index.discard({*masks, *classes.values()}, set(pairs.of_photo))
    names = colour_names(pool, options)
    meaning = find_meaning(masks, pairs.one_file_each, classes, names, options, context.problems)
    context.labels.why = f"mask pictures in '{masks[0].parent.name}', without XML files; {meaning}"
    if meaning.objects == "part":
        context.problems.add("mask-parts", "An object is whatever is connected in the mask pictures of a class.")
    splits = _splits(pairs, context, lists)
    items: list[_Item] = []
    for photo, files in pairs.of_photo.items():
        reference = Path(os.path.relpath(photo, files[0].parent)).as_posix()
        raw = RawPicture(files[0], reference, photo.stem, None, split=splits.get(photo, ""), by_path=True)
        problems = Problems(folder.name(files[0]))
        if len(files) > 1 and not pairs.one_file_each:
            text = f"'{folder.name(files[1])}' is a mask picture of '{photo.name}' as well."
            problems.add("picture-labelled-twice", text)
        items.append((raw, problems, files))
    for mask in pairs.without_photo:
        items.append((RawPicture(mask, "", mask.stem, None), Problems(folder.name(mask)), [mask]))
    return Jobs(partial(_read_job, index=context.index, options=options, meaning=meaning), items)


def _splits(pairs: MaskPairs, context: ReadContext, lists: SplitLists) -> dict[Path, str]:
    """The splits of the photos: as lists have them, or else as their folders are called."""
    splits: dict[Path, str] = {}
    for photo, files in pairs.of_photo.items():
        if lists:
            splits[photo] = lists.split_of(PurePosixPath(context.folder.name(files[0])).with_suffix(""))
            continue
        folders = [part.lower() for part in PurePosixPath(context.folder.name(photo)).parts[:-1]]
        splits[photo] = next((NAMES[part] for part in reversed(folders) if part in NAMES), "")
    are_splits = bool(lists) or ("" not in splits.values() and {"train"} < set(splits.values()))
    return splits if are_splits else {}


def _read_job(item: _Item, index: PictureIndex, options: ReadOptions, meaning: MaskMeaning) -> PictureResult:
    """Reads the objects of a photo from its mask pictures, and matches them with it."""
    raw, problems, files = item
    if not raw.reference:
        code = "picture-skipped" if options.skip_missing else "picture-missing"
        problems.add(code, f"No picture belongs to the mask picture '{raw.source.name}' by its name and folder.")
    try:
        for path in files:
            _read_objects(raw, path, meaning, problems)
    except ValueError as error:
        problems.add("mask-picture-bad", f"For this picture, {error}.")
    if raw.reference and not problems.failed:
        return match_job((raw, problems), index, options)
    result = PictureResult(None, problems.found)
    trace_objects(raw, result, problems)
    return result


def _read_objects(raw: RawPicture, path: Path, meaning: MaskMeaning, problems: Problems) -> None:
    """Adds the objects of a mask picture.

    Raises:
        ValueError: It cannot be decoded, or is no mask picture.
    """
    mask = read_mask(path, meaning.names)
    height, width = mask.codes.shape
    if raw.size not in (None, (width, height)):
        problems.add("mask-size", f"Its mask picture '{path.name}' has {width} x {height} pixels, others have not.")
        return
    raw.size = (width, height)
    if meaning.objects == "file":
        _add(raw, f"'{path.name}' ({meaning.label})", meaning.label, crops((mask.codes > 0).astype(np.int32)).get(1))
    elif meaning.objects == "part":
        _add_parts(raw, mask, meaning, problems)
    else:
        _add_colours(raw, mask, path, meaning, problems)


def _add(raw: RawPicture, name: str, label: str, region: MaskCrop | None, crowd: bool = False) -> None:
    """Adds an object; a mask that is empty is one that is skipped later."""
    assert raw.size is not None
    width, height = raw.size
    region = region if region is not None else MaskCrop(0, 0, np.zeros((0, 0), dtype=np.bool_))
    raw.objects.append(RawObject(name, label, [RawPart(name, rle=encode_crop(region, height, width))], crowd))


def _add_parts(raw: RawPicture, mask: MaskPicture, meaning: MaskMeaning, problems: Problems) -> None:
    """Adds each connected part of each class as an object."""
    import cv2  # As in fingerprints.py, only where it is needed.

    labels = {code: meaning.label or mask.name(code, meaning.names) for code in mask.colours}
    _report_unknown([mask.colours[code][0] for code, label in labels.items() if label is None], problems)
    for label in dict.fromkeys(filter(None, labels.values())):
        own = np.isin(mask.codes, [code for code in labels if labels[code] == label]).astype(np.uint8)
        _, components = cv2.connectedComponents(own, connectivity=8)
        for number, region in crops(np.asarray(components, dtype=np.int32)).items():
            _add(raw, f"region {number} ({label})", label, region)


def _add_colours(raw: RawPicture, mask: MaskPicture, path: Path, meaning: MaskMeaning, problems: Problems) -> None:
    """Adds what has each colour as an object.

    Raises:
        ValueError: The picture of classes cannot be decoded, or the colours are shades.
    """
    regions = crops(mask.codes)
    if _are_shades(list(regions.values()), mask.border):
        raise ValueError(f"'{path.name}' is a photo or a smoothed mask: its {len(regions)} shades are no objects")
    class_file = mask_of(meaning.classes, path)
    classes = read_mask(class_file, meaning.names) if class_file is not None else None
    if classes is not None and classes.codes.shape != mask.codes.shape:
        problems.add("mask-size", "Its pictures in SegmentationObject and SegmentationClass differ in size.")
        return
    unknown: list[Colour] = []
    for code, region in regions.items():
        colour = mask.colours[code][0]
        label, crowd = _label(colour, region, classes, meaning)
        if label is not None:
            _add(raw, f"object {colour_text(colour)} ({label})", label, region, crowd)
        elif meaning.numbered:
            text = f"No name is given to the class of the number {colour_text(colour)}."
            problems.add("mask-number-unnamed", text, f"object {colour_text(colour)}")
        else:
            unknown.append(colour)
    _report_unknown(unknown, problems)


def _are_shades(regions: list[MaskCrop], border: int) -> bool:
    """Whether regions are the shades of a photo, strewn over it, or those between the black and white of a mask.

    White has the number of the border between objects, which is thin where the others are objects.
    """
    if len(regions) < _SHADES:
        return False
    areas = [int(region.pixels.sum()) for region in regions]
    fills = [area / region.pixels.size for area, region in zip(areas, regions, strict=True)]
    return bool(np.median(fills) < _FILLED or (np.median(areas) <= _SPECK and border > sum(areas) / 2))


def _label(
    colour: Colour, region: MaskCrop, classes: MaskPicture | None, meaning: MaskMeaning
) -> tuple[str | None, bool]:
    """The class of an object, None where it is unknown; and whether it is a region of many objects.

    In Cityscapes the bare number of a class is a region in which its objects were not told apart.
    """
    if meaning.numbered:
        is_bare = colour[0] < CITYSCAPES
        return meaning.names.get(colour if is_bare else (colour[0] // CITYSCAPES,)), is_bare
    if classes is None:
        return meaning.label or None, False
    return classes.name_under(region, meaning.names), False


def _report_unknown(colours: list[Colour], problems: Problems) -> None:
    """Reports colours that stand for no class."""
    if colours:
        listed = ", ".join(map(colour_text, colours[:3]))
        problems.add("mask-colour-unknown", f"No class is known for the colours {listed} of its mask picture.")
