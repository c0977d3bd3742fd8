"""Writers of predictions: some write files for each picture, others one document for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.inference.journal import Record
from yolact_kit.inference.writers.cutouts import CutoutWriter
from yolact_kit.inference.writers.documents import write_coco, write_csv
from yolact_kit.inference.writers.items import Item, WriteOptions, Writer
from yolact_kit.inference.writers.labelme import LabelmeWriter
from yolact_kit.inference.writers.overlay import OverlayWriter
from yolact_kit.inference.writers.png import PngWriter
from yolact_kit.inference.writers.video import VideoWriter

__all__ = ["DOCUMENTS", "FORMATS", "Item", "WriteOptions", "Writer", "check_formats", "make_writers"]

_WRITERS: dict[str, Callable[[Path, Sequence[str], WriteOptions], Writer]] = {
    "labelme": LabelmeWriter,
    "png": PngWriter,
    "cutouts": CutoutWriter,
    "overlay": OverlayWriter,
    "video": VideoWriter,
}

DOCUMENTS: dict[str, Callable[[Path, Sequence[str], Iterable[Record], bool], None]] = {
    "coco": write_coco,
    "csv": write_csv,
}
"""Functions that write documents from the folder, class names, records, and whether some are video frames."""

FORMATS = (*DOCUMENTS, *_WRITERS)


def make_writers(
    formats: Iterable[str], out: Path, classes: Sequence[str], options: WriteOptions | None = None
) -> list[Writer]:
    """The writers of those formats that have files for each picture.

    Args:
        formats: Names among `FORMATS`.
        out: Folder to write into.
        classes: Class names.
        options: How.

    Returns:
        One writer for each name that is not one of `DOCUMENTS`.

    Raises:
        UserError: A format is not known.
    """
    names = check_formats(formats)
    return [make(out, classes, options or WriteOptions()) for name, make in _WRITERS.items() if name in names]


def check_formats(formats: Iterable[str]) -> set[str]:
    """The names of formats as a set, each of them checked.

    Args:
        formats: Names.

    Returns:
        The names.

    Raises:
        UserError: A name is not known, or there is none.

    Example:
        >>> sorted(check_formats(["overlay", "coco"]))
        ['coco', 'overlay']
    """
    names = set(formats)
    for name in sorted(names - set(FORMATS)):
        raise UserError(f"There is no format '{name}'.", f"Available are {', '.join(FORMATS)}.")
    if not names:
        raise UserError("No format was given.", f"Available are {', '.join(FORMATS)}.")
    return names
