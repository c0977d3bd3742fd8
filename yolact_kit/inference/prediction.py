"""What a model found in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from yolact_kit.annotations.dataset import Rle
    from yolact_kit.ops.masks import MaskCrop


@dataclass(slots=True)
class Prediction:
    """The detections of one picture, best first.

    Masks are kept as run lengths and decoded on demand, by `crop` the part that is not empty, by `mask` the whole: a
    hundred full masks of a 12-megapixel picture would be 1.2 GB.

    Attributes:
        file: The picture's path, as the source gave it.
        width: Width of the picture in pixels, upright (EXIF obeyed).
        height: Height of the picture in pixels.
        boxes: float32 [N, 4], x1 y1 x2 y2 in pixels of the picture.
        scores: float32 [N], 0..1.
        labels: int64 [N], 0-based index into ``classes``.
        masks: N masks as compressed RLE of the picture's size.
        classes: Class names.
        ids: int64 [N], the number that each object keeps from frame to frame of a video, -1 for none; None where
            nothing was followed.
    """

    file: str
    width: int
    height: int
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: list[Rle]
    classes: list[str]
    ids: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def mask(self, index: int) -> NDArray[np.uint8]:
        """Mask of detection ``index``, uint8 [height, width] of 0 and 1."""
        from yolact_kit.annotations.rle import decode_rle

        return decode_rle(self.masks[index])

    def crop(self, index: int) -> MaskCrop:
        """The part of the mask of detection ``index`` that is not empty, and where in the picture it lies.

        Args:
            index: Which detection.

        Returns:
            ``x``, ``y`` and ``pixels``, bool [h, w]: the pixels [y : y + h, x : x + w] of `mask`.
        """
        from yolact_kit.ops.masks import decode_crop

        return decode_crop(self.masks[index])

    @property
    def names(self) -> list[str]:
        """Class name of each detection."""
        return [self.classes[label] for label in self.labels.tolist()]

    def to_coco(self, image_id: int = 1, category_ids: Sequence[int | None] | None = None) -> list[dict[str, Any]]:
        """The detections in COCO's results format.

        Args:
            image_id: The picture's id.
            category_ids: The id of each class, None for one whose detections are left out; 1..N in the order of
                ``classes`` by default.

        Returns:
            A dictionary for each detection: ``image_id``, ``category_id``, ``bbox`` [x, y, width, height] in pixels,
            ``segmentation`` as compressed RLE, ``area`` in pixels, ``score``.
        """
        from yolact_kit.annotations.rle import rle_area

        ids = range(1, len(self.classes) + 1) if category_ids is None else category_ids
        return [
            {
                "image_id": image_id,
                "category_id": ids[label],
                "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
                "segmentation": {"size": list(rle["size"]), "counts": rle["counts"]},
                "area": float(rle_area(rle)),
                "score": float(score),
            }
            for (x1, y1, x2, y2), label, rle, score in zip(
                self.boxes.tolist(), self.labels.tolist(), self.masks, self.scores.tolist(), strict=True
            )
            if ids[label] is not None
        ]

    def to_labelme(self, simplify: float = 1.0) -> dict[str, Any]:
        """The detections as a labelme file has them, to be corrected there.

        Args:
            simplify: How far the polygons may be from the masks' outlines, in pixels, see
                `yolact_kit.inference.outlines.outlines`.

        Returns:
            The document, as it lies beside the picture: a polygon for each part of an object, those of one object with
            a ``group_id`` of their own, the score in ``description``. Objects without any pixel are left out.
        """
        from yolact_kit.annotations.dataset import Instance, Picture
        from yolact_kit.annotations.writers.labelme import labelme_document
        from yolact_kit.inference.outlines import outlines

        instances = []
        for index, (name, score) in enumerate(zip(self.names, self.scores.tolist(), strict=True)):
            rings = outlines(self.crop(index), self.width, self.height, simplify)
            if rings:
                instances.append(Instance(name, rings, extra={"description": f"{score:.3f}"}))
        return labelme_document(Picture(self.file, self.width, self.height, Path(self.file), instances))

    def to_supervision(self) -> Any:
        """The detections for the library supervision: its annotators, trackers, zones and metrics.

        Returns:
            ``supervision.Detections``: ``xyxy``, ``confidence``, ``class_id``, ``data["class_name"]``, and ``mask``,
            bool [N, height, width], all of them decoded: 12 MB an object in a picture of 12 megapixels.

        Raises:
            UserError: supervision is not installed.
        """
        from yolact_kit.errors import UserError

        try:
            from supervision import Detections
        except ImportError as error:
            raise UserError(
                "The library supervision is not installed.", "Install it with `pip install supervision`."
            ) from error
        masks = np.zeros((len(self), self.height, self.width), dtype=np.bool_)
        for index in range(len(self)):
            x, y, inside = self.crop(index)
            masks[index, y : y + inside.shape[0], x : x + inside.shape[1]] = inside
        return Detections(
            xyxy=self.boxes.reshape(-1, 4),
            mask=masks,
            confidence=self.scores,
            class_id=self.labels,
            data={"class_name": np.array(self.names, dtype=np.str_)},
        )

    def plot(self, pixels: NDArray[np.uint8] | None = None, boxes: bool = False) -> NDArray[np.uint8]:
        """The picture with the detections drawn over it.

        Args:
            pixels: The picture, uint8 [height, width, 3], red, green, blue; None to read it from ``file``.
            boxes: Whether boxes are drawn besides masks, outlines and labels.

        Returns:
            uint8 [height, width, 3].
        """
        from yolact_kit.annotations.pictures import read_picture
        from yolact_kit.inference.drawing import Style, draw_prediction

        return draw_prediction(read_picture(self.file) if pixels is None else pixels, self, Style(boxes=boxes))
