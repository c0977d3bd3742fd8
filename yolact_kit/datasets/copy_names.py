"""Names of copies: how programs and people name pictures that they made from one photo."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import PurePosixPath
from statistics import median

from yolact_kit.annotations.split_lists import NAMES


class CopyMark(IntEnum):
    """What in a name says that the picture is a copy; a higher one says it less surely."""

    NONE = 0
    PROGRAM = 1
    """A pattern of one program, such as Roboflow's ``NAME_jpg.rf.HASH``."""
    CHANGE = 2
    """A word for augmentation, such as ``_aug_3``, ``-flipped``, ``_rot90``."""
    LOOK = 3
    """A word that may describe the scene as well, such as ``_dark``, ``_crop_2``."""
    COPY = 4
    """``(1)``, ``- Copy``: also what systems append to a photo whose name is in use."""
    NUMBER = 5
    """Another number after, or before, the name of a picture that is there."""


@dataclass(slots=True)
class NamedCopies:
    """Pictures that are copies of one photo by their names.

    Attributes:
        certain: Those whose names leave no doubt, the photo itself included where it is there.
        doubtful: Those that may be other photos; their pixels must decide.
    """

    certain: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)


_EXTENSION = r"(?:jpe?g|png|bmp|tiff?|webp|heic|gif|jfif)"
_PROGRAMS = (
    # Roboflow; Augmentor; the tiles of DOTA's tools: NAME__SCALE__X___Y.
    re.compile(rf"(?P<base>.+)_{_EXTENSION}\.rf\.[\w-]{{6,}}", re.IGNORECASE),
    re.compile(rf".+_original_(?P<base>.+)\.{_EXTENSION}_[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", re.I),
    re.compile(r"(?P<base>.+)__\d+(?:\.\d+)?__\d+___\d+"),
    re.compile(r"(?P<base>.+)[-_ .](?:tile|patch)(?:[-_ .]?[xyrc]?\d+){1,4}", re.IGNORECASE),
)
_SLICE = re.compile(r"(?P<base>.+)_(?P<x1>\d+)_(?P<y1>\d+)_(?P<x2>\d+)_(?P<y2>\d+)")
"""A tile of SAHI's, named by its corners."""
_SMALLEST_TILE = 64
_DIRECTION = r"(?:h|v|x|y|hv|vh|lr|ud|horizontal(?:ly)?|vertical(?:ly)?|both)"
_CHANGES = (
    r"aug(?:ment(?:ed|ations?)?)?|albu(?:mentations?)?|transformed|증강|좌우반전|상하반전|반전|회전|"
    rf"{_DIRECTION}?[-_]?(?:flip(?:ped)?|mirror(?:ed)?)[-_]?{_DIRECTION}?|rot(?:at(?:ed?|ion))?|mosaic|mixup|cutout"
)
_LOOKS = (
    r"crop(?:ped)?|blur(?:red|ry)?|nois[ey]|bright(?:ness|er)?|dark(?:er)?|contrast|gr[ae]y(?:scale)?|hue|sat(?:uration)?|"
    r"jitter|shift(?:ed)?|scaled?|zoom(?:ed)?|shear(?:ed)?|translated?|clahe|gamma|sharpen(?:ed)?|equali[sz]ed?|"
    r"affine|perspective|elastic|invert(?:ed)?|밝기|노이즈|확대|축소|흐림"
)
_COPIES = r"(?:another )?copy|copie|kopie|copia|복사본|사본|のコピー|コピー|副本|拷贝"
# After the word: a number, degrees, or a hash.
_TAIL = r"(?:[-_ .]{0,2}(?:\d{1,4}(?:\.\d+)?|[0-9a-f]{8,32}))?(?:deg|도|°)?"


def _around(words: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of a name with one of the words behind or before it."""
    suffix = rf"(?P<base>.+?)[-_ .]+(?:{words}){_TAIL}"
    prefix = rf"(?:{words}){_TAIL}[-_ .]+(?P<base>.+)"
    return re.compile(suffix, re.IGNORECASE), re.compile(prefix, re.IGNORECASE)


_PATTERNS: dict[CopyMark, tuple[re.Pattern[str], ...]] = {
    CopyMark.PROGRAM: _PROGRAMS,
    CopyMark.CHANGE: _around(_CHANGES),
    CopyMark.LOOK: _around(_LOOKS),
    CopyMark.COPY: (
        re.compile(r"(?P<base>.+?)[-_ ]*\((?:\d{1,3}|(?:another )?copy)\)", re.IGNORECASE),
        re.compile(rf"(?P<base>.+?)[-_ ]*[-_ ](?:{_COPIES})(?:[-_ ]*\(?\d{{1,3}}\)?)?", re.IGNORECASE),
    ),
}
_NUMBERED = (re.compile(r"(?P<base>.+)[-_ .]\d{1,3}"), re.compile(r"\d{1,3}[-_ .](?P<base>.+)"))
_CHANGE_FOLDER = re.compile(rf"(?:{_CHANGES})(?:e?d|s)?(?:[-_ ]?(?:images?|photos?|\d+))?", re.IGNORECASE)
_ROLES = frozenset({*NAMES, "images", "image", "img", "imgs", "original", "originals", "orig", "raw", "원본"})
"""Words of folders such as ``train2017`` and ``train_images``, which say nothing of which photo a picture is."""


@dataclass(frozen=True, slots=True)
class _Name:
    """The path of a picture, read as that of a copy: of which photo, and how surely."""

    file: str
    photo: str
    mark: CopyMark


def copies_by_name(files: Iterable[str]) -> list[NamedCopies]:
    """Finds pictures that are copies of one photo by their names.

    Args:
        files: Paths of the pictures, with forward slashes.

    Returns:
        The copies of each photo of which there is more than one picture. Pictures in different folders are copies
        only where the folders are splits, or named after what was done to the photos.

    Example:
        >>> copies_by_name(["a.jpg", "a_flip.jpg", "b.jpg"])[0].certain
        ['a.jpg', 'a_flip.jpg']
    """
    groups: dict[str, list[_Name]] = defaultdict(list)
    for name in _with_numbers([_read_name(file) for file in files]):
        groups[name.photo].append(name)
    candidates = [group for group in groups.values() if len(group) > 1 and any(name.mark for name in group)]
    usual = {mark: _count_copies(candidates, mark) for mark in (CopyMark.CHANGE, CopyMark.LOOK)}
    return [_judge(group, usual) for group in candidates]


def _read_name(file: str) -> _Name:
    """Takes away everything in a path that marks a copy."""
    path = PurePosixPath(file)
    folders, mark = [], CopyMark.NONE
    for folder in path.parent.parts:
        if _CHANGE_FOLDER.fullmatch(folder):
            mark = CopyMark.CHANGE
        elif not _ROLES.issuperset(re.findall(r"[^\W\d_]+", folder.casefold()) or [folder]):
            folders.append(folder)
    stem = path.stem.strip()
    while (match := _match(stem)) is not None:
        stem, own = match
        mark = max(mark, own)
    return _Name(file, "/".join([*folders, stem]), mark)


def _match(stem: str) -> tuple[str, CopyMark] | None:
    """A name without its outermost mark, and the mark; None where it has none."""
    if (tile := _SLICE.fullmatch(stem)) is not None:
        x1, y1, x2, y2 = (int(tile[key]) for key in ("x1", "y1", "x2", "y2"))
        # Dates and times look like corners as well, but never of so large a tile.
        if min(x2 - x1, y2 - y1) >= _SMALLEST_TILE:
            return tile["base"], CopyMark.PROGRAM
    for mark, patterns in _PATTERNS.items():
        for pattern in patterns:
            if match := pattern.fullmatch(stem):
                return match["base"].strip(), mark
    return None


def _with_numbers(names: list[_Name]) -> list[_Name]:
    """The names, those read as numbered copies that differ by a number from a photo that is there itself."""
    photos = {name.photo for name in names if name.mark <= CopyMark.PROGRAM}
    numbered: list[_Name] = []
    for name in names:
        folder, slash, stem = name.photo.rpartition("/")
        bases = [match["base"] for pattern in _NUMBERED if (match := pattern.fullmatch(stem))]
        base = next((folder + slash + base for base in bases if folder + slash + base in photos), None)
        numbered.append(name if base is None else _Name(name.file, base, CopyMark.NUMBER))
    return numbered


def _count_copies(groups: list[list[_Name]], mark: CopyMark) -> bool:
    """Whether numbers in names with such a mark count the copies of a photo rather than photos.

    Augmentation makes a few copies of many photos: ``a_aug_1``, ``a_aug_2``, ``b_aug_1``. In ``apple_rot_1`` to
    ``apple_rot_40`` the word describes the fruit, and few photos would have many copies.
    """
    sizes = [sum(name.mark == mark for name in group) for group in groups]
    sizes = [size for size in sizes if size]
    return bool(sizes) and len(sizes) >= median(sizes)


def _judge(group: list[_Name], usual: dict[CopyMark, bool]) -> NamedCopies:
    """Divides the pictures of one photo into those that are its copies for certain and those that may be."""
    has_photo = any(name.mark <= CopyMark.PROGRAM for name in group)
    trusted = {CopyMark.NONE, CopyMark.PROGRAM}
    if has_photo or usual[CopyMark.CHANGE]:
        trusted.add(CopyMark.CHANGE)
    if has_photo and usual[CopyMark.LOOK]:
        trusted.add(CopyMark.LOOK)
    copies = NamedCopies()
    for name in group:
        (copies.certain if name.mark in trusted else copies.doubtful).append(name.file)
    # Two photos of one name, such as a.jpg and a.png, are no copies by themselves.
    if not any(name.mark > CopyMark.NONE and name.mark in trusted for name in group):
        copies.certain, copies.doubtful = [], copies.certain + copies.doubtful
    return copies
