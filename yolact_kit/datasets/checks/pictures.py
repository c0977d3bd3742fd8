"""Checks of picture files: missing, damaged, of another size, not listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yolact_kit.datasets.checks.registry import Finding, check
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.pixels.formats import is_picture


@check("picture-missing", "pictures")
def picture_missing(subject: Subject) -> Iterator[Finding]:
    """A picture is not there."""
    for picture in subject.dataset.pictures():
        error = subject.scans[picture.path].error
        if error is not None and error.code == "picture-missing":
            yield Finding("The picture is missing.", picture.file)


@check("picture-undecodable", "pictures")
def picture_undecodable(subject: Subject) -> Iterator[Finding]:
    """A picture cannot be decoded: it is damaged, cut off, or not a picture."""
    for picture in subject.dataset.pictures():
        error = subject.scans[picture.path].error
        if error is not None and error.code != "picture-missing":
            yield Finding(error.message, picture.file)


@check("picture-size", "pictures")
def picture_size(subject: Subject) -> Iterator[Finding]:
    """A picture has another size than its labels say."""
    for picture in subject.dataset.pictures():
        scan = subject.scans[picture.path]
        if scan.error is None and scan.size != (picture.width, picture.height):
            size = f"{scan.size[0]}x{scan.size[1]}"
            yield Finding(f"It is {size}, its labels say {picture.width}x{picture.height}.", picture.file)


@check("picture-unlisted", "pictures")
def picture_unlisted(subject: Subject) -> Iterator[Finding]:
    """A picture lies in the data set's picture folder, but no annotation file mentions it."""
    root = subject.dataset.root
    folder = root / "images" if root is not None else None
    if folder is None or not folder.is_dir():
        return
    listed = {picture.path.resolve() for picture in subject.dataset.pictures()}
    for path in sorted(folder.rglob("*")):
        if is_picture(path) and path.is_file() and path.resolve() not in listed:
            yield Finding("No annotation file mentions it.", Path(path).relative_to(folder).as_posix())
