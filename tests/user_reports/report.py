"""A report of a user: where it was made, what was in the folder, and how converting that folder ends here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.annotations.making import HEIGHT, WIDTH, picture

SQUARE = [[30.0, 5.0], [45.0, 5.0], [45.0, 20.0], [30.0, 20.0]]
"""A second polygon, beside TRIANGLE."""


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        link: The public thread, short: ``"wkentaro/labelme/issues/1437"``.
        make: Writes the situation into an empty folder.
        options: Options of ``convert``.
        code: How it ends.
        objects: How many objects the data set has; None if none is written.
        says: What the messages must hold.
        labels: How many objects each class has; empty where ``objects`` says enough.
    """

    link: str
    make: Callable[[Path], None]
    options: tuple[str, ...] = ()
    code: int = 0
    objects: int | None = 1
    says: tuple[str, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)


def write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def pictures(folder: Path, *names: str, **options: Any) -> None:
    """Writes pictures that differ."""
    for seed, name in enumerate(names):
        picture(folder / name, seed, **options)


def flat(points: list[list[float]]) -> list[float]:
    return [number for point in points for number in point]


def image(number: Any, name: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> dict[str, Any]:
    """An entry of COCO's ``images``."""
    return {"id": number, "file_name": name, "width": size[0], "height": size[1]}


def annotation(number: Any, of: Any, category: Any, points: Any = SQUARE, **more: Any) -> dict[str, Any]:
    """An entry of COCO's ``annotations``: one polygon, unless ``more`` has another segmentation."""
    entry = {"id": number, "image_id": of, "category_id": category, "segmentation": [flat(points)]}
    return {**entry, "area": 225.0, "bbox": [30.0, 5.0, 15.0, 15.0], "iscrowd": 0, **more}


def coco(images: list[Any], annotations: list[Any], categories: dict[Any, str] | list[Any]) -> dict[str, Any]:
    """A COCO document; categories by id, or as they stand in the file."""
    if isinstance(categories, dict):
        categories = [{"id": number, "name": name} for number, name in categories.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def cvat_image(number: int, name: str, shapes: str, more: str = "") -> str:
    """An ``<image>`` of CVAT's XML."""
    return f'<image id="{number}" name="{name}" width="{WIDTH}" height="{HEIGHT}"{more}>{shapes}</image>'


def cvat(folder: Path, *images: str) -> None:
    write_text(folder / "annotations.xml", f"<annotations><version>1.1</version>{''.join(images)}</annotations>")


def cvat_points(points: list[list[float]]) -> str:
    return ";".join(f"{x},{y}" for x, y in points)


def shares(points: list[list[float]]) -> str:
    """Points as YOLO writes them."""
    return " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in points)
