"""Checks of annotation files as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from yolact_kit.annotations.entries import entry_id, image_fault, segmentation_fault
from yolact_kit.datasets.checks.folder import Document
from yolact_kit.datasets.checks.registry import Finding, check

_CONVERT_AGAIN = "Write the data set again with `yolact-kit convert`, or mend the file by hand."


def _name(annotation: dict[str, Any]) -> str:
    return f"annotation {annotation.get('id', 'without id')}"


@check("classes-differ", "E", "Every split must have the same classes in the same order. " + _CONVERT_AGAIN, "document")
def classes_differ(document: Document) -> Iterator[Finding]:
    """The classes of an annotation file differ from those of ``dataset.yaml``."""
    names = [str(category.get("name")) for category in document.categories]
    if names != document.classes:
        missing = [name for name in document.classes if name not in names]
        extra = [name for name in names if name not in document.classes]
        what = "; ".join(
            part
            for part in (
                f"missing: {', '.join(missing)}" if missing else "",
                f"unknown: {', '.join(extra)}" if extra else "",
            )
            if part
        )
        yield Finding(f"Its classes are not those of dataset.yaml ({what or 'the order differs'}).", document.file)


@check("category-ids", "W", "Programs expect 1, 2, 3 in the order of the classes. " + _CONVERT_AGAIN, "document")
def category_ids(document: Document) -> Iterator[Finding]:
    """Category ids are not 1..N in the order of the classes."""
    ids = [category.get("id") for category in document.categories]
    if ids != list(range(1, len(ids) + 1)):
        yield Finding(f"Its category ids are {ids[:20]}, not 1 to {len(ids)}.", document.file)


@check("file-malformed", "E", "The picture is left out. " + _CONVERT_AGAIN, "document")
def picture_entry(document: Document) -> Iterator[Finding]:
    """The entry of a picture lacks its name or size, or names a file outside of the picture folder."""
    for image in document.images:
        fault = image_fault(image)
        if fault:
            yield Finding(f"The entry of picture {image.get('id', 'without id')} {fault}.", document.file)


@check("image-id-repeated", "E", "The second picture is left out. " + _CONVERT_AGAIN, "document")
def picture_id_twice(document: Document) -> Iterator[Finding]:
    """Two pictures of an annotation file have the same id."""
    for id, count in Counter(entry_id(image.get("id")) for image in document.images).items():
        if count > 1:
            yield Finding(f"{count} pictures have the id {id}.", document.file)


@check("annotation-ids", "W", "Ids must be unique for COCO's own tools. " + _CONVERT_AGAIN, "document")
def annotation_id_twice(document: Document) -> Iterator[Finding]:
    """Two objects of an annotation file have the same id."""
    for id, count in Counter(entry_id(annotation.get("id")) for annotation in document.annotations).items():
        if count > 1:
            yield Finding(f"{count} annotations have the id {id}.", document.file)


@check("image-unknown", "E", "The object is left out. " + _CONVERT_AGAIN, "document")
def picture_unknown(document: Document) -> Iterator[Finding]:
    """An object belongs to a picture that is not in the file."""
    known = {entry_id(image.get("id")) for image in document.images}
    for annotation in document.annotations:
        if entry_id(annotation.get("image_id")) not in known:
            yield Finding(f"Its picture {annotation.get('image_id')!r} is unknown.", document.file, _name(annotation))


@check("category-unknown", "E", "The object is left out. " + _CONVERT_AGAIN, "document")
def category_unknown(document: Document) -> Iterator[Finding]:
    """An object belongs to a class that is not in the file."""
    known = document.category_names()
    for annotation in document.annotations:
        if entry_id(annotation.get("category_id")) not in known:
            yield Finding(f"Its class {annotation.get('category_id')!r} is unknown.", document.file, _name(annotation))


def _segmentation_check(code: str, purpose: str) -> Callable[[Document], Iterator[Finding]]:
    def look(document: Document) -> Iterator[Finding]:
        for annotation, image in document.known_annotations():
            fault = segmentation_fault(annotation.get("segmentation"), image["width"], image["height"])
            if fault is not None and fault[0] == code:
                where = f"{_name(annotation)} in {image['file_name']}"
                yield Finding(f"The object {fault[1]}.", document.file, where)

    look.__doc__ = purpose
    return look


for _code, _purpose in {
    "segmentation-missing": "An object has no mask.",
    "shape-malformed": "The polygons of an object cannot be read.",
    "coordinates-not-finite": "A polygon has NaN or infinity.",
    "coordinates-odd": "A polygon has an odd number of coordinates.",
    "points-too-few": "A polygon has fewer than three points.",
    "rle-malformed": "Run lengths are broken, or of another size than their picture.",
}.items():
    check(_code, "E", "The object is left out. " + _CONVERT_AGAIN, "document")(_segmentation_check(_code, _purpose))
