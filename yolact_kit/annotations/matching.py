"""Matching labels with the pixels that they belong to: size, EXIF orientation, embedded pictures."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.objects import to_instances
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import Entry, Find, PictureIndex, named_picture
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.left_out import trace_objects
from yolact_kit.annotations.source import SKIPPED_SHAPES, Claim, Labelled, PictureResult, RawPart, RawPicture
from yolact_kit.annotations.source_folder import name_below
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.fingerprints import THUMBNAIL, digest, grey_thumbnail
from yolact_kit.pixels.formats import unread_format
from yolact_kit.pixels.pictures import (
    PictureError,
    PictureInfo,
    inspect_picture,
    picture_size,
    read_picture,
    read_small,
    read_values,
)
from yolact_kit.pixels.values import DeepSummary, summarise
from yolact_kit.shapes.rle import decode_rle

_OTHER_PICTURE = 12.0
"""Mean difference of two thumbnails, in grey levels, above which they show different pictures; JPEG is below 2."""


def match(raw: RawPicture, index: PictureIndex, options: ReadOptions, problems: Problems) -> PictureResult:
    """Finds the picture that labels belong to, decodes it, and fits the labels to it.

    Args:
        raw: The labels.
        index: The pictures that may be used.
        options: How labels are read.
        problems: Problems of the labels so far; more are added.

    Returns:
        The labelled picture, or None if there is an error; and the problems.
    """
    result = PictureResult(None, problems.found, labels=frozenset(item.label for item in raw.objects))
    location = _locate(raw, index, options, problems)
    if location is None:
        result.path = index.unread_picture(raw)
    else:
        find, content = location
        result.path = find.entry.path
        result.claim = None if content is not None else _claim(raw, find)
        labelled = _fit(raw, find.entry, content, options, problems)
        result.labelled = None if problems.failed else labelled
    trace_objects(raw, result, problems)
    return result


def _claim(raw: RawPicture, find: Find) -> Claim:
    """Why the labels got their picture."""
    entry = find.entry
    likely_folder = os.path.normpath((raw.source.parent / raw.reference).parent)
    is_likely = bool(raw.name) and os.path.normpath(entry.path.parent) == likely_folder
    reference = raw.name if is_likely else raw.reference or raw.stem
    searched = find.searched or bool(raw.name)
    return Claim(raw.source, entry.path, entry.relative, reference, raw.folder, raw.by_path, searched)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """What was read of a picture file.

    Attributes:
        info: What its header says.
        orientation: EXIF orientation that the pixels are turned by.
        rewrite: Whether the pixels change, so that the file cannot be copied as it is.
        digest: Fingerprint of the pixels; empty if they were not decoded.
        thumbnail: uint8 [16, 16], the picture in grey; None if it was not decoded, or has more than 8 bits.
        deep: What its values are, where it has more than 8 bits a channel.
    """

    info: PictureInfo
    orientation: int
    rewrite: bool
    digest: str = ""
    thumbnail: NDArray[np.uint8] | None = None
    deep: DeepSummary | None = None


def _fit(
    raw: RawPicture, entry: Entry, content: bytes | None, options: ReadOptions, problems: Problems
) -> Labelled | None:
    """Reads the picture and fits the labels to it; None with a problem if that is impossible."""
    try:
        pixels = _read_pixels(content or entry.path, raw, options, problems)
    except PictureError as error:
        problems.add(error.code, error.message)
        return None
    if pixels is None:
        return None
    width, height = pixels.info.turned(pixels.orientation)
    small = pixels.thumbnail if pixels.deep is None else _stretched(pixels.deep.small)
    if content is None and raw.embedded and small is not None:
        _compare_embedded(raw.embedded, entry.path, (width, height), small, pixels.deep is not None, problems)
    _scale(raw, width, height)
    file = entry.relative if content is None else _embedded_name(entry.relative, pixels.info)
    _note_pixels(pixels.info, file, problems)
    instances = to_instances(raw.objects, width, height, options, problems)
    return Labelled(
        Picture(file, width, height, entry.path, instances, raw.extra),
        raw.source,
        pixels.orientation,
        pixels.rewrite,
        content is not None,
        pixels.digest,
        pixels.thumbnail,
        pixels.deep,
    )


def _read_pixels(file: Path | bytes, raw: RawPicture, options: ReadOptions, problems: Problems) -> _Pixels | None:
    """Reads a picture's header. Decodes the picture only for ``--verify``, or if it has to be rewritten.

    Raises:
        PictureError: It is damaged or too large.
    """
    info = inspect_picture(file, options.max_pixels)
    orientation = _orientation(info, raw, options, problems)
    if orientation is None:
        return None
    rewrite = not info.plain or info.orientation != 1
    if not options.verify and not rewrite:
        return _Pixels(info, orientation, rewrite)
    if info.deep:
        values = read_values(file, orientation, options.max_pixels)
        return _Pixels(info, orientation, rewrite, digest(values), deep=summarise(values))
    pixels = read_picture(file, orientation, options.max_pixels)
    return _Pixels(info, orientation, rewrite, digest(pixels), grey_thumbnail(pixels))


def _locate(
    raw: RawPicture, index: PictureIndex, options: ReadOptions, problems: Problems
) -> tuple[Find, bytes | None] | None:
    """The picture's file, or the annotation file and the picture that is embedded in it."""
    find = index.find(raw, problems)
    misfit = _misfit_of_search(find, raw, options) if find is not None else ""
    if find is not None and not misfit:
        return find, None
    if problems.failed:
        return None
    if raw.embedded:
        return _locate_embedded(raw, raw.embedded, index.root, problems)
    unread = index.unread_picture(raw)
    if unread is not None and not misfit:
        picture = name_below(index.root, unread)
        problems.add("picture-unread-format", f"The format of '{picture}', {unread_format(unread)}, is not read.")
        return None
    name = named_picture(raw.source, raw.reference or raw.stem, raw.by_path, index.root)
    code = "picture-skipped" if options.skip_missing else "picture-missing"
    problems.add(code, f"The picture '{name}' was not found{misfit or _reason_of_missing(raw, index)}.")
    return None


def _reason_of_missing(raw: RawPicture, index: PictureIndex) -> str:
    """Where pictures of the name of a missing one lie, as the end of a sentence."""
    others = [f"'{other}'" for other in index.others(raw)[:2]]
    return f"; {' and '.join(others)} lie in other folders" if len(others) > 1 else f", nor one named '{raw.stem}'"


def _locate_embedded(raw: RawPicture, embedded: str, root: Path, problems: Problems) -> tuple[Find, bytes] | None:
    """The annotation file and the picture that is embedded in it; None with a problem if that is broken."""
    content = embedded_bytes(embedded)
    if content is None:
        problems.add("picture-embedded-bad", "Its picture is missing and the embedded one is broken.")
        return None
    folder = raw.source.parent.relative_to(root) if raw.source.parent.is_relative_to(root) else Path()
    problems.add("picture-embedded", "Its picture is missing; the one embedded in the labels is used.")
    return Find(Entry(raw.source, (folder / raw.stem).as_posix()), searched=False), content


def _misfit_of_search(find: Find, raw: RawPicture, options: ReadOptions) -> str:
    """Why a picture that was only found by its name is another one, as the end of a sentence; empty if it fits."""
    entry = find.entry
    if not (find.searched or raw.name) or entry.path.parent == raw.source.parent:
        return ""
    try:
        info = inspect_picture(entry.path, options.max_pixels)
    except PictureError:
        return ""  # which is reported when it is read
    if raw.embedded and not _shows(raw.embedded, entry.path):
        return f"; '{entry.relative}' is another picture than the one embedded in the labels"
    if raw.size is None or raw.size in ((info.width, info.height), info.upright) or options.rescale:
        return ""
    (width, height), (labelled_width, labelled_height) = info.upright, raw.size
    return f"; '{entry.relative}' has {width} x {height} pixels instead of {labelled_width} x {labelled_height}"


def embedded_bytes(text: str) -> bytes | None:
    """The picture file that labelme's ``imageData`` holds; None if it is not base64."""
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=False)
    except (binascii.Error, ValueError):
        return None


def _embedded_name(relative: str, info: PictureInfo) -> str:
    """The name of an embedded picture, with the suffix of its content."""
    suffix = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(info.format, f".{info.format.lower()}")
    return relative if info.suits(PurePosixPath(relative).suffix) else relative + suffix


def _orientation(info: PictureInfo, raw: RawPicture, options: ReadOptions, problems: Problems) -> int | None:
    """The EXIF orientation by which to turn the pixels so that the labels fit; None with a problem if none fits.

    Programs either obey EXIF or ignore it, and do not say which. The size in the labels tells where turning changes
    the picture's shape; where it does not, the format decides: labelme and CVAT label pictures upright.
    """
    stored, upright, exif = (info.width, info.height), info.upright, info.orientation
    if exif == 1:
        return 1 if raw.size in (None, stored) else _misfit("picture-size", 1, stored, raw, options, problems)
    tells = stored != upright and raw.size is not None
    if tells and raw.size == stored:
        problems.add(
            "picture-as-stored", f"Its EXIF orientation is {exif}, but the labels fit the picture as it is stored."
        )
        return 1
    if raw.size not in (None, stored, upright):
        turned = exif if raw.upright else 1
        return _misfit("picture-orientation", turned, upright if raw.upright else stored, raw, options, problems)
    if tells or raw.upright:
        problems.add("picture-rotated", f"It was turned upright: its EXIF orientation is {exif}.")
        return exif
    problems.add(
        "picture-as-stored", f"Its EXIF orientation is {exif}; its size does not tell whether the labels follow it."
    )
    return 1


def _misfit(
    code: str, orientation: int, size: tuple[int, int], raw: RawPicture, options: ReadOptions, problems: Problems
) -> int | None:
    """Handles sizes that differ: the orientation under ``--rescale`` if the aspect ratios agree, else None."""
    assert raw.size is not None
    (labelled_width, labelled_height), (width, height) = raw.size, size
    message = f"The labels are for {labelled_width} x {labelled_height} pixels, but the picture has {width} x {height}"
    alike = abs(labelled_width * height - labelled_height * width) <= 0.02 * labelled_width * height
    if options.rescale and alike:
        problems.add("picture-rescaled", message + "; they were scaled.")
        return orientation
    problems.add(code, message + (", which is another shape." if options.rescale else "."))
    return None


def _scale(raw: RawPicture, width: int, height: int) -> None:
    """Scales the labels to the picture, in place: shares of its size, or under ``--rescale`` labels of another size."""
    size = (1, 1) if raw.shares else raw.size
    if size is None or size == (width, height):
        return
    raw.extra.pop(SKIPPED_SHAPES, None)
    factors = np.array([width / size[0], height / size[1]])
    for part in (part for raw_object in raw.objects for part in raw_object.parts):
        if part.ring is not None:
            # Shares are written with 6 or 7 digits; rounding restores the points that were drawn.
            part.ring = np.round(part.ring * factors, 3) if raw.shares else part.ring * factors
        elif part.rle is not None:
            part.mask, part.rle = decode_rle(part.rle).astype(bool), None
        if part.mask is not None:
            _scale_mask(part, part.mask, factors)


def _scale_mask(part: RawPart, mask: NDArray[np.bool_], factors: NDArray[np.float64]) -> None:
    """Scales a mask and its offset, in place; ``factors`` are those of the width and the height."""
    import cv2  # As in fingerprints.py, only where it is needed.

    rows, columns = mask.shape
    size = max(1, round(columns * factors[0])), max(1, round(rows * factors[1]))
    scaled = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT)
    part.mask = np.asarray(scaled, dtype=bool)
    part.offset = round(part.offset[0] * factors[0]), round(part.offset[1] * factors[1])


def _note_pixels(info: PictureInfo, file: str, problems: Problems) -> None:
    """Adds problems of the file's format."""
    if info.frames > 1:
        problems.add("picture-frames", f"'{file}' has {info.frames} pages or frames; the first is used.")
    if not info.suits(PurePosixPath(file).suffix):
        problems.add("picture-suffix", f"'{file}' is a {info.format} file; it was read as one.")
    if not info.plain and not info.deep:  # of deep pictures `settle_depth` tells
        problems.add("picture-mode", f"'{file}' was turned from mode {info.mode} into 8-bit RGB.")


def _stretched(small: NDArray[Any]) -> NDArray[np.uint8]:
    """A thumbnail from black to white, whatever its range: programs embed deep pictures by a range of their own."""
    return DepthRange(float(small.min()), float(small.max())).to_8bit(small)


def _compare_embedded(
    embedded: str, path: Path, size: tuple[int, int], thumbnail: NDArray[np.uint8], deep: bool, problems: Problems
) -> None:
    """Reports a picture file that differs from the picture embedded in its labels."""
    content = embedded_bytes(embedded)
    if not content or (len(content) == path.stat().st_size and content == path.read_bytes()):
        return
    try:
        width, height = picture_size(content)
        small = grey_thumbnail(read_small(content, 8 * THUMBNAIL))
        small = _stretched(small) if deep else small
    except PictureError:
        return
    if (width, height) != size:
        problems.add(
            "picture-embedded-differs",
            f"The embedded picture has {width} x {height} pixels, the file {size[0]} x {size[1]}; the file is used.",
        )
    elif np.abs(small.astype(int) - thumbnail).mean() > _OTHER_PICTURE:
        problems.add("picture-embedded-differs", "The embedded picture shows something else; the file is used.")


def _shows(embedded: str, path: Path) -> bool:
    """Whether a picture file shows what the picture embedded in labels shows, which may have another quality."""
    content = embedded_bytes(embedded)
    try:
        if not content or picture_size(content) != picture_size(path):
            return False
        small, other = (grey_thumbnail(read_small(source, 8 * THUMBNAIL)) for source in (content, path))
    except PictureError:
        return False
    return bool(np.abs(small.astype(int) - other).mean() <= _OTHER_PICTURE)
