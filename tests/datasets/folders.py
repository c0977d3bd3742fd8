"""Small data set folders, written by hand so that tests can put into them whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

Entry = dict[str, Any]


def polygon(x: float, y: float, side: float = 20) -> list[list[float]]:
    """A rough octagon as COCO's segmentation: no rectangle, no tiny thing."""
    cut = side * 0.3
    corners = [(cut, 0), (side - cut, 0), (side, cut), (side, side - cut), (side - cut, side), (cut, side)]
    corners += [(0, side - cut), (0, cut)]
    return [[number for dx, dy in corners for number in (x + dx, y + dy)]]


class FolderMaker:
    """Writes a data set folder: pictures of seeded noise and the COCO files of its splits."""

    def __init__(self, root: Path, classes: list[str]) -> None:
        self.root = root
        self.classes = classes
        self.documents: dict[str, dict[str, list[Entry]]] = {}

    def split(self, name: str) -> dict[str, list[Entry]]:
        categories = [{"id": number, "name": label} for number, label in enumerate(self.classes, start=1)]
        fresh: dict[str, list[Entry]] = {"images": [], "annotations": [], "categories": categories}
        return self.documents.setdefault(name, fresh)

    def picture(self, split: str, file: str, labels: list[str], seed: int, size: tuple[int, int] = (96, 80)) -> Entry:
        """Adds a picture with one octagon a label, side by side, and returns its entry."""
        noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
        path = self.root / "images" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).resize(size).save(path)
        document = self.split(split)
        entry = {"id": len(document["images"]) + 1, "file_name": file, "width": size[0], "height": size[1]}
        document["images"].append(entry)
        for number, label in enumerate(labels):
            self.annotate(split, entry["id"], label, polygon(2 + 24 * number, 10 + number))
        return entry

    def annotate(self, split: str, image_id: Any, label: str, segmentation: Any, **more: Any) -> Entry:
        document = self.split(split)
        entry = {
            "id": len(document["annotations"]) + 1,
            "image_id": image_id,
            "category_id": self.classes.index(label) + 1,
            "segmentation": segmentation,
            "iscrowd": 0,
            **more,
        }
        document["annotations"].append(entry)
        return entry

    def write(self) -> Path:
        (self.root / "annotations").mkdir(parents=True, exist_ok=True)
        splits = {}
        for name, document in self.documents.items():
            text = json.dumps(document, ensure_ascii=False)
            (self.root / "annotations" / f"{name}.json").write_text(text, encoding="utf-8")
            splits[name] = {"annotations": f"annotations/{name}.json", "images": "images"}
        described = {"name": "made", "classes": self.classes, "splits": splits}
        text = yaml.safe_dump(described, allow_unicode=True)
        (self.root / "dataset.yaml").write_text(text, encoding="utf-8")
        return self.root


def good_folder(root: Path) -> FolderMaker:
    """A data set in which no check finds anything."""
    maker = FolderMaker(root, ["너트", "bolt"])
    for number in range(4):
        maker.picture("train", f"사진 {number}.png", ["너트", "bolt", "bolt"], seed=number)
    maker.picture("train", "dir.1/배경.png", [], seed=10)
    for number in range(2):
        maker.picture("val", f"v{number}.png", ["bolt", "너트"], seed=20 + number)
    return maker
