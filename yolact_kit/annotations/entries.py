"""Checks of entries in COCO's lists, before any native library sees them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from yolact_kit.annotations.file_names import LOCAL_FILE
from yolact_kit.shapes.rings import FURTHEST
from yolact_kit.shapes.rle import parse_rle

Fault = tuple[str, str]
"""The code of a problem, and what is wrong as the end of a sentence: ``"has no mask"``."""


def entry_id(value: Any) -> str:
    """An id in a form that can be compared: 7, "7" and 7.0 are the same.

    Args:
        value: The id as in the file.

    Returns:
        The id as text.

    Example:
        >>> entry_id(7.0) == entry_id("7") == entry_id(7) == entry_id(" 7.0")
        True
    """
    text = str(value).strip()
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text) if "." in text else text


_NAME_KEYS = ("file_name", "filename", "path", "file", "name", "coco_url", "flickr_url", "url")
"""Where the entries of pictures have their names, the usual key first."""


def picture_name(image: dict[str, Any]) -> str:
    """The name, path or address of a picture.

    Args:
        image: The entry of the picture.

    Returns:
        Its ``file_name``, or what other programs write instead of it: a path, or an address without what follows a
        question mark. Empty if there is none.

    Example:
        >>> picture_name({"id": 1, "file_name": 12}), picture_name({"coco_url": "http://a.org/b/1.jpg?size=2"})
        ('12', 'http://a.org/b/1.jpg')
    """
    for key in _NAME_KEYS:
        value = image.get(key)
        text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if text:
            is_address = re.match(r"https?://", text) is not None and LOCAL_FILE not in text
            return text.partition("?")[0] if is_address else text
    return ""


def image_fault(image: dict[str, Any]) -> str | None:
    """What makes the entry of a picture unusable; None if it can be used."""
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        return "has no file_name"
    if ".." in PurePosixPath(name.replace("\\", "/")).parts or PureWindowsPath(name).anchor:
        return f"names '{name}', which lies outside of the picture folder"
    for side in ("width", "height"):
        if not isinstance(image.get(side), int) or image[side] <= 0:
            return f"has the {side} {image.get(side)!r}, which is not a whole number above 0"
    return None


def is_category_name(name: Any) -> bool:
    """Whether it can name a category of a COCO file: text, or a number, as programs write that number their classes.

    Example:
        >>> is_category_name(0), is_category_name(""), is_category_name(None)
        (True, False, False)
    """
    return isinstance(name, str | int | float) and not isinstance(name, bool) and str(name).strip() != ""


def segmentation_fault(segmentation: Any, width: int, height: int) -> Fault | None:
    """What makes a segmentation unusable.

    Args:
        segmentation: COCO's polygons or run lengths.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        The code of the problem and what is wrong; None if the segmentation can be used.

    Example:
        >>> segmentation_fault([[1, 2, 9, 2]], 20, 20)
        ('points-too-few', 'has a polygon of 2 points; it needs at least 3')
    """
    if not segmentation or segmentation == [[]]:
        return "segmentation-missing", "has no mask"
    if isinstance(segmentation, dict):
        return _rle_fault(segmentation, width, height)
    if not isinstance(segmentation, list) or not all(isinstance(ring, list) for ring in segmentation):
        return "shape-malformed", "has a mask that is neither polygons nor run lengths"
    faults = (_ring_fault(ring) for ring in segmentation)
    return next((fault for fault in faults if fault is not None), None)


def usable_annotation(annotation: dict[str, Any], width: int, height: int) -> tuple[dict[str, Any], Fault | None]:
    """An annotation without polygons of one or two points, which enclose nothing, and what makes the rest unusable.

    Args:
        annotation: The annotation as in the file, which stays as it is.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        The annotation, and what `segmentation_fault` says of it.

    Example:
        >>> usable_annotation({"segmentation": [[1, 2, 9, 2, 5, 8], [3, 3]]}, 20, 20)
        ({'segmentation': [[1, 2, 9, 2, 5, 8]]}, None)
    """
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, list):
        rings = [ring for ring in segmentation if not isinstance(ring, list) or len(ring) not in (0, 2, 4)]
        if len(rings) < len(segmentation):
            segmentation, annotation = rings, {**annotation, "segmentation": rings}
    return annotation, segmentation_fault(segmentation, width, height)


def _ring_fault(ring: list[Any]) -> Fault | None:
    """What makes a polygon unusable: numbers x and y alternating, of at least three points."""
    if not set(map(type, ring)) <= {int, float}:
        return "shape-malformed", "has a polygon with something that is not a number"
    if not all(-FURTHEST <= number <= FURTHEST for number in ring):  # which NaN is not
        return "coordinates-not-finite", "has a polygon with NaN, infinity, or a coordinate far outside of any picture"
    if len(ring) % 2:
        return "coordinates-odd", f"has a polygon of {len(ring)} numbers: an x without its y"
    if len(ring) < 6:
        return "points-too-few", f"has a polygon of {len(ring) // 2} points; it needs at least 3"
    return None


def _rle_fault(rle: dict[str, Any], width: int, height: int) -> Fault | None:
    try:
        parse_rle(rle, height, width)
    except (ValueError, TypeError) as error:
        return "rle-malformed", f"has a mask that cannot be read: {error}"
    return None
