"""The journal of a run over pictures: what it has done so far, kept beside its results so that it can be continued."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.sources import SourcePicture

FILE = "unfinished.jsonl"
"""Name of the file; it is there as long as the run is not finished."""


class Record(TypedDict):
    """The record of a finished picture.

    Attributes:
        file: The picture's name.
        origin: Where it came from, see `SourcePicture.origin`.
        stem: What the names of its files begin with.
        width: In pixels.
        height: In pixels.
        frame: Its number in its video; None if it is not a frame.
        time: Its time in the video in seconds; None if it is not a frame.
        objects: The detections in COCO's results format, each with its ``centroid`` and ``orientation``, and with its
            ``track_id`` if it is tracked.
    """

    file: str
    origin: str
    stem: str
    width: int
    height: int
    frame: int | None
    time: float | None
    objects: list[dict[str, Any]]


def record(prediction: Prediction, picture: SourcePicture, stem: str) -> Record:
    """Makes the record of a picture.

    Args:
        prediction: Its detections.
        picture: Where it came from.
        stem: What the names of its files begin with.

    Returns:
        The record.
    """
    objects = prediction.measured()
    ids = None if prediction.ids is None else prediction.ids.tolist()
    for index, detection in enumerate(objects):
        if ids is not None and ids[index] >= 0:
            detection["track_id"] = ids[index]
    return Record(
        file=prediction.file,
        origin=picture.origin,
        stem=stem,
        width=prediction.width,
        height=prediction.height,
        frame=picture.frame and picture.frame.number,
        time=picture.frame and round(picture.frame.time, 4),
        objects=objects,
    )


class Journal:
    """The journal of a run: a line with its settings, then a line for each picture once its files are written.

    A process that dies in the middle of a line loses only that picture: the line is removed when the run continues.

    Args:
        out: The run's folder.
        settings: What decides how pictures are predicted on and written; a run continues only with the same.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        self.file = out / FILE
        self._settings: dict[str, Any] = json.loads(json.dumps(settings))

    def begin(self) -> None:
        """Starts a new journal, which replaces an existing one."""
        self.file.write_text(json.dumps(self._settings) + "\n", encoding="utf-8")

    def recover(self) -> bool:
        """Prepares the journal of an unfinished run for continuing it.

        Returns:
            Whether there is one.

        Raises:
            UserError: It belongs to a run with other settings.
        """
        if not self.file.is_file():
            return False
        with self.file.open("rb+") as stream:
            complete = 0
            # A line without its end is one whose writing was cut short.
            for line in stream:
                complete += len(line) if line.endswith(b"\n") else 0
            stream.truncate(complete)
        with self.file.open(encoding="utf-8") as text:
            earlier = json.loads(text.readline() or "{}")
        differing = [key for key in self._settings if earlier.get(key) != self._settings[key]]
        if differing and earlier:
            key = differing[0]
            what = f"'{key}' was {earlier.get(key)}, now it is {self._settings[key]}"
            raise UserError(
                f"'{self.file.parent}' holds an unfinished run with other settings: {what}.",
                "Run it with the same settings to continue, give another --out, or --overwrite to start again.",
            )
        return bool(earlier)

    def add(self, entry: Record) -> None:
        """Adds a picture whose files are written."""
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")

    def records(self) -> Iterator[Record]:
        """The pictures that are done, one at a time."""
        with self.file.open(encoding="utf-8") as stream:
            next(stream)
            for line in stream:
                yield json.loads(line)

    def remove(self) -> None:
        """Removes the journal: the run is finished."""
        self.file.unlink()


def is_unfinished(out: Path) -> bool:
    """Whether a folder holds a run that can be continued."""
    return (out / FILE).is_file()
