"""The in-memory form of labelled pictures; every file format is read into it and written from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.shapes.rle import Rle
from yolact_kit.words import counted

_MOST_CLASSES = 20
"""At most this many classes of a printed data set are listed."""
_NAME_WIDTH = 24
"""Longest class name in a printed data set, in characters."""


@dataclass(slots=True, repr=False)
class Instance:
    """One labelled object.

    Attributes:
        label: Class name.
        polygons: Outer rings, each float64 [P, 2], x y in pixels; empty where ``rle`` is set.
        rle: The mask itself, for objects with holes and for labels that came as masks.
        crowd: COCO's ``iscrowd``: a region of many objects, ignored in training and evaluation.
        extra: What the source says about the object that COCO has no field for (labelme's flags, group id, shape type).
    """

    label: str
    polygons: list[NDArray[np.float64]] = field(default_factory=list)
    rle: Rle | None = None
    crowd: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shape = "mask" if self.rle is not None else counted(len(self.polygons), "polygon")
        return f"Instance({self.label!r}, {shape}{', crowd' if self.crowd else ''})"

    def encode(self, height: int, width: int) -> Rle:
        """The object's mask as compressed RLE.

        Args:
            height: Height of the picture in pixels.
            width: Width of the picture in pixels.

        Returns:
            The mask of the picture's size.
        """
        from pycocotools import mask as coco_mask

        if self.rle is not None:
            return self.rle
        rings = [ring.reshape(-1).tolist() for ring in self.polygons]
        merged = coco_mask.merge(coco_mask.frPyObjects(rings, height, width))
        return {"size": [height, width], "counts": merged["counts"].decode("ascii")}

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """The object's mask as an array.

        Args:
            height: Height of the picture in pixels.
            width: Width of the picture in pixels.

        Returns:
            uint8 [height, width] of 0 and 1.
        """
        from pycocotools import mask as coco_mask

        rle = self.encode(height, width)
        decoded: NDArray[np.uint8] = coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})
        return decoded

    def box(self) -> tuple[float, float, float, float]:
        """The object's box as COCO has it: x, y, width, height in pixels."""
        if self.rle is not None:
            from pycocotools import mask as coco_mask

            x, y, w, h = coco_mask.toBbox({"size": self.rle["size"], "counts": self.rle["counts"].encode("ascii")})
            return float(x), float(y), float(w), float(h)
        points = self.polygons[0] if len(self.polygons) == 1 else np.concatenate(self.polygons)
        (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
        return float(x1), float(y1), float(x2 - x1), float(y2 - y1)


@dataclass(slots=True, repr=False)
class Picture:
    """One picture and the objects in it.

    Attributes:
        file: Path relative to the picture folder, with forward slashes; unique in its data set.
        width: Width in pixels.
        height: Height in pixels.
        path: Where the picture lies on disk.
        instances: The objects; a picture without any is a background picture.
        extra: What the source says about the picture that COCO has no field for.
        depth: The values that become black and white where the file has more than 8 bits; None for its own.
    """

    file: str
    width: int
    height: int
    path: Path
    instances: list[Instance] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    depth: DepthRange | None = None

    def __repr__(self) -> str:
        return f"Picture({self.file!r}, {self.width} x {self.height}, {counted(len(self.instances), 'object')})"

    def read(self) -> NDArray[np.uint8]:
        """Decodes the picture; one as large as its labels say is not too large.

        Returns:
            uint8 [height, width, 3], R G B, upright.

        Raises:
            PictureError: The file is missing, not decodable, truncated, or larger than the labels and the limit say.
        """
        from yolact_kit.pixels.pictures import MAX_PIXELS, read_picture

        return read_picture(self.path, max_pixels=max(MAX_PIXELS, self.width * self.height), depth=self.depth)


@dataclass(slots=True, repr=False)
class Dataset:
    """Labelled pictures in their splits; when printed, it shows their numbers by class and split.

    Attributes:
        name: Name of the data set.
        classes: Class names in their order; category ids in COCO files are 1..N in this order.
        splits: Pictures by the name of their split: ``train``, ``val`` and sometimes ``test``.
        root: The folder that it was read from; None if it is not on disk.
        depth_range: The values that became, or become, black and white in pictures of more than 8 bits; None where
            there were none.
    """

    name: str
    classes: list[str]
    splits: dict[str, list[Picture]]
    root: Path | None = None
    depth_range: DepthRange | None = None

    def pictures(self) -> list[Picture]:
        """The pictures of every split, in the order of the splits."""
        return [picture for pictures in self.splits.values() for picture in pictures]

    def folder(self) -> Path:
        """The folder of the data set.

        Raises:
            UserError: It is not on disk.
        """
        if self.root is None:
            raise UserError("The data set has no folder.", "Save it first.")
        return self.root

    def __repr__(self) -> str:
        pictures = self.pictures()
        objects = sum(len(picture.instances) for picture in pictures)
        size = f"{counted(len(pictures), 'picture')}, {counted(objects, 'object')}"
        lines = [f"Dataset '{self.name}': {size}, {counted(len(self.classes), 'class', 'classes')}"]
        for name, *cells in self.counts_by_class():
            lines.append(f"  {name[:_NAME_WIDTH]:{_NAME_WIDTH}}" + "".join(f"{cell:>9}" for cell in cells))
        if len(self.classes) > _MOST_CLASSES:
            lines.append(f"  ... and {len(self.classes) - _MOST_CLASSES} more classes")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        header, *rows = self.counts_by_class(len(self.classes))
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = ""
        for row in rows:
            body += "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        return f"<table><caption>{escape(self.name)}</caption><tr>{head}</tr>{body}</table>"

    def counts_by_class(self, most: int = _MOST_CLASSES) -> list[list[str]]:
        """Pictures and objects by split, as the rows of a table.

        Args:
            most: At most this many classes have a row.

        Returns:
            The names of the splits, the numbers of pictures, and the numbers of objects of each class; the first cell
            of each row is its name.
        """
        rows = [["", *self.splits], ["pictures", *(str(len(pictures)) for pictures in self.splits.values())]]
        by_split = []
        for pictures in self.splits.values():
            by_split.append(Counter(instance.label for picture in pictures for instance in picture.instances))
        for name in self.classes[:most]:
            rows.append([name, *(str(counts[name]) for counts in by_split)])
        return rows


def count_objects(dataset: Dataset) -> Counter[str]:
    """How many objects each class has in all splits together, crowds left out."""
    counts: Counter[str] = Counter(dict.fromkeys(dataset.classes, 0))
    for picture in dataset.pictures():
        counts.update(instance.label for instance in picture.instances if not instance.crowd)
    return counts


def count_crowds(pictures: Iterable[Picture]) -> int:
    """How many objects of some pictures are crowds.

    Args:
        pictures: The pictures.

    Returns:
        Their number, in all pictures together.
    """
    return sum(instance.crowd for picture in pictures for instance in picture.instances)


def only_crowds(count: int, where: str, use: str) -> str:
    """Says that there are objects, but that all are crowds.

    Args:
        count: How many crowds there are.
        where: What they are objects of.
        use: What crowds are not: ``learnt`` or ``measured``.

    Returns:
        A sentence.

    Example:
        >>> only_crowds(10, "'data'", "learnt")
        "All 10 objects of 'data' are crowds, which are not learnt."
    """
    if count == 1:
        return f"The only object of {where} is a crowd, which is not {use}."
    return f"All {count} objects of {where} are crowds, which are not {use}."
