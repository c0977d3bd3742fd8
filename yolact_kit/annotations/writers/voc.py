"""Writing Pascal VOC's files: XML with boxes and polygons, mask pictures in VOC's palette, and lists of splits."""

from __future__ import annotations

import math
import re
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.bridges import rings_of
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.errors import UserError
from yolact_kit.shapes.rings import Ring
from yolact_kit.shapes.rle import decode_rle, rle_area

MOST = 254
"""Objects in a picture, and classes, that a mask picture of 8 bits can tell apart: 0 is background, 255 is ignored."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_voc(dataset: Dataset, folder: Path, problems: Problems) -> None:
    """Writes all of VOC's folders but ``JPEGImages``, and ``labelmap.txt`` with the colours of the classes.

    Objects that were polygons keep them in the XML, to the fraction of a pixel. Masks are in the mask pictures; where
    another object hides a part of one there, its outline is in the XML as well. A crowd is marked as difficult.

    Args:
        dataset: The data set.
        folder: The folder to write to.
        problems: Where problems are added: what mask pictures cannot hold.

    Raises:
        UserError: There are more classes than a mask picture can tell apart, or a name that cannot be written as XML.
    """
    if len(dataset.classes) > MOST:
        raise UserError(
            f"VOC's mask pictures have room for {MOST} classes, but there are {len(dataset.classes)}.",
            "Choose some with --classes, or merge some with --map.",
        )
    for name in dataset.classes:
        if _NOT_XML.search(name) or name != name.strip():
            raise UserError(f"The class {name!r} cannot be written as XML.", "Give it another name with --map.")
    for split, pictures in dataset.splits.items():
        for picture in pictures:
            problems.file = picture.file
            _write_picture(picture, dataset.classes, folder, problems)
        stems = "".join(f"{PurePosixPath(picture.file).with_suffix('')}\n" for picture in pictures)
        for kind in ("Main", "Segmentation"):
            path = folder / "ImageSets" / kind / f"{split}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(stems, encoding="utf-8", errors="surrogateescape")
    colours = voc_palette()
    lines = [f"{name}:{','.join(map(str, colours[n]))}::" for n, name in enumerate(["background", *dataset.classes])]
    text = "\n".join(["# label:color_rgb:parts:actions", *lines]) + "\n"
    (folder / "labelmap.txt").write_text(text, encoding="utf-8")


def voc_palette() -> NDArray[np.uint8]:
    """The colours of VOC's mask pictures, uint8 [256, 3]: the bits of the index, dealt out to R, G and B in turn.

    Example:
        >>> voc_palette()[[1, 2, 255]].tolist()
        [[128, 0, 0], [0, 128, 0], [224, 224, 192]]
    """
    indices = np.arange(256)
    colours = np.zeros((256, 3), dtype=np.uint8)
    for bit in range(8):
        colours[:, bit % 3] |= (((indices >> bit) & 1) << (7 - bit // 3)).astype(np.uint8)
    return colours


def _write_picture(picture: Picture, classes: list[str], folder: Path, problems: Problems) -> None:
    """Writes the XML file and the two mask pictures of a picture."""
    stem = PurePosixPath(picture.file).with_suffix("")
    objects, kinds, outlined = _paint(picture, classes, problems)
    for name, codes in (("SegmentationObject", objects), ("SegmentationClass", kinds)):
        image = Image.fromarray(codes)
        image.putpalette(voc_palette().tobytes())
        path = folder / name / f"{stem}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    root = _document(picture)
    for instance, rings in zip(picture.instances, outlined, strict=True):
        root.append(_object(instance, rings))
    indent(root)
    path = folder / "Annotations" / f"{stem}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tostring(root, encoding="utf-8"))


def _paint(
    picture: Picture, classes: list[str], problems: Problems
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[list[Ring]]]:
    """The mask pictures of objects and of classes, and the outlines of each object that belong in the XML."""
    # Each object is painted with its number. Where objects overlap, small ones are painted last, so that they stay
    # visible; how many pixels carry a number in the end tells whether others hide a part of that object.
    codes = np.zeros((picture.height, picture.width), dtype=np.int32)
    masks = [instance.encode(picture.height, picture.width) for instance in picture.instances]
    for number in sorted(range(len(masks)), key=lambda number: -rle_area(masks[number])):
        codes[decode_rle(masks[number]) != 0] = number + 1
    if len(masks) > MOST:
        problems.add("mask-picture-full", f"Only {MOST} of its {len(masks)} objects are in its mask pictures.")
    outlined = []
    for number, instance in enumerate(picture.instances, start=1):
        hidden = number > MOST or int((codes == number).sum()) < rle_area(masks[number - 1])
        outer, holes = rings_of(instance) if instance.polygons or hidden else ([], [])
        if holes:
            name = f"object {number} ({instance.label})"
            problems.add("holes-not-written", f"{len(holes)} of its holes cannot be stored beside other objects.", name)
        outlined.append(outer)
    codes[codes > MOST] = 0
    lookup = np.array([0, *(classes.index(instance.label) + 1 for instance in picture.instances)], dtype=np.uint8)
    return codes.astype(np.uint8), lookup[codes], outlined


def _document(picture: Picture) -> Element:
    """The XML document of a picture, without its objects."""
    file = PurePosixPath(picture.file)
    root = Element("annotation")
    _add(root, folder="JPEGImages", filename=_NOT_XML.sub("\ufffd", str(file)))
    _add(SubElement(root, "size"), width=picture.width, height=picture.height, depth=3)
    _add(root, segmented=1)
    return root


def _object(instance: Instance, rings: list[Ring]) -> Element:
    """An object; its box in whole pixels that are counted from 1, as VOC has it, its points as they are."""
    element = Element("object")
    flags = instance.extra.get("flags")
    flags = flags if isinstance(flags, dict) else {}
    states = {name: int(flags.get(name) is True) for name in ("truncated", "occluded")}
    difficult = int(instance.crowd or flags.get("difficult") is True)
    _add(element, name=instance.label, pose="Unspecified", **states, difficult=difficult)
    x, y, width, height = instance.box()
    left, top = math.floor(x) + 1, math.floor(y) + 1
    right, bottom = max(left, math.ceil(x + width)), max(top, math.ceil(y + height))
    _add(SubElement(element, "bndbox"), xmin=left, ymin=top, xmax=right, ymax=bottom)
    for ring in rings:
        polygon = SubElement(element, "polygon")
        for number, (px, py) in enumerate(ring.tolist(), start=1):
            _add(polygon, **{f"x{number}": px, f"y{number}": py})
    return element


def _add(parent: Element, **values: object) -> None:
    """Adds an element for each value, with the value as its text."""
    for name, value in values.items():
        SubElement(parent, name).text = str(value)
