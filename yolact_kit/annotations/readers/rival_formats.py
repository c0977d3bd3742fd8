"""Which of several formats in one folder to read: often one was converted from the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import LabelFormat
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.words import counted

_AT_ONCE = 60.0
"""Files whose times differ by less, in seconds, were written at once, by an archive or a copy: they tell nothing."""
_MOST_FILES = 20_000
"""With more files than this none is read, since that takes minutes."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One of the formats that a folder holds.

    Attributes:
        format: The format.
        pictures: Pictures that its files list; None if that is not known.
        objects: Their objects; likewise.
        written: When the last of its files was written, in seconds since 1970.
    """

    format: LabelFormat
    pictures: int | None
    objects: int | None
    written: float

    def __str__(self) -> str:
        """Name, figures and time: ``"coco has 3 pictures and 5 objects, last written on 2026-11-29 10:15"``."""
        time = datetime.fromtimestamp(self.written).strftime("%Y-%m-%d %H:%M")
        if self.pictures is None or self.objects is None:
            return f"{self.format.name} was last written on {time}"
        figures = f"{counted(self.pictures, 'picture')} and {counted(self.objects, 'object')}"
        return f"{self.format.name} has {figures}, last written on {time}"


def rivals(files: Mapping[LabelFormat, list[Path]]) -> list[Rival]:
    """The formats of a folder, the better choice first.

    The better one is the one that was written later, or, if both list as much or that cannot be told, the one with a
    file for each picture: people label in that, and it was converted into the other.

    Args:
        files: The annotation files by format.

    Returns:
        The formats.
    """
    measured = [_measure(format, own) for format, own in files.items()]
    if len(measured) < 2 or agree(measured) or not latest(measured):
        return sorted(measured, key=lambda rival: rival.format.lists_pictures)
    return sorted(measured, key=lambda rival: -rival.written)


def agree(measured: list[Rival]) -> bool:
    """Whether all formats list the same number of pictures and of objects."""
    return len({(rival.pictures, rival.objects) for rival in measured}) == 1 and measured[0].pictures is not None


def latest(measured: list[Rival]) -> Rival | None:
    """The format that was written after the others; None if they were written at once."""
    *_, before, last = sorted(measured, key=lambda rival: rival.written)
    return last if last.written - before.written > _AT_ONCE else None


def comparison(measured: list[Rival]) -> str:
    """What to know for the choice: figures, whether they agree, and which was written later.

    Args:
        measured: The formats.

    Returns:
        Sentences.
    """
    listed = "; ".join(map(str, measured))
    if any(rival.pictures is None for rival in measured):
        verdict = "Not all were counted"
    else:
        verdict = "They list as much" if agree(measured) else "They differ"
    last = latest(measured)
    time = f"{last.format.name} was written later" if last else "the times do not tell which is newer"
    return f"{listed[:1].upper()}{listed[1:]}. {verdict}, and {time}."


def _measure(format: LabelFormat, files: list[Path]) -> Rival:
    """Counts what the files of a format list."""
    written = max(path.stat().st_mtime for path in files)
    count = _COUNTS.get(format.name)
    if count is None or len(files) > _MOST_FILES:
        return Rival(format, None, None, written)
    counts = [count(path) for path in files]
    return Rival(format, sum(pictures for pictures, _ in counts), sum(objects for _, objects in counts), written)


def _count_labelme(path: Path) -> tuple[int, int]:
    return 1, len(_list_in(path, "shapes"))


def _count_coco(path: Path) -> tuple[int, int]:
    return len(_list_in(path, "images")), len(_list_in(path, "annotations"))


def _list_in(path: Path, key: str) -> list[Any]:
    document = read_json(path, Problems())
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []


def _count_voc(path: Path) -> tuple[int, int]:
    return 1, len(re.findall(r"<object\b", read_text(path, Problems()) or ""))


def _count_yolo(path: Path) -> tuple[int, int]:
    return 1, sum(bool(line.strip()) for line in (read_text(path, Problems()) or "").splitlines())


_COUNTS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "labelme": _count_labelme,
    "coco": _count_coco,
    "voc": _count_voc,
    "yolo": _count_yolo,
}
"""How pictures and objects of a file are counted, by format."""
