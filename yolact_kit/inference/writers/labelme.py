"""Predictions as labelme files, for people to correct and train on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from yolact_kit.annotations.writers.labelme import picture_reference
from yolact_kit.files import atomic_write_text
from yolact_kit.inference.writers.items import Item, WriteOptions
from yolact_kit.json_text import json_text

_MARK = "predicted"
FOLDER = "labelme"


class LabelmeWriter:
    """Writes ``labelme/``: one file per picture, with polygons and scores of the detections.

    Each file holds a digest of its content. A file without one, or whose content has changed, was saved by a person and
    is never overwritten.

    Args:
        out: Folder to write into.
        classes: Class names.
        options: How.
    """

    def __init__(self, out: Path, classes: Sequence[str], options: WriteOptions) -> None:
        self.folder = out / FOLDER
        self._simplify = options.simplify

    def add(self, item: Item) -> None:
        """Writes the file of one picture."""
        path = self.folder / f"{item.stem}.json"
        if path.exists() and is_labelled_by_a_person(path):
            return
        # A picture that is not on disk, such as a frame, is embedded, so that labelme can open it.
        embedded = None if item.picture.on_disk else item.pixels
        document = replace(item.prediction, pixels=embedded).to_labelme(self._simplify)
        if item.picture.on_disk:
            document["imagePath"] = picture_reference(item.picture.path, path.parent)
        atomic_write_text(path, json_text({**document, _MARK: _digest(document)}, indent=True))

    def close(self) -> None:
        """Creates the folder even if there was no picture."""
        self.folder.mkdir(parents=True, exist_ok=True)


def is_labelled_by_a_person(path: Path) -> bool:
    """Whether a person has saved a labelme file, so that it is not exactly what `LabelmeWriter` wrote.

    Args:
        path: The file.

    Returns:
        True unless the file is certainly an unchanged prediction.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return bool(document.pop(_MARK) != _digest(document))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True


def labelled_by_people(out: Path) -> list[Path]:
    """The labelme files in a folder of predictions that a person has saved.

    Args:
        out: The folder.

    Returns:
        The files.
    """
    return [path for path in sorted((out / FOLDER).rglob("*.json")) if is_labelled_by_a_person(path)]


def _digest(document: dict[str, Any]) -> str:
    """The SHA-256 of a document's content, whatever the order of its keys."""
    text = json.dumps(document, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
