"""Reading CVAT's own XML files, version 1.1: those for images, and those for videos with their tracks."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.drawn_shapes import box_object, ellipse_parts, picture_beside, stroke_parts
from yolact_kit.annotations.readers.jobs import Pending, picture_jobs
from yolact_kit.annotations.source import RawObject, RawPart, RawPicture
from yolact_kit.annotations.split_lists import NAMES
from yolact_kit.annotations.textfiles import xml_root
from yolact_kit.annotations.xml_files import read_xml
from yolact_kit.shapes.rings import GeometryError, Ring, rectangle_ring, to_points, turn_ring

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WITHOUT_AREA = {"cuboid", "skeleton", "tag"}
_NO_SHAPES = {"attribute", "track"}
"""What a track holds besides its shapes; tracks within a track are the points of a skeleton."""
_NO_GROUP = {"", "0"}


class CvatFormat(LabelFormat):
    """CVAT's own XML, one file for all pictures of a task or project."""

    name = "cvat"
    title = "CVAT"
    suffixes = (".xml",)
    sign = "XML files with '<annotations>'"
    lists_pictures = True

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        return xml_root(text) == "annotations" and re.search(r"<(version|meta|image|track)\b", text) is not None

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        items: list[Pending] = []
        for path in context.labels.files:
            problems = Problems(context.folder.name(path))
            items += read_cvat(path, context.options, problems)
            context.problems.found += problems.found
        return picture_jobs(items, context, self)


FORMAT = CvatFormat()


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape in one picture; in a video its label and group are those of its track."""

    element: Element
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame of a video: each task counts its frames from 0, so the number alone is not enough."""

    task: str
    subset: str
    number: int


def read_cvat(path: Path, options: ReadOptions, problems: Problems) -> list[tuple[RawPicture, Problems]]:
    """Reads an XML file of CVAT.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems of the file as a whole are added.

    Returns:
        Its pictures, each with the problems of its shapes; none, with a problem, if it cannot be read.
    """
    root = read_xml(path, problems)
    if root is None:
        return []
    if root.tag != "annotations":
        problems.add("file-not-annotation", f"It is XML, but its root is <{root.tag}>, not CVAT's <annotations>.")
        return []
    return _images(root, path, options, problems) + _frames(root, path, options, problems)


def _images(root: Element, path: Path, options: ReadOptions, problems: Problems) -> list[tuple[RawPicture, Problems]]:
    """The pictures of a file for images."""
    pictures: list[tuple[RawPicture, Problems]] = []
    for number, element in enumerate(root.findall("image"), start=1):
        name, subset = element.get("name", "").strip(), element.get("subset", "")
        if not name:
            problems.add("file-malformed", "It has no name.", f"image {number}")
            continue
        raw = RawPicture(
            source=path,
            reference=picture_beside(path, name, _folders(subset)) or name,
            stem=PurePosixPath(name.replace("\\", "/")).stem,
            size=_size(element.get("width"), element.get("height")),
            upright=True,
            folder=subset,
            split=NAMES.get(subset.lower(), ""),
        )
        shapes = [_Shape(shape, shape.get("label", ""), shape.get("group_id", "")) for shape in element]
        own = Problems(problems.file)
        raw.objects = _objects(name, shapes, options, own)
        pictures.append((raw, own))
    return pictures


def _frames(root: Element, path: Path, options: ReadOptions, problems: Problems) -> list[tuple[RawPicture, Problems]]:
    """The frames with objects in a file for videos."""
    frames: dict[_Frame, list[_Shape]] = defaultdict(list)
    for track in root.findall("track"):
        for frame, shape in _track(track, problems):
            frames[frame].append(shape)
    sizes = _video_sizes(root)
    pictures: list[tuple[RawPicture, Problems]] = []
    for frame in sorted(frames, key=lambda frame: (frame.task, frame.number)):
        name = f"frame_{frame.number:06d}"
        raw = RawPicture(
            source=path,
            # If there is no picture beside the file, any picture with this name will do, with any suffix.
            reference=picture_beside(path, name, _folders(frame.subset)),
            stem=name,
            size=sizes.get(frame.task, sizes.get("")),
            upright=True,
            folder=frame.subset,
            split=NAMES.get(frame.subset.lower(), ""),
        )
        own = Problems(problems.file)
        raw.objects = _objects(name, frames[frame], options, own)
        pictures.append((raw, own))
    return pictures


def _folders(subset: str) -> tuple[str, ...]:
    """Where CVAT puts pictures in an export, relative to the XML file."""
    return (f"images/{subset}", "images", subset, "") if subset else ("images", "")


def _track(track: Element, problems: Problems) -> list[tuple[_Frame, _Shape]]:
    """The shapes of a track by their frames, without those that only say that the object is gone."""
    label, group, task, subset = (track.get(key, "") for key in ("label", "group_id", "task_id", "subset"))
    name = f"track {track.get('id', '?')} ({label})"
    shapes: list[tuple[_Frame, _Shape]] = []
    outside_frames: list[str] = []
    for element in track:
        if element.tag in _NO_SHAPES:
            continue
        number = element.get("frame", "")
        if not number.isdecimal() or len(number) > 9:
            problems.add("shape-malformed", f"One of its shapes is in the frame '{number[:20]}'.", name)
        elif element.get("outside") == "1":
            outside_frames.append(number)
        else:
            shapes.append((_Frame(task, subset, int(number)), _Shape(element, label, group)))
    if outside_frames:
        listed = ", ".join(outside_frames[:5]) + (
            f" and {len(outside_frames) - 5} more" if len(outside_frames) > 5 else ""
        )
        problems.add("track-outside", f"Its object is out of the picture in frame {listed}.", name)
    return shapes


def _video_sizes(root: Element) -> dict[str, tuple[int, int]]:
    """Width and height of the videos by task; an only video, with tracks that name no task, has an empty name."""
    sizes: dict[str, tuple[int, int]] = {}
    for task in root.iterfind("meta//original_size/.."):
        size = _size(task.findtext("original_size/width"), task.findtext("original_size/height"))
        if size is not None:
            sizes[(task.findtext("id") or "").strip()] = size
    if len(sizes) == 1:
        sizes[""] = next(iter(sizes.values()))
    return sizes


def _size(width: str | None, height: str | None) -> tuple[int, int] | None:
    """Width and height in pixels; None if one of them is missing or invalid."""
    try:
        sides = round(float(width or "")), round(float(height or ""))
    except (ValueError, OverflowError):
        return None
    return sides if min(sides) > 0 else None


def _objects(picture: str, shapes: list[_Shape], options: ReadOptions, problems: Problems) -> list[RawObject]:
    """The objects of a picture: shapes of one group and label are one object."""
    objects: list[RawObject] = []
    groups: dict[tuple[str, str], RawObject] = {}
    labels: dict[str, set[str]] = defaultdict(set)
    for number, shape in enumerate(shapes, start=1):
        name = f"{picture}: {shape.element.tag} {number} ({shape.label})"
        item = _object(name, shape, options, problems)
        if item is None:
            continue
        if shape.group in _NO_GROUP or not item.parts:
            objects.append(item)
            continue
        labels[shape.group].add(shape.label)
        whole = groups.setdefault((shape.group, shape.label), item)
        item.extra["group_id"] = int(shape.group) if shape.group.isdecimal() else shape.group
        if whole is item:
            objects.append(item)
        else:
            whole.extra.setdefault("parts", [dict(whole.extra)]).append(item.extra)
            whole.parts.extend(item.parts)
    for group, names in labels.items():
        if len(names) > 1:
            listed = ", ".join(f"'{name}'" for name in sorted(names))
            problems.add("group-labels-differ", f"Group {group} has shapes of the labels {listed}.", picture)
    return objects


def _object(name: str, shape: _Shape, options: ReadOptions, problems: Problems) -> RawObject | None:
    """One shape as an object; None with a problem if it is not an object."""
    element, extra = shape.element, _extra(shape.element)
    try:
        if element.tag == "box":
            corners = _box_corners(element)
            if np.ptp(corners, axis=0).min() == 0:
                raise GeometryError("area-zero", "Its box encloses nothing.")
            return box_object(name, shape.label, corners, extra, options)
        parts = _parts(name, element, options, problems)
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None
    return RawObject(name, shape.label, parts, extra=extra) if parts else None


def _extra(element: Element) -> dict[str, Any]:
    """What COCO has no field for, under the names of labelme and X-AnyLabeling."""
    extra: dict[str, Any] = {}
    if element.get("occluded") == "1":
        extra["flags"] = {"occluded": True}
    attributes = {child.get("name", ""): (child.text or "").strip() for child in element.findall("attribute")}
    if attributes:
        extra["attributes"] = attributes
    return extra


def _parts(name: str, element: Element, options: ReadOptions, problems: Problems) -> list[RawPart]:
    """The area of a shape that is not a box."""
    kind = element.tag
    if kind == "polygon":
        return [RawPart(name, ring=_points(element))]
    if kind == "mask":
        return [_mask_part(name, element, options)]
    if kind == "ellipse":
        centre, radii = _numbers(element, "cx", "cy", "rx", "ry")
        return ellipse_parts(name, centre, radii, _rotation(element), problems)
    if kind == "polyline":
        line = _points(element)
        return stroke_parts(name, kind, [line] if len(line) else [], options, problems)
    if kind == "points":
        return stroke_parts(name, "set of points", [point[None] for point in _points(element)], options, problems)
    what = f"A {kind} encloses no area" if kind in _WITHOUT_AREA else f"Shapes of the type '{kind}' are unknown"
    problems.add("shape-type-skipped", f"{what}.", name)
    return []


def _points(element: Element) -> Ring:
    """The points of ``"x,y;x,y;..."``."""
    text = element.get("points")
    if text is None:
        raise GeometryError("shape-malformed", "It has no list of points.")
    return to_points([pair.split(",") for pair in text.split(";") if pair.strip()])


def _numbers(element: Element, *names: str) -> Ring:
    """Attributes of a shape as points, [P, 2]."""
    missing = [name for name in names if element.get(name) is None]
    if missing:
        raise GeometryError("shape-malformed", f"It lacks {', '.join(missing)}.")
    return to_points([element.get(name) for name in names])


def _rotation(element: Element) -> float:
    """How far a shape is turned clockwise, in radians."""
    return math.radians(float(to_points([element.get("rotation", 0), 0])[0, 0]))


def _box_corners(element: Element) -> Ring:
    """The corners of a box, which CVAT turns about its centre."""
    corners = rectangle_ring(_numbers(element, "xtl", "ytl", "xbr", "ybr"))
    return turn_ring(corners, corners.mean(axis=0), _rotation(element))


def _mask_part(name: str, element: Element, options: ReadOptions) -> RawPart:
    """A brush mask: run lengths within a box of whole pixels."""
    left, top, width, height = (_whole(element.get(side), side) for side in ("left", "top", "width", "height"))
    if width <= 0 or height <= 0 or width * height > options.max_pixels:
        raise GeometryError("rle-malformed", f"Its mask has the size {width} x {height}.")
    runs = [_whole(run, "rle") for run in element.get("rle", "").split(",")]
    if min(runs) < 0 or sum(runs) != width * height:
        raise GeometryError(
            "rle-malformed", f"Its run lengths add up to {sum(runs)}, not to the {width * height} pixels of its box."
        )
    # Runs of background and of the object take turns, background first. They go along the rows of the box, whereas
    # COCO's go down the columns of the picture.
    is_object = np.arange(len(runs)) % 2 == 1
    mask = np.repeat(is_object, runs).reshape(height, width)
    return RawPart(name, mask=mask, offset=(left, top))


def _whole(text: str | None, attribute: str) -> int:
    """A whole number of a mask."""
    try:
        return int(text or "")
    except ValueError as error:
        value = "missing" if text is None else f"'{text[:20]}'"
        raise GeometryError("rle-malformed", f"In its mask, '{attribute}' is {value}, not a whole number.") from error
