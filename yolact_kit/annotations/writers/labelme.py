"""Writing labelme's files."""

from __future__ import annotations

import base64
import io
import os
from itertools import count, zip_longest
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.objects import to_instances
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.labelme import CROWD_FLAG, read_shapes
from yolact_kit.annotations.source import SKIPPED_SHAPES
from yolact_kit.json_text import json_text
from yolact_kit.shapes.rings import Ring, to_points
from yolact_kit.shapes.rle import decode_rle

LabelmeShape = dict[str, Any]
"""A shape as it stands in labelme's JSON."""
MaskFrame = tuple[int, int, int, int]
"""x1 y1 x2 y2 in pixels, both corners included."""

_VERSION = "5.5.0"
_OF_DOCUMENT = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", SKIPPED_SHAPES}
_OF_SHAPE = {"label", "points", "group_id", "description", "shape_type", "flags", "mask", "parts"}


def write_labelme(dataset: Dataset, folder: Path, problems: Problems, base: Path | None = None) -> None:
    """Writes a labelme file for each picture, and a list of the pictures of each split.

    Args:
        dataset: The data set.
        folder: The folder to write to.
        problems: Where problems are added; there are none, since labelme's files can store everything.
        base: The folder that the pictures' paths start from; None where they lie beside their labels.
    """
    for name, pictures in dataset.splits.items():
        for picture in pictures:
            path = folder / PurePosixPath(picture.file).with_suffix(".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            document = labelme_document(picture)
            if base is not None:
                document["imagePath"] = picture_reference(base / picture.file, path.parent)
            path.write_text(json_text(document, indent=True), encoding="utf-8")
        listed = "".join(f"{picture.file}\n" for picture in pictures)
        (folder / f"{name}.txt").write_text(listed, encoding="utf-8", errors="surrogateescape")


def labelme_document(picture: Picture) -> dict[str, Any]:
    """What a labelme file that lies beside a picture says of it.

    Args:
        picture: The picture with its objects. What labelme's own file said about them is in their ``extra``.

    Returns:
        The document, without the picture itself.

    Example:
        >>> nut = Instance("nut", [np.array([[1.0, 1.0], [5.0, 1.0], [3.0, 6.0]])])
        >>> labelme_document(Picture("a.jpg", 8, 8, Path("a.jpg"), [nut]))["shapes"][0]["points"]
        [[1.0, 1.0], [5.0, 1.0], [3.0, 6.0]]
    """
    extra = picture.extra
    return {
        "version": str(extra.get("version") or _VERSION),
        "flags": _flags(extra.get("flags")),
        "shapes": _all_shapes(picture) + [_skipped(shape) for shape in extra.get(SKIPPED_SHAPES, [])],
        "imagePath": PurePosixPath(picture.file).name,
        "imageData": None,
        "imageHeight": picture.height,
        "imageWidth": picture.width,
        **{key: value for key, value in extra.items() if key not in _OF_DOCUMENT},
    }


def _all_shapes(picture: Picture) -> list[LabelmeShape]:
    """The shapes of every object.

    labelme tells by the label and the group id which shapes are one object. So an object of several shapes gets a
    group id of its own where it has none, and so does one whose group id another object of its label has already.
    """
    groups = [_own_group(instance) for instance in picture.instances]
    unused = count(1 + max((group for group in groups if group is not None), default=0))
    assigned: set[tuple[int, str]] = set()
    shapes: list[LabelmeShape] = []
    for instance, group in zip(picture.instances, groups, strict=True):
        parts = _shapes(instance, picture)
        if (group is None and len(parts) > 1) or (group, instance.label) in assigned:
            group = next(unused)
        if group is not None:
            assigned.add((group, instance.label))
        shapes += [{**part, "group_id": group} for part in parts]
    return shapes


def picture_reference(picture: Path, folder: Path) -> str:
    """What a labelme file calls its picture.

    Args:
        picture: The picture.
        folder: The folder of the labelme file.

    Returns:
        The picture's path from there, or the whole path where it lies on another drive.

    Example:
        >>> picture_reference(Path("data/images/a.jpg"), Path("data/labels"))
        '../images/a.jpg'
    """
    try:
        return Path(os.path.relpath(picture, folder)).as_posix()
    except ValueError:
        return picture.resolve().as_posix()


def _own_group(instance: Instance) -> int | None:
    """The object's group as it was; labelme knows numbers only."""
    group = instance.extra.get("group_id")
    return group if isinstance(group, int) and not isinstance(group, bool) else None


def _shapes(instance: Instance, picture: Picture) -> list[LabelmeShape]:
    """The shapes that the object was drawn as, where they still are what the object is; else polygons or a mask."""
    extra = {key: value for key, value in instance.extra.items() if key != "parts"}
    shapes = _shapes_as_drawn(instance, picture, extra)
    if shapes is not None and _is_same(shapes, instance, picture):
        return shapes
    if instance.rle is not None:
        return [_shape(instance, extra, **_mask(instance, picture, extra))]
    return [_shape(instance, extra, points=ring.tolist(), shape_type="polygon") for ring in instance.polygons]


def _shapes_as_drawn(instance: Instance, picture: Picture, extra: dict[str, Any]) -> list[LabelmeShape] | None:
    """The shapes that labelme had for the object, from what was kept of each; None where that is not enough."""
    extras = instance.extra.get("parts") or [extra]
    rings = instance.polygons if len(instance.polygons) == len(extras) else []
    shapes: list[LabelmeShape] = []
    for part, ring in zip_longest(extras, rings):
        shape = _as_drawn(instance, picture, part, ring)
        if shape is None:
            return None
        shapes.append(shape)
    return shapes


def _as_drawn(instance: Instance, picture: Picture, extra: dict[str, Any], ring: Ring | None) -> LabelmeShape | None:
    """One shape as it was drawn: an outline as it is now, a mask, or what was kept of other shapes, such as circles."""
    kind = str(extra.get("shape_type") or "polygon")
    if "points" not in extra and ring is not None:
        return _shape(instance, extra, points=ring.tolist(), shape_type="polygon")
    if kind == "mask" and "mask" not in extra and "parts" not in instance.extra and instance.rle is not None:
        return _shape(instance, extra, **_mask(instance, picture, extra))
    if "points" in extra:
        mask = {"mask": extra["mask"]} if "mask" in extra else {}
        return _shape(instance, extra, points=extra["points"], shape_type=kind, **mask)
    return None


def _is_same(shapes: list[LabelmeShape], instance: Instance, picture: Picture) -> bool:
    """Whether shapes, once read, are the object: its picture or its points may have been changed since."""
    if all("mask" not in shape and shape["shape_type"] == "polygon" for shape in shapes) and instance.rle is None:
        return True
    size = picture.width, picture.height
    objects = read_shapes([{**shape, "group_id": 0} for shape in shapes], ReadOptions(), Problems())
    again = to_instances(objects, *size, ReadOptions(), Problems())
    return len(again) == 1 and again[0].encode(*size[::-1]) == instance.encode(*size[::-1])


def _shape(instance: Instance, extra: dict[str, Any], **more: Any) -> LabelmeShape:
    """A shape; labelme refuses to open a file with values of other types."""
    description = extra.get("description")
    flags = _flags(extra.get("flags"))
    return {
        "label": instance.label,
        "points": more.pop("points"),
        "group_id": None,
        "description": description if isinstance(description, str) else "",
        "shape_type": more.pop("shape_type"),
        "flags": {**flags, CROWD_FLAG: True} if instance.crowd else flags,
        "mask": more.pop("mask", None),
        **{key: value for key, value in extra.items() if key not in _OF_SHAPE},
    }


def _skipped(skipped: LabelmeShape) -> LabelmeShape:
    """A shape that was not an object, as it was."""
    no_object = Instance(skipped["label"], extra=skipped)
    points = to_points(skipped["points"]).tolist()
    kind = str(skipped.get("shape_type") or "polygon")
    shape = _shape(no_object, skipped, points=points, shape_type=kind, mask=skipped.get("mask"))
    return {**shape, "group_id": _own_group(no_object)}


def _flags(values: Any) -> dict[str, bool]:
    """Those of labelme's flags that are true or false: labelme refuses to open a file with others."""
    items = values.items() if isinstance(values, dict) else ()
    return {str(name): value for name, value in items if isinstance(value, bool)}


def _mask(instance: Instance, picture: Picture, extra: dict[str, Any]) -> LabelmeShape:
    """The object as a ``mask`` shape, in the frame that it was drawn in where it still fits.

    A frame is x1 y1 x2 y2 in pixels, both corners included: labelme stores the pixels within it as a PNG.
    """
    assert instance.rle is not None
    x, y, width, height = (int(value) for value in instance.box())
    frame = (x, y, x + width - 1, y + height - 1)
    points: list[list[float]] = [[*frame[:2]], [*frame[2:]]]
    drawn = _drawn_frame(extra)
    if drawn is not None and _holds(drawn, frame) and _holds((0, 0, picture.width - 1, picture.height - 1), drawn):
        frame, points = drawn, extra["points"]
    x1, y1, x2, y2 = frame
    pixels = decode_rle(instance.rle)[y1 : y2 + 1, x1 : x2 + 1] * np.uint8(255)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return {"points": points, "shape_type": "mask", "mask": base64.b64encode(stream.getvalue()).decode("ascii")}


def _drawn_frame(extra: dict[str, Any]) -> MaskFrame | None:
    """The frame that labelme had for a mask; None where it was another shape."""
    if extra.get("shape_type") != "mask" or len(extra.get("points", [])) != 2:
        return None
    corners = to_points(extra["points"])
    (x1, y1), (x2, y2) = np.floor(corners.min(axis=0)).astype(int), np.floor(corners.max(axis=0)).astype(int)
    return int(x1), int(y1), int(x2), int(y2)


def _holds(outer: MaskFrame, inner: MaskFrame) -> bool:
    """Whether a frame lies within another."""
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
