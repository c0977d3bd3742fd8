"""Checks of unchanged annotation files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from yolact_kit.annotations.entries import entry_id, image_fault, segmentation_fault
from yolact_kit.datasets.checks.folder import Document
from yolact_kit.datasets.checks.registry import Finding, check


def _name(annotation: dict[str, Any]) -> str:
    """What messages call an annotation."""
    return f"annotation {annotation.get('id', 'without id')}"


@check("classes-differ", "document")
def classes_differ(document: Document) -> Iterator[Finding]:
    """The classes of an annotation file differ from those of ``dataset.yaml``."""
    names = [str(category.get("name")) for category in document.categories]
    if names != document.classes:
        what = _difference(names, document.classes)
        yield Finding(f"Its classes are not those of dataset.yaml ({what}).", document.file)


def _difference(names: list[str], classes: list[str]) -> str:
    """How the class names of an annotation file differ from those of the data set, in words."""
    missing = [name for name in classes if name not in names]
    unknown = [name for name in names if name not in classes]
    parts = []
    if missing:
        parts.append(f"missing: {', '.join(missing)}")
    if unknown:
        parts.append(f"unknown: {', '.join(unknown)}")
    return "; ".join(parts) or "the order differs"


@check("category-ids", "document")
def category_ids(document: Document) -> Iterator[Finding]:
    """Category ids are not 1..N in the order of the classes."""
    ids = [category.get("id") for category in document.categories]
    if ids != list(range(1, len(ids) + 1)):
        yield Finding(f"Its category ids are {ids[:20]}, not 1 to {len(ids)}.", document.file)


@check("file-malformed", "document")
def picture_entry(document: Document) -> Iterator[Finding]:
    """The entry of a picture lacks its name or size, or names a file outside of the picture folder."""
    for image in document.images:
        fault = image_fault(image)
        if fault:
            yield Finding(f"The entry of picture {image.get('id', 'without id')} {fault}.", document.file)


@check("image-id-repeated", "document")
def picture_id_twice(document: Document) -> Iterator[Finding]:
    """Two pictures of an annotation file have the same id."""
    for id, count in Counter(entry_id(image.get("id")) for image in document.images).items():
        if count > 1:
            yield Finding(f"{count} pictures have the id {id}.", document.file)


@check("annotation-ids", "document")
def annotation_id_twice(document: Document) -> Iterator[Finding]:
    """Two objects of an annotation file have the same id."""
    for id, count in Counter(entry_id(annotation.get("id")) for annotation in document.annotations).items():
        if count > 1:
            yield Finding(f"{count} annotations have the id {id}.", document.file)


@check("image-unknown", "document")
def picture_unknown(document: Document) -> Iterator[Finding]:
    """An object belongs to a picture that is not in the file."""
    known = {entry_id(image.get("id")) for image in document.images}
    for annotation in document.annotations:
        if entry_id(annotation.get("image_id")) not in known:
            yield Finding(f"Its picture {annotation.get('image_id')!r} is unknown.", document.file, _name(annotation))


@check("category-unknown", "document")
def category_unknown(document: Document) -> Iterator[Finding]:
    """An object belongs to a class that is not in the file."""
    known = document.category_names()
    for annotation in document.annotations:
        if entry_id(annotation.get("category_id")) not in known:
            yield Finding(f"Its class {annotation.get('category_id')!r} is unknown.", document.file, _name(annotation))


def _segmentation_check(code: str) -> Callable[[Document], Iterator[Finding]]:
    """A check for one of the faults that `segmentation_fault` tells apart."""

    def look(document: Document) -> Iterator[Finding]:
        for annotation, image in document.known_annotations():
            fault = segmentation_fault(annotation.get("segmentation"), image["width"], image["height"])
            if fault is not None and fault[0] == code:
                where = f"{_name(annotation)} in {image['file_name']}"
                yield Finding(f"The object {fault[1]}.", document.file, where)

    return look


for _code in (
    "segmentation-missing", "shape-malformed", "coordinates-not-finite", "coordinates-odd", "points-too-few",
    "rle-malformed",
):  # fmt: skip
    check(_code, "document")(_segmentation_check(_code))
