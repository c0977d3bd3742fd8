"""How much the detections of a picture overlap its objects, regardless of class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask


@dataclass(slots=True)
class Overlaps:
    """The overlaps in one picture.

    Attributes:
        objects: G indices of the picture's annotations among the truth's.
        detections: D indices of its detections among the results.
        iou: float64 [D, G], IoU of the masks; for a crowd, the share of the detection that lies in it.
        crowds: bool [G].
    """

    objects: list[int]
    detections: list[int]
    iou: NDArray[np.float64]
    crowds: NDArray[np.bool_]


def picture_overlaps(
    truth: dict[str, Any], results: Sequence[dict[str, Any]], score: float = 0.0
) -> Iterator[Overlaps]:
    """Goes through the pictures of a COCO document.

    Args:
        truth: The document.
        results: Detections in COCO's results format.
        score: Detections with a lower score are left out.

    Yields:
        The overlaps of each picture, in the document's order.
    """
    objects: dict[Any, list[int]] = defaultdict(list)
    detections: dict[Any, list[int]] = defaultdict(list)
    for index, annotation in enumerate(truth["annotations"]):
        objects[annotation["image_id"]].append(index)
    for index, result in enumerate(results):
        if result["score"] >= score:
            detections[result["image_id"]].append(index)
    for image in truth["images"]:
        annotations = [truth["annotations"][index] for index in objects[image["id"]]]
        picture_results = [results[index] for index in detections[image["id"]]]
        crowds = np.array([bool(annotation.get("iscrowd", 0)) for annotation in annotations], dtype=np.bool_)
        iou = np.zeros((len(picture_results), len(annotations)))
        if picture_results and annotations:
            height, width = image["height"], image["width"]
            masks = [to_rle(result["segmentation"], height, width) for result in picture_results]
            labels = [to_rle(annotation["segmentation"], height, width) for annotation in annotations]
            iou = np.asarray(coco_mask.iou(masks, labels, crowds), dtype=np.float64)
        yield Overlaps(objects[image["id"]], detections[image["id"]], iou, crowds)


def to_rle(segmentation: Any, height: int, width: int) -> Any:
    """A segmentation of a COCO document as compressed RLE.

    Args:
        segmentation: Polygons, or RLE, compressed or not.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        ``size``, and ``counts`` as bytes.
    """
    if isinstance(segmentation, list):
        return coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation["counts"], list):
        return coco_mask.frPyObjects(segmentation, height, width)
    counts = segmentation["counts"]
    return {"size": segmentation["size"], "counts": counts.encode("ascii") if isinstance(counts, str) else counts}
