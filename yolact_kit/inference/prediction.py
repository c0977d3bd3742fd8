"""The detections of a model in one picture."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from yolact_kit.pixels.depth import DepthRule
    from yolact_kit.shapes.crops import MaskCrop
    from yolact_kit.shapes.rle import Rle


_SHOWN = 1024
"""Pixels of the longer side in a notebook."""


@dataclass(slots=True, eq=False, repr=False)
class Prediction:
    """The detections of one picture, best first.

    Masks are stored as run lengths and decoded on demand: `mask` gives the whole mask, `crop` only the part that is not
    empty. A hundred full masks of a 12-megapixel picture would be 1.2 GB.

    It has a length, and a part of it is a prediction too: ``prediction[0]``, ``prediction[:3]``,
    ``prediction[prediction.scores > 0.5]``, ``prediction["cup"]`` for those of a class; a loop over it
    gives each detection as one. A notebook shows it as its picture with the objects drawn.

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
        pixels: The picture itself, uint8 [height, width, 3], red, green, blue, where it cannot be read again from
            ``file``, as a frame of a video; None where it can.
        depth: The range by which ``file`` became 8-bit where it has more; None for its own.

    Example:
        >>> prediction = Prediction("a.jpg", 9, 9, np.zeros((2, 4)), np.ones(2), np.array([0, 1]), [], ["cup", "컵"])
        >>> prediction
        Prediction('a.jpg', 9 x 9: 1 cup, 1 컵)
        >>> len(prediction), prediction.names
        (2, ['cup', '컵'])
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
    pixels: NDArray[np.uint8] | None = None
    depth: DepthRule | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in Counter(self.names).items()) or "nothing found"
        return f"Prediction({self.file!r}, {self.width} x {self.height}: {counts})"

    def __getitem__(self, chosen: int | slice | str | Sequence[int] | NDArray[Any]) -> Prediction:
        """Some of the detections.

        Args:
            chosen: An index, a slice, several indices, a bool for each detection, or the name of a class.

        Returns:
            A prediction with only these.

        Raises:
            IndexError: There is no detection of that number.
            KeyError: There is no such class.
        """
        # numpy itself says which indices a slice, a list or bools select; atleast_1d makes a list of a single index.
        selection: Any = chosen
        if isinstance(chosen, str):
            if chosen not in self.classes:
                raise KeyError(f"no class {chosen!r} among {', '.join(self.classes)}")
            selection = self.labels == self.classes.index(chosen)
        indices = np.atleast_1d(np.arange(len(self))[selection])
        return replace(
            self,
            boxes=self.boxes[indices],
            scores=self.scores[indices],
            labels=self.labels[indices],
            masks=[self.masks[index] for index in indices.tolist()],
            ids=None if self.ids is None else self.ids[indices],
        )

    def __iter__(self) -> Iterator[Prediction]:
        return (self[index] for index in range(len(self)))

    def _repr_jpeg_(self) -> bytes | None:
        """The picture for a notebook; None if the file is gone, so that the notebook shows the text."""
        from PIL import Image

        from yolact_kit.pixels.pictures import PictureError
        from yolact_kit.pixels.writing import jpeg

        try:
            image = Image.fromarray(self.plot())
        except PictureError:
            return None
        image.thumbnail((_SHOWN, _SHOWN))
        return jpeg(image, 90)

    def mask(self, index: int) -> NDArray[np.uint8]:
        """Mask of detection ``index``, uint8 [height, width] of 0 and 1."""
        from yolact_kit.shapes.rle import decode_rle

        return decode_rle(self.masks[index])

    def crop(self, index: int) -> MaskCrop:
        """The part of the mask of detection ``index`` that is not empty, and where in the picture it lies.

        Args:
            index: Which detection.

        Returns:
            ``x``, ``y`` and ``pixels``, bool [h, w]: the pixels [y : y + h, x : x + w] of `mask`.
        """
        from yolact_kit.shapes.crops import decode_crop

        return decode_crop(self.masks[index])

    @property
    def names(self) -> list[str]:
        """Class name of each detection."""
        return [self.classes[label] for label in self.labels.tolist()]

    def to_coco(self, image_id: int = 1, category_ids: Sequence[int | None] | None = None) -> list[dict[str, Any]]:
        """The detections in COCO's results format.

        Args:
            image_id: The picture's id.
            category_ids: The id of each class, or None to leave out its detections; 1..N in the order of ``classes`` by
                default.

        Returns:
            A dictionary for each detection: ``image_id``, ``category_id``, ``bbox`` [x, y, width, height] in pixels,
            ``segmentation`` as compressed RLE, ``area`` in pixels, ``score``.
        """
        from yolact_kit.shapes.rle import rle_area

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
        """The detections as a labelme file, to correct them there.

        Args:
            simplify: How far the polygons may be from the masks' outlines, in pixels, see
                `yolact_kit.shapes.outlines.outlines`.

        Returns:
            The document, as it lies beside the picture: a polygon for each part of an object, those of one object with
            a ``group_id`` of their own, the score in ``description``. Objects without any pixel are left out. If
            ``pixels`` are kept, the document contains the picture as a JPEG.
        """
        from PIL import Image

        from yolact_kit.annotations.dataset import Instance, Picture
        from yolact_kit.annotations.writers.labelme import labelme_document
        from yolact_kit.pixels.writing import jpeg
        from yolact_kit.shapes.outlines import outlines

        instances = []
        for index, (name, score) in enumerate(zip(self.names, self.scores.tolist(), strict=True)):
            rings = outlines(self.crop(index), self.width, self.height, simplify)
            if rings:
                instances.append(Instance(name, rings, extra={"description": f"{score:.3f}"}))
        document = labelme_document(Picture(self.file, self.width, self.height, Path(self.file), instances))
        if self.pixels is not None:
            document["imagePath"] = f"{Path(self.file).stem}.jpg"
            document["imageData"] = base64.b64encode(jpeg(Image.fromarray(self.pixels))).decode("ascii")
        return document

    def to_supervision(self) -> Any:
        """The detections for the library supervision: its annotators, trackers, zones and metrics.

        Returns:
            ``supervision.Detections``: ``xyxy``, ``confidence``, ``class_id``, ``data["class_name"]``, and ``mask``,
            bool [N, height, width], all of them decoded: 12 MB per object in a picture of 12 megapixels.

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

    def to_rows(self) -> list[dict[str, Any]]:
        """The detections as rows of ``predictions.csv``, for tables: ``pandas.DataFrame(prediction.to_rows())``.

        Returns:
            A dictionary for each: ``picture``, ``object`` (its number from 1), ``class``, ``score``, ``x``, ``y``,
            ``width``, ``height``, ``area``, ``centroid_x``, ``centroid_y`` in pixels, and ``orientation`` in degrees,
            see `yolact_kit.shapes.measure.Measures`.
        """
        from yolact_kit.inference.table import CSV_COLUMNS, csv_row

        rows = (csv_row(detection, self.classes) for detection in self.measured())
        return [
            dict(zip(CSV_COLUMNS, (self.file, number, *row), strict=True)) for number, row in enumerate(rows, start=1)
        ]

    def measured(self) -> list[dict[str, Any]]:
        """As `to_coco` with the id 0, each with its ``centroid`` and ``orientation``, see `Measures`."""
        from yolact_kit.shapes.measure import measure

        detections = self.to_coco(0)
        for index, detection in enumerate(detections):
            detection["centroid"], detection["orientation"] = measure(self.crop(index))
        return detections

    def plot(
        self,
        pixels: NDArray[np.uint8] | None = None,
        boxes: bool = False,
        labels: bool = True,
        by_instance: bool = False,
    ) -> NDArray[np.uint8]:
        """The picture with the detections drawn over it.

        Args:
            pixels: The picture, uint8 [height, width, 3], red, green, blue; None for what was predicted on: ``pixels``
                where it is kept, else ``file`` is read again.
            boxes: Whether boxes are drawn besides masks, outlines and labels.
            labels: Whether class names and scores are written.
            by_instance: Whether each object has a colour of its own, instead of that of its class.

        Returns:
            uint8 [height, width, 3].

        Raises:
            PictureError: The picture cannot be read.
        """
        from yolact_kit.inference.drawing import Style, draw_prediction
        from yolact_kit.pixels.pictures import read_picture

        picture = self.pixels if pixels is None else pixels
        style = Style(boxes=boxes, labels=labels, by_instance=by_instance)
        return draw_prediction(read_picture(self.file, depth=self.depth) if picture is None else picture, self, style)

    def save(self, path: Path | str, **options: Any) -> None:
        """Writes the picture with the detections drawn over it.

        Args:
            path: The file; its suffix says the format.
            options: As `plot` takes them.

        Raises:
            UserError: The picture cannot be read, or pictures cannot be written in the format of the suffix.
        """
        from yolact_kit.errors import UserError
        from yolact_kit.pixels.writing import rgb_name, write_picture

        if rgb_name(str(path)) != str(path):
            raise UserError(
                f"'{path}' does not end in a format that pictures can be written in.",
                "Give a name that ends in .jpg or .png.",
            )
        write_picture(path, self.plot(**options))
