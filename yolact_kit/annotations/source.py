"""Labels as they are in a file, before they are checked, and pictures with the source of their pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.readers.registry import FormatName
from yolact_kit.pixels.values import DeepSummary
from yolact_kit.shapes.rings import Ring
from yolact_kit.shapes.rle import Rle

SKIPPED_SHAPES = "skipped_shapes"
"""The key of a picture's ``extra`` for labelme's shapes that are not objects, so that they can be written back."""


@dataclass(slots=True)
class LabelFiles:
    """The annotation files of a source.

    Attributes:
        format: Format of the labels.
        files: Annotation files, those that cannot be read included.
        others: Files that look like annotations but are not of this format.
        masks: Whether they are mask pictures of VOC, without XML files.
        why: How the format was recognised, for people.
        description: YOLO's file of class names and splits, where there is one.
    """

    format: FormatName
    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    masks: bool = False
    why: str = ""
    description: Path | None = None


@dataclass(slots=True)
class RawPart:
    """One shape of an object.

    Attributes:
        name: How problems name it, such as ``"shape 3 (nut)"``.
        ring: Its outline, where it is a polygon.
        rle: Its mask, where it is one.
        mask: Its mask, where it is one that does not cover the picture: bool [h, w] ...
        offset: ... and x, y of its top left corner in the picture.
        bridged: Whether its outline holds several parts or holes, joined by lines there and back, so that it crosses
            itself on purpose.
        crosses: Whether its outline crosses or touches itself; found out when objects become instances.
        area: What its outline encloses, in square pixels; found out likewise.
    """

    name: str
    ring: Ring | None = None
    rle: Rle | None = None
    mask: NDArray[np.bool_] | None = None
    offset: tuple[int, int] = (0, 0)
    bridged: bool = False
    crosses: bool = False
    area: float = 0.0


@dataclass(slots=True)
class RawObject:
    """One object as a file has it.

    Attributes:
        name: Its name in problems.
        label: Its label as it stands in the file.
        parts: Its shapes.
        crowd: Whether it is a region of many objects.
        box: Its box x1 y1 x2 y2 in pixels, where the file has one besides, or instead of, its shapes.
        extra: What COCO has no field for.
        stated_area: The area that the file gives it, in square pixels; None if it gives none.
        left_out: Code of the problem for which it is not in the data set; empty if it is, or as long as it is unknown.
    """

    name: str
    label: str
    parts: list[RawPart]
    crowd: bool = False
    box: tuple[float, float, float, float] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    stated_area: float | None = None
    left_out: str = ""

    @property
    def outlines(self) -> list[RawPart]:
        """Its parts whose outlines have three points or more, so that they can enclose something."""
        return [part for part in self.parts if part.ring is not None and len(part.ring) >= 3]

    @property
    def names(self) -> set[str]:
        """How problems name it and its parts; a console may show what it cannot print in escapes."""
        return {self.name, ascii(self.name), *(part.name for part in self.parts)}


@dataclass(slots=True)
class RawPicture:
    """What a file says of one picture.

    Attributes:
        source: The annotation file.
        reference: The picture's name or path in the file; empty if the file does not name it.
        name: The name in the file where its likely folder was put in front of it to make ``reference``.
        stem: The name, without suffix, that the picture has when ``reference`` leads nowhere: usually the annotation
            file's.
        size: Width and height in the file, None if it does not give them.
        objects: The objects.
        embedded: The picture itself as a file in base64, where the annotation file holds it.
        upright: Whether labels of this format belong to pictures that are turned upright.
        folder: Name of the picture's folder in the file; empty if the file does not name it.
        shares: Whether coordinates are shares of the picture's width and height instead of pixels.
        split: The split that the file puts the picture in; empty where it does not say.
        by_path: Whether ``reference`` is a path that begins at the annotation file, as in labelme. Otherwise it is a
            name, and the folder of pictures is not said.
        extra: What COCO has no field for.
    """

    source: Path
    reference: str
    stem: str
    size: tuple[int, int] | None
    objects: list[RawObject] = field(default_factory=list)
    embedded: str | None = None
    upright: bool = False
    folder: str = ""
    shares: bool = False
    split: str = ""
    name: str = ""
    by_path: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Labelled:
    """A picture with its objects, and where its pixels come from.

    Attributes:
        picture: The picture; ``path`` is the file that its pixels come from, as it lies in the source.
        source: The annotation file.
        orientation: EXIF orientation that the pixels are turned by, 1 for as stored.
        rewrite: Whether the pixels change, so that the file cannot be copied as it is.
        embedded: Whether ``picture.path`` is a labelme file that holds the picture.
        digest: Fingerprint of the pixels; equal for pictures that are the same. Empty where it was not decoded.
        thumbnail: uint8 [16, 16], the picture in grey. None where it was not decoded.
        deep: What its values are, where it has more than 8 bits a channel; the thumbnail follows once the range of the
            whole source is known.
    """

    picture: Picture
    source: Path
    orientation: int = 1
    rewrite: bool = False
    embedded: bool = False
    digest: str = ""
    thumbnail: NDArray[np.uint8] | None = None
    deep: DeepSummary | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Why labels were given to a picture.

    Attributes:
        source: The annotation file.
        path: The picture's file.
        picture: Its path below the folder that it was found under, with forward slashes.
        reference: What the labels call it: `RawPicture.reference`, else the name of the label file.
        folder: See `RawPicture.folder`.
        by_path: See `RawPicture.by_path`.
        searched: Whether the picture is not where the labels say, or has not quite the name that they give: it was
            searched for by its name, and may be another one.
    """

    source: Path
    path: Path
    picture: str
    reference: str
    folder: str = ""
    by_path: bool = False
    searched: bool = False


@dataclass(slots=True)
class PictureResult:
    """What became of one picture of a source.

    Attributes:
        labelled: The picture; None where it was left out.
        problems: What is wrong with it.
        split: The split that the source has it in; empty where it has none.
        path: The picture's file, where one was found.
        labels: The labels of its objects as they stand in the file.
        claim: Why the labels were given to that file.
        file: The annotation file, as problems name it.
        picture: The picture as the file names it.
        objects: Names of the objects that became instances, in the order of these.
        left_out: The other objects: name, and code of the problem.
    """

    labelled: Labelled | None
    problems: list[Problem]
    split: str = ""
    path: Path | None = None
    labels: frozenset[str] = frozenset()
    claim: Claim | None = None
    file: str = ""
    picture: str = ""
    objects: tuple[str, ...] = ()
    left_out: list[tuple[str, str]] = field(default_factory=list)
