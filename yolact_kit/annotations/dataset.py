"""The one in-memory form of labelled pictures; every file format is read into it and written from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.shapes.rle import Rle


@dataclass(slots=True)
class Instance:
    """One labelled object.

    Attributes:
        label: Class name.
        polygons: Outer rings, each float64 [P, 2], x y in pixels; empty where ``rle`` is set.
        rle: The mask itself, for objects with holes and for labels that came as masks.
        crowd: COCO's ``iscrowd``: a region of many objects, ignored in training and evaluation.
        extra: What the source says about the object that COCO has no place for (labelme's flags, group id, shape type).
    """

    label: str
    polygons: list[NDArray[np.float64]] = field(default_factory=list)
    rle: Rle | None = None
    crowd: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

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


@dataclass(slots=True)
class Picture:
    """One picture and the objects in it.

    Attributes:
        file: Path relative to the picture folder, with forward slashes; unique in its data set.
        width: Width in pixels.
        height: Height in pixels.
        path: Where the picture lies on disk.
        instances: The objects; a picture without any is a background picture.
        extra: What the source says about the picture that COCO has no place for.
    """

    file: str
    width: int
    height: int
    path: Path
    instances: list[Instance] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def read(self) -> NDArray[np.uint8]:
        """Decodes the picture; one as large as its labels say is not too large.

        Returns:
            uint8 [height, width, 3], R G B, upright.

        Raises:
            PictureError: The file is missing, not decodable, truncated, or larger than the labels and the limit say.
        """
        from yolact_kit.pixels.pictures import MAX_PIXELS, read_picture

        return read_picture(self.path, max_pixels=max(MAX_PIXELS, self.width * self.height))


@dataclass(slots=True)
class Dataset:
    """Labelled pictures in their splits.

    Attributes:
        name: Name of the data set.
        classes: Class names in their order; category ids in COCO files are 1..N in this order.
        splits: Pictures by the name of their split: ``train``, ``val`` and, where there is one, ``test``.
        root: The folder that it was read from, None where it is not on disk.
    """

    name: str
    classes: list[str]
    splits: dict[str, list[Picture]]
    root: Path | None = None

    def pictures(self) -> list[Picture]:
        """The pictures of every split, in the order of the splits."""
        return [picture for pictures in self.splits.values() for picture in pictures]
