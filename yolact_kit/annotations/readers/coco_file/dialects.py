"""What is written instead of COCO's ``segmentation``: text of any kind, points with names, GeoJSON."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from yolact_kit.shapes.rings import GeometryError

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WKT = re.compile(r"\s*(?:SRID=\d+;)?\s*(MULTI)?POLYGON\s*Z?\s*(?=\()", re.IGNORECASE)
_POINT_KEYS = ("points", "polygon", "polygons", "segmentation")
"""Names that programs give to the list of points in a dictionary."""
_NO_MASK = frozenset({"", "null", "none", "nan"})


Box = tuple[float, float, float, float]
"""x1 y1 x2 y2 in pixels."""


def plain_segmentation(segmentation: Any, box: Box | None = None) -> tuple[Any, str]:
    """Turns what programs write instead of COCO's lists and run lengths into those.

    Args:
        segmentation: What the file says.
        box: The object's box, which tells a list of x and one of y from two polygons; None if there is none.

    Returns:
        The segmentation as lists or as a dictionary of run lengths, and what it was instead as the end of a sentence
        ("text"); empty where it was neither.

    Raises:
        GeometryError: It is text that says nothing of a shape, such as the name of a file.

    Example:
        >>> plain_segmentation("[[5, 5, 25, 6, 10, 30]]")
        ([[5, 5, 25, 6, 10, 30]], 'text')
    """
    if isinstance(segmentation, str):
        return _of_text(segmentation), "text"
    if isinstance(segmentation, dict):
        return _of_dictionary(segmentation)
    if isinstance(segmentation, list) and segmentation:
        if _are_axes(segmentation, box):
            return _of_axes(*segmentation), "lists of x and y"
        return _of_list(segmentation)
    return segmentation, ""


def _are_axes(segmentation: list[Any], box: Box | None) -> bool:
    """Whether two lists of numbers are the x and the y of points, and not two polygons.

    They are if polygons cannot have so many numbers, or if the box fits them as x and y and not as polygons.
    """
    if len(segmentation) != 2 or not all(map(_are_numbers, segmentation)):
        return False
    across, down = segmentation
    if len(across) != len(down) or len(across) < 3:
        return False
    if len(across) % 2:
        return True
    as_axes = (min(across), min(down), max(across), max(down))
    numbers = [*across, *down]
    as_polygons = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    return box is not None and _fits(as_axes, box) and not _fits(as_polygons, box)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) in (int, float) for number in value)


def _fits(corners: Box, box: Box) -> bool:
    """Whether a box is that of an outline, but for rounding."""
    return all(abs(corner - side) <= 2 for corner, side in zip(corners, box, strict=True))


def _of_list(segmentation: list[Any]) -> tuple[Any, str]:
    """Lists with points that are dictionaries, or polygons that are text, in them; others are as they should be."""
    while len(segmentation) == 1 and _are_dictionaries(segmentation[0]):
        segmentation = segmentation[0]
    if all(isinstance(item, str) and not _is_number(item) for item in segmentation):
        return _of_texts(segmentation), "text"
    if _are_named_points(segmentation):
        return [_pairs(segmentation)], "points with names"
    if all(map(_are_named_points, segmentation)):
        return [_pairs(points) for points in segmentation], "points with names"
    if _are_dictionaries(segmentation):
        return [_of_dictionary(item)[0] if "counts" in item else item for item in segmentation], ""
    return segmentation, ""


def _of_texts(texts: list[str]) -> list[Any]:
    """The polygons that several texts stand for: each may be a polygon, or a list of polygons itself."""
    polygons: list[Any] = []
    for text in texts:
        value = _of_text(text)
        holds_lists = isinstance(value, list) and any(isinstance(item, list) for item in value)
        polygons += value if holds_lists else [value]
    return polygons


def _of_dictionary(segmentation: dict[str, Any]) -> tuple[Any, str]:
    """Outlines in a dictionary, as GeoJSON and VIA have them; run lengths are as they should be."""
    if "counts" in segmentation:
        return {**segmentation, "counts": _plain_counts(segmentation["counts"])}, ""
    if "coordinates" in segmentation:
        return _of_geojson(segmentation), "GeoJSON"
    if "all_points_x" in segmentation:
        return _of_axes(segmentation["all_points_x"], segmentation.get("all_points_y")), "lists of x and y"
    for key in _POINT_KEYS:
        points = segmentation.get(key)
        if isinstance(points, list) and points:
            return _of_list(points)[0], "a dictionary"
    if segmentation and "size" not in segmentation:
        names = ", ".join(f"'{key}'" for key in list(segmentation)[:4])
        raise GeometryError("shape-malformed", f"Its segmentation is a dictionary with {names}, but no run lengths.")
    return segmentation, ""


def _of_axes(across: Any, down: Any) -> list[Any]:
    """The outline whose points have their x in one list and their y in another.

    Raises:
        GeometryError: The lists do not fit each other.
    """
    if not isinstance(across, list) or not isinstance(down, list) or len(across) != len(down):
        raise GeometryError("shape-malformed", "Its lists of x and y do not fit each other.")
    return [[list(point) for point in zip(across, down, strict=True)]]


def _of_geojson(geometry: dict[str, Any]) -> Any:
    """The rings of a geometry: of a polygon, or of all polygons of several."""
    polygons = geometry["coordinates"]
    if str(geometry.get("type")).lower() == "multipolygon" and isinstance(polygons, list):
        return [ring for polygon in polygons if isinstance(polygon, list) for ring in polygon]
    return polygons


def _plain_counts(counts: Any) -> Any:
    """Run lengths as whole numbers, where they are written as fractions or as text with a number for each."""
    # Compressed run lengths are text as well, but have neither blanks nor commas.
    if isinstance(counts, str) and re.fullmatch(r"\s*\[?[\d.]+([\s,]+[\d.]+)+\]?\s*", counts):
        counts = re.findall(_NUMBER, counts)
    if isinstance(counts, list) and not all(type(count) is int for count in counts):
        try:
            numbers = [float(count) for count in counts]
        except (TypeError, ValueError):
            return counts
        return [int(number) for number in numbers] if all(number.is_integer() for number in numbers) else counts
    return counts


def _of_text(text: str) -> Any:
    """The lists, or the dictionary, that text stands for: JSON, Python or NumPy, WKT, or numbers side by side.

    Raises:
        GeometryError: It stands for none.
    """
    if text.strip().casefold() in _NO_MASK:
        return None
    if _WKT.match(text):
        return _of_wkt(text)
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list | tuple | dict):
            return plain_segmentation(_as_lists(value))[0]
    return _of_numbers(text)


def _of_wkt(text: str) -> list[list[float]]:
    """The rings of a polygon or of several in WKT, without heights."""
    rings: list[list[float]] = []
    for ring in re.findall(r"\(([^()]+)\)", text):
        points = [re.findall(_NUMBER, point)[:2] for point in ring.split(",")]
        rings.append([float(number) for point in points for number in point])
    return rings


def _of_numbers(text: str) -> Any:
    """Numbers without commas, as NumPy prints arrays, or without brackets.

    Raises:
        GeometryError: There is something else among them, or NumPy left some out.
    """
    bare = re.sub(r"array\(|dtype=\w+|\)", "", text)
    beginning = text.strip()[:40]
    if "..." in bare:
        raise GeometryError("shape-malformed", f"Its segmentation is text with numbers left out: '{beginning}'.")
    if re.sub(rf"{_NUMBER}|[\s,;\[\]]", "", bare) or not re.search(r"\d", bare):
        message = f"Its segmentation is text, but neither JSON nor WKT nor numbers: '{beginning}'."
        raise GeometryError("shape-malformed", message)
    words = re.findall(rf"{_NUMBER}|[\[\]]", bare)
    plain = ",".join(word if word in "[]" else repr(float(word)) for word in words)
    plain = plain.replace("[,", "[").replace(",]", "]")
    try:
        return json.loads(plain if "[" in plain else f"[{plain}]")
    except ValueError as error:
        raise GeometryError("shape-malformed", f"Its segmentation is broken text: '{beginning}'.") from error


def _as_lists(value: Any) -> Any:
    """Tuples as lists."""
    if isinstance(value, list | tuple):
        return [_as_lists(item) for item in value]
    return value


def _are_dictionaries(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _are_named_points(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_named_point, value))


def _is_number(text: str) -> bool:
    return re.fullmatch(rf"\s*{_NUMBER}\s*", text) is not None


def _is_named_point(item: Any) -> bool:
    """Whether something is a point such as ``{"x": 3, "y": 5}``."""
    return isinstance(item, dict) and {"x", "y"} <= {str(key).lower() for key in item} and len(item) <= 3


def _pairs(points: list[dict[str, Any]]) -> list[list[Any]]:
    lowered = [{str(key).lower(): value for key, value in point.items()} for point in points]
    return [[point["x"], point["y"]] for point in lowered]
