"""What programs for drawing shapes have in common: boxes without a mask, ellipses, lines and dots."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import RawObject, RawPart
from yolact_kit.pixels.formats import EXTENSIONS, is_picture
from yolact_kit.shapes.rings import Ring, ellipse_ring, stroke_rings


def box_object(name: str, label: str, corners: Ring, extra: dict[str, Any], options: ReadOptions) -> RawObject:
    """An object that was drawn as a box, which becomes its mask only with ``--box-as-mask``.

    Args:
        name: Its name in problems.
        label: Its label as it stands in the file.
        corners: The corners of the box, float64 [4, 2], x y in pixels.
        extra: What COCO has no field for.
        options: How labels are read.

    Returns:
        The object; without parts if boxes are not used as masks.
    """
    parts = [RawPart(name, ring=corners)] if options.box_as_mask else []
    (x1, y1), (x2, y2) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return RawObject(name, label, parts, box=(x1, y1, x2, y2), extra=extra)


def ellipse_parts(name: str, centre: Ring, radii: Ring, angle: float, problems: Problems) -> list[RawPart]:
    """The outline of an ellipse, or a problem if it encloses nothing.

    Args:
        name: Its name in problems.
        centre: Its centre, [2], x y in pixels.
        radii: Half its extent along its own two axes, [2].
        angle: How far it is turned clockwise, in radians.
        problems: Where problems are added.

    Returns:
        One part, or none.
    """
    if (radii <= 0).any():
        problems.add("area-zero", "It is an ellipse without an area.", name)
        return []
    return [RawPart(name, ring=ellipse_ring(centre, radii, angle))]


def stroke_parts(name: str, kind: str, strokes: list[Ring], options: ReadOptions, problems: Problems) -> list[RawPart]:
    """Lines or dots, drawn with the pen of ``--line-width``; a problem without it, since they enclose no area.

    Args:
        name: Their name in problems.
        kind: What their format calls such a shape.
        strokes: The lines, each [P, 2] with P of at least 1; a dot has one point.
        options: How labels are read.
        problems: Where problems are added.

    Returns:
        The outlines of what the pen covers.
    """
    if options.line_width is None or not strokes:
        problems.add("shape-type-skipped", f"A {kind} encloses no area.", name)
        return []
    parts: list[RawPart] = []
    for stroke in strokes:
        parts += [RawPart(name, ring=ring) for ring in stroke_rings(stroke, options.line_width)]
    return parts


def picture_beside(source: Path, name: str, folders: tuple[str, ...]) -> str:
    """The path of a picture relative to its annotation file, in any of the usual folders.

    Programs write only the name, and put the pictures into a folder beside the file when they export both.

    Args:
        source: The annotation file.
        name: The picture's name or path, with or without its suffix.
        folders: Folders that it may lie in, seen from the annotation file, the likeliest first.

    Returns:
        The path with forward slashes; empty where no such file exists.
    """
    name = name.replace("\\", "/")
    usual = sorted(EXTENSIONS, key=lambda suffix: (suffix not in (".png", ".jpg"), suffix))
    suffixes = [""] if is_picture(name) else [form for suffix in usual for form in (suffix.upper(), suffix)]
    for folder in folders:
        for suffix in suffixes:
            path = PurePosixPath(folder, name + suffix).as_posix()
            if _is_file(source.parent / path):
                return path
    return ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # The name is too long, say.
        return False
