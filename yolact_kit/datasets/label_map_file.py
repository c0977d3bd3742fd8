"""The map of numbered labels that is written beside a data set, for people to edit and to give back with ``--map``."""

from __future__ import annotations

from pathlib import Path

from yolact_kit.annotations.labels.numbered import suggested_map
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.result import ReadResult
from yolact_kit.files import atomic_write_text
from yolact_kit.json_text import json_text


def write_label_map(result: ReadResult, out: Path, options: ReadOptions) -> Path | None:
    """Writes the map that gives numbered labels one class each beside a data set.

    Args:
        result: What was read.
        out: The folder of the data set; the file is ``OUT-labels.json``, or has a number if that is another map.
        options: How labels were read.

    Returns:
        The file; None if there are no numbered labels to merge.
    """
    if not any(labels.counts_objects or options.merge_numbered for labels in result.numbered):
        return None
    text = json_text(suggested_map(result.numbered, options.label_map), indent=True)
    out = out.resolve()
    file, number = out.with_name(f"{out.name}-labels.json"), 1
    while file.exists() and not (file.is_file() and file.read_bytes() == text.encode("utf-8")):
        number += 1
        file = out.with_name(f"{out.name}-labels-{number}.json")
    if not file.exists():
        atomic_write_text(file, text)
    return file
