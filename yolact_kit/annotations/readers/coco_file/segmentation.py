"""Reading the ``segmentation`` of COCO's annotations: polygons, run lengths, and what is written instead of them."""

from __future__ import annotations

from typing import Any

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.coco_file.dialects import Box, plain_segmentation
from yolact_kit.annotations.source import RawPart
from yolact_kit.shapes.rings import GeometryError, to_points
from yolact_kit.shapes.rle import parse_rle


def is_empty(segmentation: Any) -> bool:
    """Whether there is no mask at all.

    Args:
        segmentation: What the file says.

    Returns:
        True for null, ``[]``, ``[[]]`` and ``[[], []]``.

    Example:
        >>> is_empty([[], []])
        True
    """
    return segmentation is None or (isinstance(segmentation, list) and all(ring == [] for ring in segmentation))


def segmentation_parts(
    name: str, segmentation: Any, size: tuple[int, int] | None, problems: Problems, box: Box | None = None
) -> list[RawPart]:
    """Reads a segmentation.

    Args:
        name: The object, as problems name it.
        segmentation: What the file says.
        size: Width and height of the picture as the file says; None if it does not.
        problems: Where problems are added.
        box: The object's box as the file says; None if it does not.

    Returns:
        The parts of the object; none if there is no mask, or with a problem if it cannot be read.

    Raises:
        GeometryError: The coordinates or the nesting of its lists make no polygons.
    """
    plain, writing = plain_segmentation(segmentation, box)
    if is_empty(plain):
        return []
    if not writing:
        return _parts(name, plain, size, problems)
    problems.add("segmentation-dialect", f"Its segmentation is written as {writing}; it was read anyway.", name)
    further = Problems(problems.file)
    parts = _parts(name, plain, size, further)
    # How lists are nested is a part of the dialect.
    problems.found += [problem for problem in further.found if problem.severity != "F"]
    return parts


def _parts(name: str, segmentation: Any, size: tuple[int, int] | None, problems: Problems) -> list[RawPart]:
    """The parts of an object with a segmentation that is no text."""
    if isinstance(segmentation, dict):
        return _mask_parts(name, [segmentation], size, problems)
    if not isinstance(segmentation, list):
        problems.add("shape-malformed", "Its segmentation is neither a list of polygons nor run lengths.", name)
        return []
    if any(isinstance(item, dict) for item in segmentation):
        return _mask_parts(name, _listed_masks(name, segmentation, problems), size, problems)
    return _polygon_parts(name, segmentation, problems)


def _listed_masks(name: str, segmentation: list[Any], problems: Problems) -> list[dict[str, Any]]:
    """The masks in a list that should have been a single one."""
    if not all(isinstance(item, dict) for item in segmentation):
        raise GeometryError("shape-malformed", "Its segmentation is a list of dictionaries and other things.")
    if not all({"size", "counts"} <= item.keys() for item in segmentation):
        raise GeometryError("shape-malformed", "Its segmentation lists a dictionary without size and counts: no mask.")
    problems.add("segmentation-nested", "Its mask of run lengths is in a list; it was read anyway.", name)
    return segmentation


def _mask_parts(
    name: str, masks: list[dict[str, Any]], size: tuple[int, int] | None, problems: Problems
) -> list[RawPart]:
    """Masks of run lengths as parts; none with a problem if one of them is broken."""
    parts: list[RawPart] = []
    try:
        for mask in masks:
            height, width = (size[1], size[0]) if size else mask["size"]
            plain = _without_bytes_text(name, mask, problems)
            parts.append(RawPart(name, rle=parse_rle(plain, int(height), int(width))))
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error) if type(error) is ValueError else "its mask has no size"
        problems.add("rle-malformed", f"The annotation is broken: {reason}.", name)
        return []
    return parts


def _without_bytes_text(name: str, mask: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """A mask whose counts are not the text ``b'...'``, which ``str()`` makes of the bytes of pycocotools."""
    counts = mask.get("counts")
    # COCO's compressed text has no quotation marks, and of the characters that it has only the backslash is doubled.
    if not isinstance(counts, str) or (counts[:2], counts[-1:]) not in (("b'", "'"), ('b"', '"')):
        return mask
    problems.add("rle-bytes-text", "Its run lengths are written as Python shows bytes; they were read anyway.", name)
    return {**mask, "counts": counts[2:-1].replace("\\\\", "\\")}


def _polygon_parts(name: str, segmentation: list[Any], problems: Problems) -> list[RawPart]:
    """The polygons of an object; one that is not in a list of polygons is read as one."""
    if not isinstance(segmentation[0], list):
        problems.add("segmentation-flat", "Its polygon is a flat list of numbers; it was read anyway.", name)
        return [RawPart(name, ring=to_points(segmentation))]
    polygons = [polygon for polygon in segmentation if polygon != []]
    rings = [to_points(polygon) for polygon in _flat_polygons(polygons)]
    lengths = [len(ring) for ring in rings]
    # Points and short lists in one list are either the points of an outline or specks: nobody can tell.
    if len(rings) >= 3 and 1 in lengths and max(lengths) < 3:
        raise GeometryError("shape-malformed", "Its segmentation has lists of one and of two points, but no polygon.")
    if any(map(_is_nested, polygons)) or len(rings) < len(polygons):
        problems.add("segmentation-nested", "Its lists are nested unlike COCO's; it was read anyway.", name)
    return [RawPart(name, ring=ring) for ring in rings]


def _flat_polygons(polygons: list[Any]) -> list[Any]:
    """Polygons as `to_points` takes them, whichever way lists are nested.

    Three or more points beside each other are one outline, as ``contour.squeeze().tolist()`` and ``contour.tolist()``
    write OpenCV's contours. Read as polygons they would have one point each.
    """
    if len(polygons) >= 3 and (all(map(_is_point, polygons)) or _is_contour(polygons)):
        polygons = [polygons]
    unwrapped: list[Any] = []
    for polygon in polygons:
        unwrapped.extend(polygon if _holds_polygons(polygon) else [polygon])
    flat: list[Any] = []
    for polygon in unwrapped:
        points = [point for (point,) in polygon] if _is_contour(polygon) else polygon
        if isinstance(points, list) and any(_is_nested(point) for point in points):
            raise GeometryError("shape-malformed", "Its segmentation has lists nested in a way that is not known.")
        flat.append(points)
    return flat


def _is_point(item: Any) -> bool:
    """Whether something is a list of two numbers, or of what stands in their place."""
    return isinstance(item, list) and len(item) == 2 and not _is_nested(item)


def _is_contour(item: Any) -> bool:
    """Whether something is a contour of OpenCV's: a list of points, each in a list of its own."""
    return isinstance(item, list) and all(
        isinstance(point, list) and len(point) == 1 and _is_point(point[0]) for point in item
    )


def _holds_polygons(item: Any) -> bool:
    """Whether something is a list of polygons where a polygon should be: there is a list too many around them."""
    if not isinstance(item, list) or not all(isinstance(polygon, list) for polygon in item):
        return False
    return all(len(polygon) >= (3 if _is_nested(polygon) else 6) for polygon in item)


def _is_nested(item: Any) -> bool:
    """Whether something is a list with lists or dictionaries in it."""
    return isinstance(item, list) and any(isinstance(value, list | dict) for value in item)
