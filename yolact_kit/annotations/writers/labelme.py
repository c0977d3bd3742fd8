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

Shape = dict[str, Any]
"""A shape as it stands in labelme's JSON."""

_VERSION = "5.5.0"
_OF_DOCUMENT = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", SKIPPED_SHAPES}
_OF_SHAPE = {"label", "points", "group_id", "description", "shape_type", "flags", "mask", "parts"}


def write_labelme(dataset: Dataset, folder: Path, problems: Problems, base: Path | None = None) -> None:
    """Writes a labelme file for each picture, and a list of the pictures of each split.

    Args:
        dataset: The data set.
        folder: The folder to write to.
        problems: Where problems are added; there are none, since labelme's files have room for everything.
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
        picture: The picture with its objects. What labelme said of them before is in their ``extra``.

    Returns:
        The document, without the picture itself.

    Example:
        >>> nut = Instance("nut", [np.array([[1.0, 1.0], [5.0, 1.0], [3.0, 6.0]])])
        >>> labelme_document(Picture("a.jpg", 8, 8, Path("a.jpg"), [nut]))["shapes"][0]["points"]
        [[1.0, 1.0], [5.0, 1.0], [3.0, 6.0]]
    """
    kept = picture.extra
    shapes: list[Shape] = []
    given = [_own_group(instance) for instance in picture.instances]
    fresh = count(1 + max((group for group in given if group is not None), default=0))
    taken: set[tuple[int, str]] = set()
    for instance, group in zip(picture.instances, given, strict=True):
        found = _shapes(instance, picture)
        if (group is None and len(found) > 1) or (group, instance.label) in taken:
            group = next(fresh)
        if group is not None:
            taken.add((group, instance.label))
        shapes += [{**shape, "group_id": group} for shape in found]
    return {
        "version": str(kept.get("version") or _VERSION),
        "flags": _flags(kept.get("flags")),
        "shapes": shapes + [_skipped(shape) for shape in kept.get(SKIPPED_SHAPES, [])],
        "imagePath": PurePosixPath(picture.file).name,
        "imageData": None,
        "imageHeight": picture.height,
        "imageWidth": picture.width,
        **{key: value for key, value in kept.items() if key not in _OF_DOCUMENT},
    }


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


def _shapes(instance: Instance, picture: Picture) -> list[Shape]:
    """The shapes that the object was drawn as, where they still are what the object is; else polygons or a mask."""
    own = {key: value for key, value in instance.extra.items() if key != "parts"}
    extras = instance.extra.get("parts") or [own]
    rings = instance.polygons if len(instance.polygons) == len(extras) else []
    drawn = [_as_drawn(instance, picture, extra, ring) for extra, ring in zip_longest(extras, rings)]
    shapes = [shape for shape in drawn if shape is not None]
    if len(shapes) == len(extras) and _is_same(shapes, instance, picture):
        return shapes
    if instance.rle is not None:
        return [_shape(instance, own, **_mask(instance, picture, own))]
    return [_shape(instance, own, points=ring.tolist(), shape_type="polygon") for ring in instance.polygons]


def _as_drawn(instance: Instance, picture: Picture, extra: dict[str, Any], ring: Ring | None) -> Shape | None:
    kind = str(extra.get("shape_type") or "polygon")
    if "points" not in extra and ring is not None:
        return _shape(instance, extra, points=ring.tolist(), shape_type="polygon")
    if kind == "mask" and "mask" not in extra and "parts" not in instance.extra and instance.rle is not None:
        return _shape(instance, extra, **_mask(instance, picture, extra))
    if "points" in extra:
        mask = {"mask": extra["mask"]} if "mask" in extra else {}
        return _shape(instance, extra, points=extra["points"], shape_type=kind, **mask)
    return None


def _is_same(shapes: list[Shape], instance: Instance, picture: Picture) -> bool:
    """Whether shapes, once read, are the object: its picture or its points may have been changed since."""
    if all("mask" not in shape and shape["shape_type"] == "polygon" for shape in shapes) and instance.rle is None:
        return True
    size = picture.width, picture.height
    objects = read_shapes([{**shape, "group_id": 0} for shape in shapes], ReadOptions(), Problems())
    again = to_instances(objects, *size, ReadOptions(), Problems())
    return len(again) == 1 and again[0].encode(*size[::-1]) == instance.encode(*size[::-1])


def _shape(instance: Instance, extra: dict[str, Any], **more: Any) -> Shape:
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


def _skipped(given: Shape) -> Shape:
    """A shape that was no object, as it was."""
    none = Instance(given["label"], extra=given)
    points = to_points(given["points"]).tolist()
    kind = str(given.get("shape_type") or "polygon")
    shape = _shape(none, given, points=points, shape_type=kind, mask=given.get("mask"))
    return {**shape, "group_id": _own_group(none)}


def _flags(given: Any) -> dict[str, bool]:
    items = given.items() if isinstance(given, dict) else ()
    return {str(name): value for name, value in items if isinstance(value, bool)}


def _mask(instance: Instance, picture: Picture, extra: dict[str, Any]) -> Shape:
    """The object as a ``mask`` shape, in the frame that it was drawn in where it still fits."""
    assert instance.rle is not None
    mask = decode_rle(instance.rle)
    x, y, width, height = (int(value) for value in instance.box())
    points = [[x, y], [x + width - 1, y + height - 1]]
    if extra.get("shape_type") == "mask" and len(extra.get("points", [])) == 2:
        frame = to_points(extra["points"])
        (x1, y1), (x2, y2) = np.floor(frame.min(axis=0)).astype(int), np.floor(frame.max(axis=0)).astype(int)
        inside = x1 >= 0 and y1 >= 0 and x2 < picture.width and y2 < picture.height
        if inside and x1 <= x and y1 <= y and x2 >= points[1][0] and y2 >= points[1][1]:
            x, y, width, height, points = x1, y1, x2 - x1 + 1, y2 - y1 + 1, extra["points"]
    stream = io.BytesIO()
    Image.fromarray(mask[y : y + height, x : x + width] * np.uint8(255)).save(stream, format="PNG")
    return {"points": points, "shape_type": "mask", "mask": base64.b64encode(stream.getvalue()).decode("ascii")}
