"""Predictions of all pictures in one document, written from the run's journal without loading it into memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, Literal

from yolact_kit.files import replacing
from yolact_kit.inference.journal import Record
from yolact_kit.inference.table import CSV_COLUMNS, csv_row

VIDEO_COLUMNS = ("frame", "time", "track")
"""Further columns for videos: the number and the time in seconds of the frame, and the id of the object."""

_MEASURES = ("centroid", "orientation")


def write_coco(out: Path, classes: Sequence[str], records: Iterable[Record], frames: bool = False) -> None:
    """Writes ``predictions.json``: every picture, every class, every detection.

    Args:
        out: Folder to write into.
        classes: Class names; their category ids are 1..N.
        records: The pictures.
        frames: Whether some of them are frames of videos: each picture then has ``frame`` and ``time`` too.
    """
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, start=1)]
    # The records are read once, but the document has two lists, one after the other: the second one waits in a file.
    with (
        replacing(out / "predictions.json") as beside,
        beside.open("w", encoding="utf-8", newline="\n") as document,
        TemporaryFile("w+", encoding="utf-8", dir=out) as waiting,
    ):
        document.write('{"images": [')
        _write_lists(document, waiting, records, ("frame", "time") if frames else ())
        document.write(f'], "categories": {json.dumps(categories, ensure_ascii=False)}, "annotations": [')
        waiting.seek(0)
        copyfileobj(waiting, document)
        document.write("]}\n")


def _write_lists(
    images: IO[str], annotations: IO[str], records: Iterable[Record], more: Sequence[Literal["frame", "time"]]
) -> None:
    """Writes the entries of both lists of a COCO document in one pass; ``more`` names further keys of the pictures."""
    annotation_ids = count(1)
    for number, record in enumerate(records, start=1):
        image: dict[str, Any] = {"id": number, "file_name": record["file"]}
        image.update(width=record["width"], height=record["height"])
        image.update((key, record[key]) for key in more)
        images.write(("" if number == 1 else ", ") + json.dumps(image, ensure_ascii=False))
        for detection, annotation_id in zip(record["objects"], annotation_ids, strict=False):
            annotation = {key: value for key, value in detection.items() if key not in _MEASURES}
            text = json.dumps({"id": annotation_id, **annotation, "image_id": number, "iscrowd": 0})
            annotations.write(("" if annotation_id == 1 else ", ") + text)


def write_csv(out: Path, classes: Sequence[str], records: Iterable[Record], frames: bool = False) -> None:
    """Writes ``predictions.csv``: one row per detection, as UTF-8 with a byte order mark.

    Without that mark, Excel assumes the machine's own encoding, CP949 on a Korean Windows, and shows Korean names as
    garbage; pandas, R and LibreOffice read it either way.

    Args:
        out: Folder to write into.
        classes: Class names.
        records: The pictures.
        frames: Whether some of them are frames of videos: they add `VIDEO_COLUMNS`.
    """
    with replacing(out / "predictions.csv") as beside, beside.open("w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(CSV_COLUMNS + VIDEO_COLUMNS if frames else CSV_COLUMNS)
        for record in records:
            for number, detection in enumerate(record["objects"], start=1):
                frame_columns = (record["frame"], record["time"], detection.get("track_id")) if frames else ()
                rows.writerow([record["file"], number, *csv_row(detection, classes), *frame_columns])
