"""Which mask picture belongs to which photo, by their names and folders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.files import MARK, MASK_FOLDER
from yolact_kit.annotations.picture_index import VOC_PICTURES

_PHOTO = re.compile(r"[_-](leftimg8bit|img|image|rgb|photo|sat)$|^(img|image|photo|rgb)[_-]")
_MASK = re.compile(rf"{MARK}|^(masks?|seg|labels?|gt|inst|instances?)[_-]")
_NUMBER = re.compile(r"[_-]?(mask|seg|label|instance|inst|object|obj)?[_-]?\d+$")
"""The end of the name of a file that holds one of several objects: ``a_0``, ``a_mask_12``."""

StemsOf = Callable[[Path], list[str]]


@dataclass(slots=True)
class MaskPairs:
    """The mask pictures of photos.

    Attributes:
        of_photo: Mask pictures by photo.
        without_photo: Mask pictures whose photo is missing, or unclear.
        one_file_each: Whether each object has a file of its own.
    """

    of_photo: dict[Path, list[Path]] = field(default_factory=dict)
    without_photo: list[Path] = field(default_factory=list)
    one_file_each: bool = False


def pair_masks(masks: list[Path], photos: Iterable[Path]) -> MaskPairs:
    """Finds the photo of each mask picture.

    Args:
        masks: The mask pictures.
        photos: The pictures that may be their photos.

    Returns:
        The pairs, as the way of naming that fits most of the masks has them.
    """
    # A mask has the name of its photo, with or without a mark such as "_mask"; or a number as well, where each object
    # has its own file; or it lies in a folder that is named after the photo, or that the photo lies beside.
    photos = _without_masks(list(photos), masks)
    by_name: dict[str, list[Path]] = defaultdict(list)
    by_folder: dict[str, list[Path]] = defaultdict(list)
    for photo in photos:
        for name in dict.fromkeys((comparable(photo.stem), _PHOTO.sub("", comparable(photo.stem)))):
            by_name[name].append(photo)
        for folder in (photo.parent, photo.parent.parent):
            by_folder[comparable(str(folder))].append(photo)
    ways: list[tuple[StemsOf, dict[str, list[Path]]]] = [
        (_plain_names, by_name),
        (_names_without_number, by_name),
        (lambda mask: [comparable(mask.parent.name)], by_name),
        (lambda mask: [comparable(str(mask.parent.parent))], by_folder),
    ]
    best: dict[Path, Path] = {}
    best_way = 0
    for number, (names, index) in enumerate(ways):
        pairs = _without_contradictions(_pairs(masks, names, index))
        if len(pairs) > len(best):
            best, best_way = pairs, number
        if 2 * len(best) >= len(masks):
            break
    result = MaskPairs(one_file_each=best_way > 0)
    for mask in masks:
        if mask in best:
            result.of_photo.setdefault(best[mask], []).append(mask)
        else:
            result.without_photo.append(mask)
    return result


def _without_masks(photos: list[Path], masks: list[Path]) -> list[Path]:
    """Photos without the masks of other photos, such as those of another split, which may bear the same names."""
    # Such a mask is called as a picture beside it, with a mark; or it lies in a folder that is called as a folder of
    # these masks. Photos that lie beside their masks stay.
    names = {(photo.parent, comparable(photo.stem)) for photo in photos}
    photos = [photo for photo in photos if not _is_marked_beside(photo, names)]
    beside = {mask.parent for mask in masks}
    folders = _mask_folders(beside, photos)
    return [photo for photo in photos if photo.parent in beside or folders.isdisjoint(photo.parent.parts)]


def _mask_folders(beside: set[Path], photos: list[Path]) -> set[str]:
    """The names of folders of masks, among those that masks lie in and those around them; none holds all photos."""
    parts = {part for folder in beside for part in folder.parts}
    around = parts.intersection(*(photo.parent.parts for photo in photos))
    return {part for part in parts - around if MASK_FOLDER.search(comparable(part))}


def _is_marked_beside(photo: Path, names: set[tuple[Path, str]]) -> bool:
    stem = comparable(photo.stem)
    unmarked = _MASK.sub("", stem)
    return unmarked != stem and (photo.parent, unmarked) in names


def _plain_names(mask: Path) -> list[str]:
    """The names that the photo of a mask may have, the likeliest first."""
    stem = comparable(mask.stem)
    return [stem, _MASK.sub("", stem)]


def _names_without_number(mask: Path) -> list[str]:
    """As `_plain_names`, without the number of an object."""
    return [name for stem in _plain_names(mask) for name in _plain_names(Path(_NUMBER.sub("", stem) + ".png")) if name]


def _pairs(masks: list[Path], names: StemsOf, photos: dict[str, list[Path]]) -> dict[Path, Path]:
    """The photo of each mask that has exactly one that fits best."""
    pairs: dict[Path, Path] = {}
    votes = Counter(photo.parent for mask in masks for photo in _candidates(mask, names, photos))
    for mask in masks:
        candidates = _candidates(mask, names, photos)
        ranked = sorted(((_rank(mask, photo, votes), photo) for photo in candidates), reverse=True)
        if len(ranked) == 1 or (ranked and ranked[0][0] > ranked[1][0]):
            pairs[mask] = ranked[0][1]
    return pairs


def _candidates(mask: Path, names: StemsOf, photos: dict[str, list[Path]]) -> list[Path]:
    """The photos of the first name that any photo has."""
    return next((photos[name] for name in names(mask) if name in photos), [])


def _rank(mask: Path, photo: Path, votes: Counter[Path]) -> tuple[int, bool, int]:
    """How well the folders of a mask and of a photo fit, for comparing photos."""
    return len(_shared(mask, photo)), photo.parent.name == VOC_PICTURES, votes[photo.parent]


def _shared(mask: Path, photo: Path) -> set[str]:
    """The names of folders that the paths of a mask and of a photo have in common."""
    first, second = ({comparable(part) for part in path.parent.parts} for path in (mask, photo))
    return first & second


def _difference(mask: Path, photo: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The folders of a mask that are none of its photo's, but for one named after the photo; and the other way."""
    shared = _shared(mask, photo)
    of_mask = {comparable(part) for part in mask.parent.parts} - {comparable(photo.stem)}
    of_photo = {comparable(part) for part in photo.parent.parts}
    return frozenset(of_mask - shared), frozenset(of_photo - shared)


def _without_contradictions(pairs: dict[Path, Path]) -> dict[Path, Path]:
    """The pairs without those whose folders contradict each other, as day 1 and day 2 do."""
    # Masks and photos lie in folders of different names, such as "masks" and "images", all of them in the same ones. A
    # pair that differs in other folders than most are is a mask whose own photo is missing.
    differences = {mask: _difference(mask, photo) for mask, photo in pairs.items()}
    counts = Counter(differences.values())
    most = max(counts.values(), default=0)
    fitting = {mask: photo for mask, photo in pairs.items() if 2 * counts[differences[mask]] > most}
    # Of masks of the same name in several folders, the one that shares most folders with the photo is its own.
    best: dict[tuple[Path, str], int] = defaultdict(int)
    for mask, photo in fitting.items():
        key = photo, comparable(mask.name)
        best[key] = max(best[key], len(_shared(mask, photo)))
    return {
        mask: photo
        for mask, photo in fitting.items()
        if len(_shared(mask, photo)) == best[photo, comparable(mask.name)]
    }
