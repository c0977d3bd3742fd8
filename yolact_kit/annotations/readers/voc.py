"""Reading Pascal VOC's XML files: boxes, and polygons where there are some."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject, RawPart, RawPicture
from yolact_kit.annotations.xml_files import read_xml
from yolact_kit.shapes.rings import GeometryError, Ring, rectangle_ring, to_points

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("truncated", "difficult", "occluded")


def read_voc(path: Path, options: ReadOptions, problems: Problems) -> RawPicture | None:
    """Reads one XML file of Pascal VOC.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        What it says, boxes as they stand there; None with a problem where it cannot be read or is not VOC's.
    """
    root = read_xml(path, problems)
    if root is None:
        return None
    if root.tag != "annotation":
        problems.add("file-not-annotation", f"It is XML, but its root is <{root.tag}>, not VOC's <annotation>.")
        return None
    objects = [
        _object(number, element, options, problems)
        for number, element in enumerate(root.findall("object"), 1)
        if _text(element, "deleted") != "1"  # The LabelMe of the web keeps what was deleted, and names sizes otherwise.
    ]
    width = _number(root, "size/width") or _number(root, "imagesize/ncols")
    height = _number(root, "size/height") or _number(root, "imagesize/nrows")
    return RawPicture(
        source=path,
        reference=_text(root, "filename"),
        stem=path.stem,
        size=(int(width), int(height)) if width >= 1 and height >= 1 else None,
        objects=[raw for raw in objects if raw is not None],
        folder=_text(root, "folder"),
    )


def prepare(raws: list[RawPicture]) -> None:
    """Corrects boxes and file names, in place, where only all files of a set together tell what they mean.

    VOC counts pixels from 1, so that a box from 1 to the width covers the whole picture; many programs count from 0.
    A coordinate of 0, or with a fraction, anywhere in the set tells. A file name that several files give is of no use.

    Args:
        raws: What the files of the set say.
    """
    boxes = np.array([raw.box for picture in raws for raw in picture.objects if raw.box is not None])
    if len(boxes) and boxes.min() >= 1 and bool((boxes == np.round(boxes)).all()):
        for raw in (raw for picture in raws for raw in picture.objects):
            if raw.box is not None:
                x1, y1, x2, y2 = raw.box
                raw.box = (x1 - 1, y1 - 1, x2, y2)
    names = Counter((picture.source.parent, picture.reference) for picture in raws)
    for picture in raws:
        repeated = names[picture.source.parent, picture.reference] > 1
        if repeated and PurePosixPath(picture.reference).stem != picture.stem:
            picture.reference = ""


def box_ring(box: tuple[float, float, float, float]) -> Ring:
    """A box x1 y1 x2 y2 as an outline, float64 [4, 2]."""
    return rectangle_ring(np.array(box, dtype=np.float64).reshape(2, 2))


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: Element, path: str) -> float:
    try:
        return float(to_points([_text(element, path), 0])[0, 0])
    except GeometryError:
        return 0.0


def _object(number: int, element: Element, options: ReadOptions, problems: Problems) -> RawObject | None:
    label = _text(element, "name")
    name = f"object {number} ({label})" if label else f"object {number}"
    difficult = _text(element, "difficult") == "1"
    if difficult and options.difficult == "drop":
        problems.add("difficult-dropped", "It is marked as difficult.", name)
        return None
    try:
        parts = [RawPart(name, ring=ring) for ring in _rings(element)]
        box, empty = _box(element, name, problems)
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None
    if empty and not parts:
        problems.add("area-zero", "Its box encloses nothing.", name)
        return None
    if box is None and not parts:
        problems.add("shape-malformed", "It has neither a box nor a polygon.", name)
        return None
    flags = {flag: True for flag in _FLAGS if _text(element, flag) == "1"}
    crowd = difficult and options.difficult == "crowd"
    return RawObject(name, label, parts, crowd, box, {"flags": flags} if flags else {})


def _box(element: Element, name: str, problems: Problems) -> tuple[tuple[float, float, float, float] | None, bool]:
    """The object's box, corners put in order, and whether it is there but empty."""
    found = element.find("bndbox")
    if found is None:
        return None, False
    (x1, y1), (x2, y2) = to_points([_text(found, corner) for corner in _CORNERS])
    if x1 == x2 or y1 == y2:
        return None, True
    if x1 > x2 or y1 > y2:
        problems.add("box-reversed", "The corners of its box are reversed; they were put in order.", name)
    return (float(min(x1, x2)), float(min(y1, y2)), float(max(x1, x2)), float(max(y1, y2))), False


def _rings(element: Element) -> list[Ring]:
    """The object's polygons, as ``<pt><x/><y/></pt>`` or as ``<x1/><y1/><x2/><y2/>``."""
    rings = []
    for polygon in [*element.iter("polygon"), *element.iter("segmentation")]:
        points = [value for point in polygon.findall("pt") for value in (_text(point, "x"), _text(point, "y"))]
        numbered = {child.tag: (child.text or "").strip() for child in polygon if re.fullmatch(r"[xy]\d+", child.tag)}
        for index in sorted({int(tag[1:]) for tag in numbered}):
            points += [numbered[axis + str(index)] for axis in "xy" if axis + str(index) in numbered]
        if points:
            rings.append(to_points(points))
    return rings
