"""Pictures with objects and detections of every kind, drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

SIZE = 96


def ellipse(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Centre and half axes in pixels."""
    x, y = rng.uniform(15, SIZE - 15, 2)
    return float(x), float(y), float(rng.uniform(5, 16)), float(rng.uniform(5, 16))


def coded(shape: tuple[float, float, float, float]) -> dict[str, Any]:
    x, y, wide, tall = shape
    rows, columns = np.mgrid[:SIZE, :SIZE]
    mask = ((columns - x) / wide) ** 2 + ((rows - y) / tall) ** 2 <= 1
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [SIZE, SIZE], "counts": rle["counts"].decode("ascii")}


def labelled(shape: tuple[float, float, float, float], picture: int, category: int, crowd: int = 0) -> dict[str, Any]:
    rle = coded(shape)
    return {
        "image_id": picture, "category_id": category, "iscrowd": crowd, "segmentation": rle,
        "bbox": coco_mask.toBbox(rle).tolist(), "area": float(coco_mask.area(rle)),
    }  # fmt: skip


def detected(shape: tuple[float, float, float, float], picture: int, category: int, score: float) -> dict[str, Any]:
    found = labelled(shape, picture, category)
    del found["iscrowd"]
    return {**found, "score": score}


def scene(
    seed: int, pictures: int = 12, classes: int = 3, crowds: bool = True, noise: float = 2.5
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A COCO document and detections: right, moved, doubled, of another class, and of nothing; no two scores alike.

    The last class has no object; the first picture has none either, but detections.
    """
    rng = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for picture in range(1, pictures + 1):
        for _ in range(int(rng.integers(1, 5)) if picture > 1 else 0):
            shape, category = ellipse(rng), int(rng.integers(1, classes))
            crowd = int(crowds and rng.random() < 0.15)
            annotations.append(labelled(shape, picture, category, crowd))
            for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
                moved = tuple(value + rng.normal(0, noise) for value in shape[:2]) + shape[2:]
                seen = category if rng.random() < 0.8 else int(rng.integers(1, classes + 1))
                results.append(detected((moved[0], moved[1], moved[2], moved[3]), picture, seen, rng.uniform(0.2, 1)))
        for _ in range(int(rng.integers(0, 3))):
            results.append(detected(ellipse(rng), picture, int(rng.integers(1, classes + 1)), rng.uniform(0.05, 0.7)))
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    images = [
        {"id": number, "file_name": f"{number}.png", "width": SIZE, "height": SIZE} for number in range(1, pictures + 1)
    ]
    categories = [{"id": number, "name": f"클래스 {number}"} for number in range(1, classes + 1)]
    return {"images": images, "annotations": annotations, "categories": categories}, results


def repeated(
    truth: dict[str, Any], results: list[dict[str, Any]], times: list[int]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The pictures so many times over, each copy under an id of its own."""
    images, annotations, copies = [], [], []
    for image, count in zip(truth["images"], times, strict=True):
        for _ in range(count):
            number = len(images) + 1
            images.append({**image, "id": number})
            annotations += [
                {**one, "image_id": number} for one in truth["annotations"] if one["image_id"] == image["id"]
            ]
            copies += [{**one, "image_id": number} for one in results if one["image_id"] == image["id"]]
    annotations = [{**one, "id": number} for number, one in enumerate(annotations, start=1)]
    return {**truth, "images": images, "annotations": annotations}, copies
