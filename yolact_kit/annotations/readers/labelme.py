"""Reading labelme's files, of versions 3 to 7."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.matching import embedded_bytes, match
from yolact_kit.annotations.objects import IGNORED, NO_LABELS
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.drawn_shapes import stroke_parts
from yolact_kit.annotations.source import SKIPPED_SHAPES, PictureResult, RawObject, RawPart, RawPicture
from yolact_kit.annotations.source_folder import name_below
from yolact_kit.annotations.split_lists import SplitLists, read_lists
from yolact_kit.shapes.rings import GeometryError, Ring, circle_ring, rectangle_ring, to_points

_OWN_KEYS = {"shapes", "imageData", "imageHeight", "imageWidth"}
_OUTLINES = {"polygon", "rectangle", "circle", "oriented_rectangle", "rotation", "quadrilateral"}
_STROKES = {"line", "linestrip", "point", "points"}

_NO_GROUP = {"", "null", "none", "nan", "undefined"}
"""Text that stands for no group, in lower case."""

CROWD_FLAG = "iscrowd"
"""The flag that makes a shape a region of many objects, as COCO's key of the same name does."""


class LabelmeFormat(LabelFormat):
    """labelme's JSON, a file for each picture."""

    name = "labelme"
    title = "labelme"
    suffixes = (".json",)
    sign = "JSON files with 'shapes'"

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        return re.search(r'"shapes"\s*:', text) is not None

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        lists = read_lists(context.folder.top_files)
        read = partial(_read_job, root=context.folder.root, index=context.index, options=context.options, lists=lists)
        return Jobs(read, context.labels.files)


FORMAT = LabelmeFormat()


def _read_job(path: Path, root: Path, index: PictureIndex, options: ReadOptions, lists: SplitLists) -> PictureResult:
    """Reads one file and its picture."""
    problems = Problems(name_below(root, path))
    raw = read_labelme(path, options, problems)
    if raw is None:
        return PictureResult(None, problems.found)
    result = match(raw, index, options, problems)
    if result.labelled is not None:
        result.split = lists.split_of(PurePosixPath(result.labelled.picture.file))
    return result


def read_labelme(path: Path, options: ReadOptions, problems: Problems) -> RawPicture | None:
    """Reads one labelme file.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        What it says; None with a problem where it cannot be read or is not labelme's.
    """
    document = read_json(path, problems)
    if document is None:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
        problems.add("file-not-annotation", "It is JSON, but has no list of shapes, so it is not labelme.")
        return None
    reference = document.get("imagePath")
    embedded = document.get("imageData")
    size = _side(document.get("imageWidth")), _side(document.get("imageHeight"))
    return RawPicture(
        source=path,
        reference=reference if isinstance(reference, str) else "",
        stem=path.stem,
        size=(size[0], size[1]) if size[0] and size[1] else None,
        objects=read_shapes(document["shapes"], options, problems),
        embedded=embedded if isinstance(embedded, str) and embedded else None,
        upright=True,
        by_path=True,
        extra=_extra(document, options),
    )


def _extra(document: dict[str, Any], options: ReadOptions) -> dict[str, Any]:
    """Everything in a file besides its objects, including shapes that are not objects."""
    extra = {key: value for key, value in document.items() if key not in _OWN_KEYS}
    skipped = [shape for shape in document["shapes"] if _is_no_object(shape, options)]
    return {**extra, SKIPPED_SHAPES: skipped} if skipped else extra


def _is_no_object(shape: Any, options: ReadOptions) -> bool:
    """Whether a shape is valid but not an object: a line or a point, or one labelled as background or to be ignored."""
    if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
        return False
    stroke = str(shape.get("shape_type")) in _STROKES and options.line_width is None
    if not stroke and not _means_none(shape["label"], options):
        return False
    try:
        return len(to_points(shape.get("points"))) > 0
    except GeometryError:
        return False


def _means_none(label: str, options: ReadOptions) -> bool:
    return label.strip() in (NO_LABELS - IGNORED if options.ignore_as_crowd else NO_LABELS)


def embedded_picture(path: Path) -> bytes:
    """The picture embedded in a labelme file that `read_labelme` has read before.

    Args:
        path: The labelme file.

    Returns:
        The content of the picture file.
    """
    document = read_json(path, Problems())
    return embedded_bytes(document["imageData"]) or b""


def _side(value: Any) -> int | None:
    try:
        side = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return side if side > 0 else None


def read_shapes(shapes: list[Any], options: ReadOptions, problems: Problems) -> list[RawObject]:
    """Reads the shapes of a file and puts those of one group together.

    Args:
        shapes: The shapes as they stand there.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        The objects.
    """
    # Shapes of one group and one label are one object. Of a group with several labels each label is an object of its
    # own, and that is reported: the group was probably meant otherwise.
    objects: list[RawObject] = []
    groups: dict[tuple[str, str], RawObject] = {}
    labels: dict[str, set[str]] = defaultdict(set)
    for number, shape in enumerate(shapes, start=1):
        raw = _object(number, shape, options, problems)
        if raw is None:
            continue
        group = group_of(shape)
        if group is None or raw.label.strip() in NO_LABELS:
            objects.append(raw)
            continue
        labels[group].add(raw.label)
        whole = groups.setdefault((group, raw.label), raw)
        if whole is raw:
            objects.append(raw)
        else:
            whole.extra.setdefault("parts", [dict(whole.extra)]).append(raw.extra)
            whole.parts.extend(raw.parts)
            whole.crowd = whole.crowd or raw.crowd
    for group_id, names in labels.items():
        if len(names) > 1:
            listed = ", ".join(f"'{name}'" for name in sorted(names))
            problems.add("group-labels-differ", f"Group {group_id} has shapes of the labels {listed}.")
    for raw in objects:
        _forget_outlines(raw)
    return objects


def group_of(shape: dict[str, Any]) -> str | None:
    """The group of a shape; None for all the ways in which programs write that there is none.

    Example:
        >>> group_of({"group_id": 3}), group_of({"group_id": "null"}), group_of({"group_id": 0})
        ('3', None, '0')
    """
    group = shape.get("group_id")
    if group is None or isinstance(group, bool | list | dict):
        return None
    name = str(group).strip()
    return None if name.casefold() in _NO_GROUP else name


def _forget_outlines(raw: RawObject) -> None:
    """Removes the outlines from an object's ``extra``: its polygons or its mask already hold them."""
    mixed = "parts" in raw.extra and any(part.ring is None for part in raw.parts)
    for extra in (raw.extra, *raw.extra.get("parts", [])) if not mixed else (raw.extra,):
        extra.pop("mask", None)
        if (extra.get("shape_type") or "polygon") == "polygon":
            extra.pop("points", None)


def _object(number: int, shape: Any, options: ReadOptions, problems: Problems) -> RawObject | None:
    """One shape as an object; without parts if its label says that it is none, None if it is skipped."""
    if not isinstance(shape, dict):
        problems.add("shape-malformed", "It is not a shape.", f"shape {number}")
        return None
    label = _label_text(shape.get("label"))
    if label is None:
        problems.add("shape-malformed", "Its label is not text.", f"shape {number}")
        return None
    name = f"shape {number} ({label})" if label else f"shape {number}"
    if _means_none(label, options):
        return RawObject(name, label, [])
    if shape.get("difficult") is True and options.difficult == "drop":
        problems.add("difficult-dropped", "It is marked as difficult.", name)
        return None
    try:
        parts = _parts(name, str(shape.get("shape_type") or "polygon"), shape, options, problems)
    except GeometryError as error:
        problems.add(error.code, str(error), name)
        return None
    extra = {key: value for key, value in shape.items() if key != "label"}
    return RawObject(name, label, parts, _is_crowd(shape, options), extra=extra) if parts else None


def _label_text(label: Any) -> str | None:
    """A label as text; empty if there is none, None if it is a list or a map."""
    if isinstance(label, list | dict):
        return None
    return "" if label is None else str(label)


def _is_crowd(shape: dict[str, Any], options: ReadOptions) -> bool:
    flags = shape.get("flags")
    flagged = isinstance(flags, dict) and flags.get(CROWD_FLAG) is True
    return flagged or (shape.get("difficult") is True and options.difficult == "crowd")


def _parts(name: str, kind: str, shape: dict[str, Any], options: ReadOptions, problems: Problems) -> list[RawPart]:
    """The parts of an object that a shape makes; none, with a problem, if it encloses no area."""
    if kind not in _OUTLINES | _STROKES | {"mask"}:
        problems.add("shape-type-skipped", f"Shapes of the type '{kind}' are unknown.", name)
        return []
    points = to_points(shape.get("points"))
    if kind == "mask":
        part = _mask_part(name, points, shape.get("mask"), problems)
        return [part] if part else []
    if kind in _STROKES:
        strokes = [points] if kind in ("line", "linestrip") else [point[None] for point in points]
        return stroke_parts(name, kind, strokes if len(points) else [], options, problems)
    return _outline(name, kind, points, problems)


def _outline(name: str, kind: str, points: Ring, problems: Problems) -> list[RawPart]:
    """The outline of a shape that encloses an area."""
    if kind == "rectangle" and len(points) >= 2:
        return [RawPart(name, ring=rectangle_ring(points))]
    if kind == "circle":
        if len(points) != 2:
            problems.add("shape-malformed", f"A circle has 2 points, this one {len(points)}.", name)
            return []
        ring = circle_ring(points)
        if not len(ring):
            problems.add("circle-zero", "It is a circle without a radius.", name)
            return []
        return [RawPart(name, ring=ring)]
    return [RawPart(name, ring=points)]


def _mask_part(name: str, points: Ring, encoded: Any, problems: Problems) -> RawPart | None:
    """A ``mask`` shape: a small picture of the object, whose place is the first of its two points."""
    content = embedded_bytes(encoded) if isinstance(encoded, str) else None
    try:
        with Image.open(io.BytesIO(content or b"")) as image:
            mask = np.asarray(image.convert("L") if image.mode not in ("1", "L") else image) != 0
    except Exception:  # Pillow's plugins raise nearly anything on damaged files
        problems.add("mask-bad", "Its mask is not a picture in base64.", name)
        return None
    if len(points) < 1:
        problems.add("shape-malformed", "Its mask has no points that say where it lies.", name)
        return None
    x, y = np.floor(points.min(axis=0)).astype(int)
    return RawPart(name, mask=mask, offset=(int(x), int(y)))
