"""What the XML of the web's LabelMe has besides VOC's: brush masks, boxes drawn as polygons, parts of objects.

CVAT and datumaro write such files as *LabelMe 3.0*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.file_names import common_start, comparable
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.drawn_shapes import box_object
from yolact_kit.annotations.source import RawObject, RawPart
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.shapes.rings import GeometryError, rectangle_ring
from yolact_kit.shapes.rle import encode_mask

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FOLDER = "masks"
"""Name of the folder of brush masks, in lower case."""


class WebMasks:
    """The brush masks of a source: a picture for each, which its XML file names.

    Args:
        folder: Lists files.
        roots: The folders that masks may lie in: the source, and ``--pictures``.
    """

    def __init__(self, folder: SourceFolder, roots: Iterable[Path]) -> None:
        self._folder = folder
        self._roots = list(roots)
        self._used: set[Path] = set()

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        """All files by name, which only a file that names a mask asks for."""
        by_name: dict[str, list[Path]] = defaultdict(list)
        for root in self._roots:
            for path in self._folder.under(root):
                by_name[comparable(path.name)].append(path)
        return by_name

    def find(self, labels: Path, name: str) -> Path | None:
        """The mask of a name, or of a path that ends in it.

        Args:
            labels: The XML file.
            name: The name in it.

        Returns:
            The file whose path has the most folders in common with the XML file's; None if there is none. So each file
            in ``Annotations/users/a/b`` gets the masks in ``Masks/users/a/b``.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        candidates = [
            path
            for path in self._by_name.get(comparable(parts[-1]) if parts else "", [])
            if common_start(reversed(parts), reversed(path.parts)) == len(parts)
        ]
        folders = set(labels.parent.parts)
        best = max(candidates, key=lambda path: (len(folders & set(path.parts)), _is_in_masks(path)), default=None)
        if best is not None:
            self._used.add(best)
        return best

    def apart_from(self, labels: Iterable[Path]) -> set[Path]:
        """The masks that were found so far in folders without XML files, where only masks are."""
        folders = {path.parent for path in labels}
        return {path for path in self._used if path.parent not in folders}


def _is_in_masks(path: Path) -> bool:
    return _FOLDER in map(comparable, path.parts)


def is_web_box(element: Element) -> bool:
    """Whether the polygon of an object is a box: people drew it around the object."""
    return (element.findtext("type") or "").strip() == "bounding_box"


def web_box(name: str, label: str, parts: list[RawPart], extra: dict[str, Any], options: ReadOptions) -> RawObject:
    """An object whose polygon is a box.

    Args:
        name: Its name in problems.
        label: Its label as it stands in the file.
        parts: Its polygon.
        extra: What COCO has no field for.
        options: How labels are read.

    Returns:
        The object; without parts if boxes are not used as masks.

    Raises:
        GeometryError: The box encloses nothing.
    """
    points = np.concatenate([part.ring for part in parts if part.ring is not None])
    if np.ptp(points, axis=0).min() == 0:
        raise GeometryError("area-zero", "Its box encloses nothing.")
    return box_object(name, label, rectangle_ring(points), extra, options)


def mask_name(element: Element) -> str:
    """The name of the picture with an object's brush mask; empty if it has none."""
    return (element.findtext("segm/mask") or "").strip()


def web_mask(
    subject: str, name: str, labels: Path, masks: WebMasks, options: ReadOptions, problems: Problems
) -> RawPart | None:
    """Reads a brush mask.

    Args:
        subject: The object, as problems name it.
        name: The name of the mask picture.
        labels: The XML file that names it.
        masks: The masks of the source.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        The mask; None with a problem if it is missing or cannot be decoded.
    """
    path = masks.find(labels, name)
    if path is None:
        problems.add("mask-missing", f"The picture '{name}' of its mask was not found.", subject)
        return None
    try:
        with Image.open(path) as image:
            if image.width * image.height > options.max_pixels:
                problems.add("picture-too-large", f"Its mask '{name}' has more than --max-pixels allows.", subject)
                return None
            return RawPart(subject, rle=encode_mask(_object_pixels(image)))
    except Exception:  # Pillow's plugins raise nearly anything on damaged files
        problems.add("mask-bad", f"Its mask '{name}' cannot be decoded.", subject)
        return None


def _object_pixels(image: Image.Image) -> NDArray[np.bool_]:
    """Where a mask is: what is opaque, where not all of it is, else what is not black; bool [height, width]."""
    if len(image.getbands()) == 1 and "transparency" not in image.info:
        return np.asarray(np.asarray(image) != 0, dtype=bool)
    colours = np.asarray(image.convert("RGBA"))
    opaque = np.asarray(colours[..., 3] > 0, dtype=bool)
    return np.asarray(colours[..., :3].any(axis=2), dtype=bool) if opaque.all() else opaque


def join_parts(objects: list[tuple[Element, RawObject]]) -> list[RawObject]:
    """Puts together objects of one label of which one is a part of the other, as programs write groups.

    Args:
        objects: Each object with its element.

    Returns:
        The objects. Parts of another label, such as the wheel of a car, are objects of their own.
    """
    by_id = {_id(element): (element, item) for element, item in objects if _id(element)}
    joined: list[RawObject] = []
    for element, item in objects:
        whole = _whole(element, item, by_id)
        if whole is item:
            joined.append(item)
        else:
            whole.parts.extend(item.parts)
    return joined


def _id(element: Element) -> str:
    return (element.findtext("id") or "").strip()


def _whole(element: Element, item: RawObject, by_id: dict[str, tuple[Element, RawObject]]) -> RawObject:
    """The object of the same label that one is a part of, itself no such part; the object itself if there is none."""
    whole, visited = item, {_id(element)}
    while item.parts:
        parent = (element.findtext("parts/ispartof") or "").strip()
        if parent not in by_id or by_id[parent][1].label != item.label:
            return whole
        if parent in visited:  # a circle, which no program writes
            return item
        visited.add(parent)
        element, whole = by_id[parent]
    return whole
