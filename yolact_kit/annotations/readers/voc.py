"""Reading Pascal VOC's XML files: boxes, and polygons where there are some."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.colours import Colour
from yolact_kit.annotations.masks.files import MaskFolder, find_masks, mask_files
from yolact_kit.annotations.matching import match
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import FolderSign, Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.jobs import Pending, read_each, refuse_boxes
from yolact_kit.annotations.readers.labelme_web import WebMasks, is_web_box, join_parts, mask_name, web_box, web_mask
from yolact_kit.annotations.readers.mask_sets import mask_set_jobs
from yolact_kit.annotations.readers.voc_masks import attach_masks, name_colours
from yolact_kit.annotations.source import LabelFiles, PictureResult, RawObject, RawPart, RawPicture
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.annotations.split_lists import SplitLists, read_lists
from yolact_kit.annotations.textfiles import xml_root
from yolact_kit.annotations.xml_files import read_xml
from yolact_kit.shapes.rings import GeometryError, Ring, to_points

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("truncated", "difficult", "occluded")


class VocFormat(LabelFormat):
    """Pascal VOC: an XML file for each picture, mask pictures in addition, or mask pictures alone."""

    name = "voc"
    title = "VOC"
    suffixes = (".xml",)
    sign = "XML files with '<annotation>'"
    boxes_only = "The labels are boxes only, and there are no mask pictures: there is nothing to learn masks from."
    boxes_advice = (
        "Give the folder of masks with --masks, or use boxes as masks with --box-as-mask; the model then learns "
        "rectangles."
    )

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        return xml_root(text) == "annotation"

    def folder_sign(self, folder: SourceFolder) -> FolderSign:
        """See `LabelFormat.folder_sign`."""
        if folder.masks is not None:
            return FolderSign.DESCRIPTION
        return FolderSign.PICTURES if mask_files(folder) else FolderSign.NONE

    def label_files(self, folder: SourceFolder, kinds: Mapping[Path, str]) -> LabelFiles:
        """The XML files; where there are none, the mask pictures."""
        labels = super().label_files(folder, kinds)
        masks = [] if labels.files else mask_files(folder)
        if not masks:
            return labels
        why = f"mask pictures in '{masks[0].parent.name}', without XML files"
        return LabelFiles(self.name, masks, labels.others, masks=True, why=why)

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        labels, options = context.labels, context.options
        lists = _image_sets(context.folder.files)
        if labels.masks:
            return mask_set_jobs(context, lists)
        # Only all files together tell which colour stands for which class, and whether boxes count from 1. So all XML
        # files are read here, and the jobs have only the pixels left to read.
        stems = {comparable(path.stem) for path in labels.files}
        masks = find_masks(context.folder, stems, options)
        if masks is not None:
            context.index.discard({*masks.files.values(), *masks.classes.values()})
        web = WebMasks(context.folder, context.index.roots)
        read = partial(read_voc, web=web)
        items = read_each(labels.files, context, read)
        raws = [raw for raw, _ in items if raw is not None]
        context.index.discard(web.apart_from(labels.files))
        prepare(raws)
        if masks is not None and _add_nothing(masks, raws):
            masks = None
        names: dict[Colour, str | None] = {}
        if masks is None:
            refuse_boxes(items, context, self)
        else:
            names = name_colours(raws, masks)
        source = partial(_read_job, root=context.folder.root, index=context.index, options=options)
        return Jobs(partial(source, masks=masks, names=names, lists=lists), items)


FORMAT = VocFormat()


def _add_nothing(masks: MaskFolder, raws: list[RawPicture]) -> bool:
    """Whether mask pictures add nothing: their colours have no names, and all objects already have outlines."""
    objects = [item for raw in raws for item in raw.objects]
    all_outlined = bool(objects) and all(item.parts for item in objects)
    return masks.kind == "class" and not masks.names and all_outlined


def _read_job(
    item: Pending,
    root: Path,
    index: PictureIndex,
    options: ReadOptions,
    masks: MaskFolder | None,
    names: dict[Colour, str | None],
    lists: SplitLists,
) -> PictureResult:
    """Attaches masks to what one XML file says, and matches it with its picture."""
    raw, problems = item
    if raw is None:
        return PictureResult(None, problems.found)
    attach_masks(raw, masks, names, options, problems)
    result = match(raw, index, options, problems)
    below = raw.source.relative_to(root) if raw.source.is_relative_to(root) else Path(raw.source.name)
    result.split = lists.split_of(PurePosixPath(below.with_suffix("").as_posix()))
    return result


def _image_sets(files: list[Path]) -> SplitLists:
    """The splits of ``ImageSets``: those for segmentation, else any."""
    for kind in ("Segmentation", "Main", "Layout"):
        lists = read_lists(path for path in files if path.parts[-3:-1] == ("ImageSets", kind))
        if lists:
            return lists
    return SplitLists({})


def read_voc(path: Path, options: ReadOptions, problems: Problems, web: WebMasks | None = None) -> RawPicture | None:
    """Reads one XML file of Pascal VOC, or of the web's LabelMe.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems are added.
        web: The brush masks that files of the web's LabelMe may name.

    Returns:
        What it says, boxes as they stand there; None with a problem where it cannot be read or is not VOC's.
    """
    root = read_xml(path, problems)
    if root is None:
        return None
    if root.tag != "annotation":
        problems.add("file-not-annotation", f"It is XML, but its root is <{root.tag}>, not VOC's <annotation>.")
        return None
    masks = web or WebMasks(SourceFolder(path.parent), [])
    objects: list[tuple[Element, RawObject]] = []
    for number, element in enumerate(root.findall("object"), start=1):
        # The LabelMe of the web keeps what was deleted, and names sizes otherwise.
        is_deleted = _text(element, "deleted") == "1"
        item = None if is_deleted else _object(number, element, path, masks, options, problems)
        if item is not None:
            objects.append((element, item))
    width = _number(root, "size/width") or _number(root, "imagesize/ncols")
    height = _number(root, "size/height") or _number(root, "imagesize/nrows")
    return RawPicture(
        source=path,
        reference=_text(root, "filename"),
        stem=path.stem,
        size=(int(width), int(height)) if width >= 1 and height >= 1 else None,
        objects=join_parts(objects),
        folder=_text(root, "folder"),
    )


def prepare(raws: list[RawPicture]) -> None:
    """Corrects boxes and file names, in place, which only make sense in the context of all files of a set.

    VOC counts pixels from 1, so that a box from 1 to the width covers the whole picture; many programs count from 0.
    A coordinate of 0 or with a fraction, anywhere in the set, shows that this set counts from 0. A picture's name that
    several files give is dropped.

    Args:
        raws: What the files of the set say.
    """
    _count_from_zero([item for raw in raws for item in raw.objects])
    counts = Counter((raw.source.parent, raw.reference) for raw in raws)
    for raw in raws:
        is_repeated = counts[raw.source.parent, raw.reference] > 1
        if is_repeated and PurePosixPath(raw.reference).stem != raw.stem:
            raw.reference = ""


def _count_from_zero(objects: list[RawObject]) -> None:
    """Shifts boxes, in place, if the whole set counts pixels from 1.

    The pixels 1 to W are the span 0 to W: only the left and upper sides move.
    """
    boxes = np.array([item.box for item in objects if item.box is not None])
    if not len(boxes) or boxes.min() < 1 or (boxes != np.round(boxes)).any():
        return
    for item in objects:
        if item.box is not None:
            x1, y1, x2, y2 = item.box
            item.box = (x1 - 1, y1 - 1, x2, y2)


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: Element, path: str) -> float:
    try:
        return float(to_points([_text(element, path), 0])[0, 0])
    except GeometryError:
        return 0.0


def _object(
    number: int, element: Element, labels: Path, masks: WebMasks, options: ReadOptions, problems: Problems
) -> RawObject | None:
    """One object with its polygons, its mask or its box; None with a problem if it has none of them."""
    label = _text(element, "name")
    name = f"object {number} ({label})" if label else f"object {number}"
    difficult = _text(element, "difficult") == "1"
    if difficult and options.difficult == "drop":
        problems.add("difficult-dropped", "It is marked as difficult.", name)
        return None
    crowd = difficult and options.difficult == "crowd"
    mask = mask_name(element)
    if mask:
        part = web_mask(name, mask, labels, masks, options, problems)
        return RawObject(name, label, [part], crowd, extra=_extra(element)) if part is not None else None
    try:
        return _outlined(name, label, element, crowd, options, problems)
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None


def _extra(element: Element) -> dict[str, Any]:
    """What COCO has no field for, under labelme's name."""
    flags = {flag: True for flag in _FLAGS if _text(element, flag) in ("1", "yes")}
    return {"flags": flags} if flags else {}


def _outlined(
    name: str, label: str, element: Element, crowd: bool, options: ReadOptions, problems: Problems
) -> RawObject:
    """One object with its polygons or its box.

    Raises:
        GeometryError: It has neither, or they enclose nothing.
    """
    parts = [RawPart(name, ring=ring) for ring in _rings(element)]
    if parts and is_web_box(element):
        return web_box(name, label, parts, _extra(element), options)
    box = _box(element, name, problems)
    if box is None and not parts:
        raise _nothing_in(element)
    return RawObject(name, label, parts, crowd, box, _extra(element))


def _nothing_in(element: Element) -> GeometryError:
    """The error for an object without a polygon and without a box that has an area."""
    if element.find("bndbox") is None:
        return GeometryError("shape-malformed", "It has neither a box nor a polygon.")
    return GeometryError("area-zero", "Its box encloses nothing.")


def _box(element: Element, name: str, problems: Problems) -> tuple[float, float, float, float] | None:
    """The object's box with its corners in order; None if there is none or it is empty."""
    box = element.find("bndbox")
    if box is None:
        return None
    (x1, y1), (x2, y2) = to_points([_text(box, corner) for corner in _CORNERS])
    if x1 == x2 or y1 == y2:
        return None
    if x1 > x2 or y1 > y2:
        problems.add("box-reversed", "The corners of its box are reversed; they were put in order.", name)
    return float(min(x1, x2)), float(min(y1, y2)), float(max(x1, x2)), float(max(y1, y2))


def _rings(element: Element) -> list[Ring]:
    """The object's polygons, as ``<pt><x/><y/></pt>`` or as ``<x1/><y1/><x2/><y2/>``."""
    polygons = [*element.iter("polygon"), *element.iter("segmentation")]
    coordinates = [_coordinates(polygon) for polygon in polygons]
    return [to_points(values) for values in coordinates if values]


def _coordinates(polygon: Element) -> list[str]:
    """The coordinates of a polygon, x and y alternating, as text."""
    values: list[str] = []
    for point in polygon.findall("pt"):
        values += [_text(point, "x"), _text(point, "y")]
    numbered = {child.tag: (child.text or "").strip() for child in polygon if re.fullmatch(r"[xy]\d+", child.tag)}
    for number in sorted({int(tag[1:]) for tag in numbered}):
        values += [numbered[f"{axis}{number}"] for axis in "xy" if f"{axis}{number}" in numbered]
    return values
