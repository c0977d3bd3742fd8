"""Reading the JSON files of VIA, the VGG Image Annotator: projects of version 2, and exports of versions 1 and 2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.drawn_shapes import box_object, ellipse_parts, picture_beside, stroke_parts
from yolact_kit.annotations.readers.jobs import Pending, UnclearClassError, picture_jobs
from yolact_kit.annotations.source import RawObject, RawPart, RawPicture
from yolact_kit.errors import UserError
from yolact_kit.shapes.rings import GeometryError, Ring, circle_ring, rectangle_ring, to_points

_CLASS_NAMES = (
    {"class", "classes", "class_name", "label", "labels", "category", "클래스", "라벨", "레이블"},
    {"name", "type", "object", "kind", "이름", "종류", "분류"},
)
"""Names that people give to the attribute with the class: those that mean nothing else, then the others."""

_SIGN = re.compile(r'"(_via_settings|_via_img_metadata|shape_attributes|file_attributes)"\s*:')


class ViaFormat(LabelFormat):
    """VIA's JSON, a project or an export of annotations, for all pictures or for those of a split."""

    name = "via"
    title = "VIA"
    suffixes = (".json",)
    sign = "JSON files with VIA's 'regions'"
    lists_pictures = True
    boxes_only = "The regions are rectangles only: there is nothing to learn masks from."
    boxes_advice = "Use rectangles as masks with --box-as-mask; the model then learns rectangles."

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        return _SIGN.search(text) is not None

    def jobs(self, context: ReadContext) -> Jobs:
        """Reads all files before it decides which attribute is the class: one without regions cannot tell."""
        files: list[tuple[ViaFile, Problems]] = []
        for path in context.labels.files:
            problems = Problems(context.folder.name(path))
            file = load_via(path, problems)
            context.problems.found += problems.found
            if file is not None:
                files.append((file, problems))
        options = with_class_attribute([file for file, _ in files], context.options)
        items: list[Pending] = []
        for file, problems in files:
            items += via_pictures(file, options, problems)
        return picture_jobs(items, context, self)


FORMAT = ViaFormat()


@dataclass(slots=True)
class ViaFile:
    """What one file of VIA says, before classes are known.

    Attributes:
        path: The file.
        entries: Its pictures as they stand there.
        attributes: Names of the attributes that regions have, in the order in which they come.
        folder: The folder of the pictures, as the project's settings name it.
    """

    path: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    folder: str = ""


def read_via(path: Path, options: ReadOptions, problems: Problems) -> list[tuple[RawPicture, Problems]]:
    """Reads a JSON file of VIA by itself.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems of the file as a whole are added.

    Returns:
        Its pictures, each with the problems of its regions; none, with a problem, where it cannot be read.

    Raises:
        UserError: It is unclear which attribute of the regions is the class.
    """
    file = load_via(path, problems)
    if file is None:
        return []
    return via_pictures(file, with_class_attribute([file], options), problems)


def load_via(path: Path, problems: Problems) -> ViaFile | None:
    """Reads a file as far as that goes without knowing which attribute is the class.

    Args:
        path: The file.
        problems: Where problems of the file as a whole are added.

    Returns:
        What it says; None with a problem where it cannot be read or is not VIA's.
    """
    document = read_json(path, problems)
    if document is None:
        return None
    if not isinstance(document, dict) or not ("_via_img_metadata" in document or _is_export(document)):
        problems.add("file-not-annotation", "It is JSON, but has no pictures with regions, so it is not VIA.")
        return None
    pictures = document.get("_via_img_metadata", document)
    file = ViaFile(path, _entries(pictures, problems), folder=_default_folder(document))
    names = list(_dictionary(_dictionary(document.get("_via_attributes")).get("region")))
    for entry in file.entries:
        for region in _regions(entry):
            names += _attributes(region)
    file.attributes = list(dict.fromkeys(names))
    return file


def _entries(pictures: Any, problems: Problems) -> list[dict[str, Any]]:
    """The pictures of a document that have a name."""
    entries: list[dict[str, Any]] = []
    for number, entry in enumerate(_dictionary(pictures).values(), start=1):
        name = _dictionary(entry).get("filename")
        if isinstance(name, str) and name.strip():
            entries.append(entry)
        else:
            problems.add("file-malformed", "It has no file name.", f"picture {number}")
    return entries


def _is_export(document: dict[str, Any]) -> bool:
    """Whether a document is an export of annotations: pictures by their names and sizes."""
    return any(isinstance(entry, dict) and "regions" in entry for entry in document.values())


def _default_folder(document: dict[str, Any]) -> str:
    core = _dictionary(_dictionary(document.get("_via_settings")).get("core"))
    folder = core.get("default_filepath")
    return folder if isinstance(folder, str) else ""


def _dictionary(value: Any) -> dict[str, Any]:
    """A value where it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def _regions(entry: dict[str, Any]) -> list[Any]:
    """The regions of a picture: a list, or numbered by keys as version 1 has them."""
    regions = entry.get("regions")
    if isinstance(regions, dict):
        return list(regions.values())
    return regions if isinstance(regions, list) else []


def _attributes(region: Any) -> dict[str, Any]:
    return _dictionary(_dictionary(region).get("region_attributes"))


def with_class_attribute(files: list[ViaFile], options: ReadOptions) -> ReadOptions:
    """Finds out which attribute of the regions is the class.

    It is the one that ``--class-attribute`` names, else the only one, else the only one with a name such as ``class``.
    Where regions have no attributes at all, they are of the only class of ``--classes``.

    Args:
        files: All files of the source.
        options: How labels are read.

    Returns:
        The options with the attribute in them; without one where there is none.

    Raises:
        UnclearClassError: Several attributes could be the class.
        UserError: No region has the attribute that is named, or any.
    """
    names = list(dict.fromkeys(name for file in files for name in file.attributes))
    if options.class_attribute is not None:
        if options.class_attribute in names:
            return options
        listed = ", ".join(f"'{name}'" for name in names) or "none"
        raise UserError(
            f"No region has the attribute '{options.class_attribute}'. They have {listed}.", "Check --class-attribute."
        )
    if not names:
        _check_one_class(files, options)
        return options
    attribute = _likely_attribute(names)
    if attribute is None:
        raise UnclearClassError(names)
    return replace(options, class_attribute=attribute)


def _check_one_class(files: list[ViaFile], options: ReadOptions) -> None:
    """Refuses regions without attributes where ``--classes`` does not say what they are."""
    has_regions = any(_regions(entry) for file in files for entry in file.entries)
    if has_regions and len(options.classes or ()) != 1:
        raise UserError(
            "The regions have no attributes, so their class is unclear.",
            "If all are of one class, name it with --classes NAME; otherwise give them an attribute in VIA.",
        )


def _likely_attribute(names: list[str]) -> str | None:
    """The only attribute, or the only one with a name that people give to the class."""
    if len(names) == 1:
        return names[0]
    for usual in _CLASS_NAMES:
        likely = [name for name in names if name.strip().casefold() in usual]
        if likely:
            return likely[0] if len(likely) == 1 else None
    return None


def via_pictures(file: ViaFile, options: ReadOptions, problems: Problems) -> list[tuple[RawPicture, Problems]]:
    """The pictures of a file with their objects.

    Args:
        file: What the file says.
        options: How labels are read, as `with_class_attribute` gave them.
        problems: Problems of the file as a whole.

    Returns:
        The pictures, each with the problems of its regions.
    """
    pictures: list[tuple[RawPicture, Problems]] = []
    for entry in file.entries:
        name = entry["filename"].strip()
        raw = RawPicture(
            source=file.path,
            reference=picture_beside(file.path, name, (file.folder, "")) or name,
            stem=PurePosixPath(name.replace("\\", "/")).stem,
            size=None,
            # VIA leaves the drawing to the browser, and browsers obey the EXIF orientation since 2020.
            upright=True,
        )
        own = Problems(problems.file)
        for number, region in enumerate(_regions(entry), start=1):
            item = _object(f"{name}: region {number}", region, options, own)
            if item is not None:
                raw.objects.append(item)
        pictures.append((raw, own))
    return pictures


def _object(name: str, region: Any, options: ReadOptions, problems: Problems) -> RawObject | None:
    """One region as an object; None with a problem where it is none."""
    shape = _dictionary(region).get("shape_attributes")
    attributes = _attributes(region)
    try:
        if not isinstance(shape, dict):
            raise GeometryError("shape-malformed", "It has no shape.")
        label = _label(attributes, options)
        name = f"{name} ({label})" if label else name
        others = {key: value for key, value in attributes.items() if key != options.class_attribute}
        extra = {"attributes": others} if others else {}
        if shape.get("name") == "rect":
            return box_object(name, label, _rect_corners(shape), extra, options)
        parts = _parts(name, shape, options, problems)
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None
    return RawObject(name, label, parts, extra=extra) if parts else None


def _label(attributes: dict[str, Any], options: ReadOptions) -> str:
    """The class of a region; empty where it has none."""
    if options.class_attribute is None:
        return options.classes[0] if options.classes else ""
    value = attributes.get(options.class_attribute)
    if isinstance(value, dict):  # a group of checkboxes
        checked = [str(option) for option, state in value.items() if state]
        if len(checked) > 1:
            raise GeometryError("shape-malformed", f"It is of several classes: {', '.join(checked)}.")
        return checked[0] if checked else ""
    if isinstance(value, list):
        raise GeometryError("shape-malformed", "Its class is a list.")
    return "" if value is None else str(value)


def _parts(name: str, shape: dict[str, Any], options: ReadOptions, problems: Problems) -> list[RawPart]:
    """The area of a region that is not a rectangle."""
    kind = shape.get("name")
    if kind == "polygon" or (kind == "polyline" and _is_closed(_points(shape))):
        return [RawPart(name, ring=_open(_points(shape)))]
    if kind == "circle":
        return _circle_parts(name, shape, problems)
    if kind == "ellipse":
        centre, radii = _numbers(shape, "cx", "cy", "rx", "ry")
        return ellipse_parts(name, centre, radii, _number(shape.get("theta", 0)), problems)
    if kind == "polyline":
        line = _points(shape)
        return stroke_parts(name, kind, [line] if len(line) else [], options, problems)
    if kind == "point":
        return stroke_parts(name, kind, [_numbers(shape, "cx", "cy")], options, problems)
    problems.add("shape-type-skipped", f"Shapes of the type '{str(kind)[:40]}' are unknown.", name)
    return []


def _circle_parts(name: str, shape: dict[str, Any], problems: Problems) -> list[RawPart]:
    """The outline of a circle."""
    ((x, y),) = _numbers(shape, "cx", "cy")
    radius = _number(shape.get("r"))
    if radius <= 0:
        problems.add("circle-zero", "It is a circle without a radius.", name)
        return []
    return [RawPart(name, ring=circle_ring(np.array([[x, y], [x + radius, y]])))]


def _points(shape: dict[str, Any]) -> Ring:
    """The points of a polygon or line, whose x and y are two lists."""
    x, y = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(x, list) or not isinstance(y, list):
        raise GeometryError("shape-malformed", "It has no lists of x and y.")
    if len(x) != len(y):
        raise GeometryError("coordinates-odd", f"It has {len(x)} numbers for x and {len(y)} for y.")
    return to_points([list(point) for point in zip(x, y, strict=True)])


def _open(ring: Ring) -> Ring:
    """A ring without its last point where that is the first one again, as version 1 closes its polygons."""
    return ring[:-1] if _is_closed(ring) else ring


def _is_closed(points: Ring) -> bool:
    """Whether a line ends where it began, so that it is an outline: some people draw objects so."""
    return len(points) > 3 and bool((points[0] == points[-1]).all())


def _number(value: Any) -> float:
    return float(to_points([value, 0])[0, 0])


def _numbers(shape: dict[str, Any], *names: str) -> Ring:
    """Attributes of a shape as points, [P, 2]."""
    missing = [name for name in names if shape.get(name) is None]
    if missing:
        raise GeometryError("shape-malformed", f"It lacks {', '.join(missing)}.")
    return to_points([shape[name] for name in names])


def _rect_corners(shape: dict[str, Any]) -> Ring:
    """The corners of a rectangle."""
    corner, extent = _numbers(shape, "x", "y", "width", "height")
    if (extent <= 0).any():
        raise GeometryError("area-zero", "Its rectangle encloses nothing.")
    return rectangle_ring(np.array([corner, corner + extent]))
