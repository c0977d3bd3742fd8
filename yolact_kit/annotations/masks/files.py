"""Finding the mask pictures of a set."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.colours import Colour, colour_names
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError
from yolact_kit.pixels.formats import SUFFIXES, is_picture

_SUFFIXES = {".png", ".bmp", ".gif", ".tif", ".tiff"}
ARRAYS = {".npy", ".npz", ".mat"}
"""Suffixes of files of arrays, in which some programs keep masks."""
_MOST_COLOURS = 64
_FLAT = 0.9
"""Share of a mask picture's pixels that are like their right neighbour, at least."""
_ROBOFLOW = "_classes.csv"

OF_OBJECTS = re.compile(r"[_-](gt(fine|coarse)_)?(instances?|instance_?ids|inst)$")
"""The end of a mask picture's name that says that each of its colours is an object."""
MARK = (
    r"[_-](gt(fine|coarse)_)?"
    r"(masks?|seg|segm|segmentation|labels?|label_?ids|gt|annotation|instances?|instance_?ids|inst)$"
)
"""The end of the name of a mask picture, which the name of its photo lacks, as a regular expression."""
_MARK = re.compile(MARK)
MASK_FOLDER = re.compile(r"masks?([_-]|$)|^(labels?|instances?|annotations?|gt|segmentations?)([_-]|$)")
"""The name of a folder of mask pictures."""
_VIEW = re.compile(r"[_-](colou?rs?|colou?red|vis|viz|overlay|label_?train_?ids|instance_?train_?ids)$")
"""The end of the name of a picture that shows the same masks for people, or for another program."""


@dataclass(slots=True)
class MaskFolder:
    """The mask pictures of a set.

    Attributes:
        kind: ``instance``: a colour an object; ``class``: a colour a class.
        files: Mask picture by the normalised stem of the picture it belongs to; see `mask_of`.
        classes: Where ``kind`` is ``instance``: mask pictures with a colour a class, by stem.
        names: Class name by colour; empty where it has to be found out from boxes. None for background.
    """

    kind: Literal["instance", "class"]
    files: dict[str, Path]
    classes: dict[str, Path] = field(default_factory=dict)
    names: dict[Colour, str | None] = field(default_factory=dict)


def is_mask_picture(path: Path) -> bool:
    """Whether a file may be a mask picture, by its suffix."""
    return path.suffix.lower() in _SUFFIXES


def mask_files(folder: SourceFolder) -> list[Path]:
    """The mask pictures that may be all the labels of a source.

    Args:
        folder: The source.

    Returns:
        The pictures in ``folder.masks`` where that is given, those in the folders that VOC gives its mask pictures
        (those of objects, else those of classes), or those beside Roboflow's list of classes.

    Raises:
        UserError: ``folder.masks`` has no picture that may be a mask picture.
    """
    pool = folder.candidates if folder.masks is None else folder.under(folder.masks)
    pictures = list(filter(is_mask_picture, pool))
    if folder.masks is not None and not pictures:
        raise _no_masks(folder.masks, pool)
    for name in ("SegmentationObject", "SegmentationClass"):
        files = [path for path in pictures if mask_folder(path, name)]
        if files:
            return files
    return _of_roboflow(pool) if folder.masks is None else chosen_masks(pictures)


def _of_roboflow(files: list[Path]) -> list[Path]:
    """The mask pictures beside Roboflow's lists of classes."""
    described = {path.parent for path in files if path.name.lower() == _ROBOFLOW}
    beside = [path for path in files if path.parent in described]
    return [path for path in beside if is_mask_picture(path) and _ends_in(_MARK, path)]


def _ends_in(pattern: re.Pattern[str], path: Path) -> bool:
    """Whether the name of a picture, without its suffix, has an end that says what it shows."""
    return pattern.search(comparable(path.stem)) is not None


def _no_masks(masks: Path, files: list[Path]) -> UserError:
    """The error for a folder of masks without a picture that can be one."""
    counts = Counter(path.suffix.lower() or path.name for path in files)
    listed = ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common(3))
    holds = f": it holds {listed} files" if listed else ", which is empty"
    advice = "Masks are PNG, BMP, GIF or TIFF files."
    if set(counts) & ARRAYS:
        advice = "Save arrays as PNG of 16 bits: `Image.fromarray(array.astype('uint16')).save('a.png')`."
    elif set(counts) & set(SUFFIXES["JPEG"]):
        advice = "JPEG changes the numbers of pixels. Export the masks as PNG."
    return UserError(f"There are no mask pictures in '{masks}'{holds}.", advice)


def chosen_masks(pictures: list[Path]) -> list[Path]:
    """The mask pictures among pictures that also show the photos, or the same masks in colours.

    Args:
        pictures: Pictures that may be mask pictures.

    Returns:
        Those in folders that are named after masks, where there are others; of them those whose names say that they
        show objects, such as ``a_gtFine_instanceIds.png``; else those that are named after another one, such as
        ``a_mask.png`` beside ``a.png``; else all but coloured views.
    """
    pictures = [path for path in pictures if MASK_FOLDER.search(comparable(path.parent.name))] or pictures
    of_objects = [path for path in pictures if _ends_in(OF_OBJECTS, path)]
    if of_objects:
        return of_objects
    pictures = [path for path in pictures if not _ends_in(_VIEW, path)] or pictures
    return _without_photos(pictures)


def _without_photos(pictures: list[Path]) -> list[Path]:
    """Pictures that are named after another one, such as ``a_mask.png`` beside ``a.png``; all if there are none."""
    stems = {comparable(path.stem) for path in pictures}
    marked = [path for path in pictures if _ends_in(_MARK, path)]
    return pictures if stems.isdisjoint(map(_stem, marked)) else marked


def find_masks(folder: SourceFolder, stems: set[str], options: ReadOptions) -> MaskFolder | None:
    """Finds the mask pictures of a set.

    Args:
        folder: The source.
        stems: Normalised stems of the annotation files; empty where there are none.
        options: ``masks`` names a folder, where they are not found by themselves.

    Returns:
        The mask pictures; None where there are none.

    Raises:
        UserError: ``options.masks`` is not a folder with pictures, or ``options.colors`` cannot be read.
    """
    files = folder.files
    pictures = list(filter(is_mask_picture, files if options.masks is None else folder.under(options.masks)))
    if options.masks is not None and not pictures:
        raise _no_masks(options.masks, folder.under(options.masks))
    of_objects, of_classes = in_folder(pictures, "SegmentationObject"), in_folder(pictures, "SegmentationClass")
    if of_objects:
        masks = MaskFolder("instance", of_objects, of_classes)
    elif options.masks is not None:
        masks = MaskFolder("class", _by_stem(pictures))
    else:
        masks = MaskFolder("class", of_classes or _guess(pictures, stems & _repeated(files)))
    if not masks.files:
        return None
    masks.names = colour_names(files, options)
    return masks


def mask_of(masks: dict[str, Path], labels: Path) -> Path | None:
    """The mask picture that belongs to an annotation file.

    Args:
        masks: ``files`` or ``classes`` of a `MaskFolder`.
        labels: The annotation file.

    Returns:
        That of the same folders and name, else that of the same name; None where there is none.
    """
    parts = [comparable(part) for part in labels.with_suffix("").parts]
    names = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((masks[name] for name in names if name in masks), None)


def mask_folder(path: Path, name: str) -> str | None:
    """The folder of mask pictures that a file lies in.

    Args:
        path: The file.
        name: ``SegmentationObject`` or ``SegmentationClass``.

    Returns:
        ``name``, or ``name`` with ``PNG`` after it, as labelme's converter to VOC called it; None where it is in none.
    """
    return next((part for part in path.parts[:-1] if part in (name, f"{name}PNG")), None)


def in_folder(pictures: list[Path], name: str) -> dict[str, Path]:
    """The pictures in VOC's folder of a name.

    Args:
        pictures: Pictures.
        name: ``SegmentationObject`` or ``SegmentationClass``.

    Returns:
        Those in the folder, both by stem and by subfolders and stem.
    """
    by_stem: dict[str, Path] = {}
    for path in pictures:
        folder = mask_folder(path, name)
        if folder:
            subfolders = path.parts[path.parts.index(folder) + 1 : -1]
            by_stem[_stem(path)] = path
            by_stem["/".join([*map(comparable, subfolders), _stem(path)])] = path
    return by_stem


def _by_stem(pictures: list[Path]) -> dict[str, Path]:
    return {_stem(path): path for path in pictures}


def _stem(path: Path) -> str:
    """The stem of the picture that a mask picture belongs to: ``a`` for ``a_mask.png``."""
    return _MARK.sub("", comparable(path.stem))


def _repeated(files: list[Path]) -> set[str]:
    """Stems that several pictures share, as a photo and its mask do."""
    counts = Counter(_stem(path) for path in files if is_picture(path))
    return {stem for stem, count in counts.items() if count > 1}


def _guess(pictures: list[Path], stems: set[str]) -> dict[str, Path]:
    """The pictures in the folder that fits the annotations best and has pictures of few colours, unlike photos."""
    # Masks and photos often differ by their folder only. The masks are in the folder with the most pictures that are
    # named like annotation files and have few colours; three pictures of it tell, since decoding takes time.
    best: dict[str, Path] = {}
    for folder in sorted({path.parent for path in pictures}):
        in_folder = _by_stem([path for path in pictures if path.parent == folder])
        fitting = {stem: path for stem, path in in_folder.items() if stem in stems}
        if len(fitting) > len(best) and all(_has_few_colours(path) for path in list(fitting.values())[:3]):
            best = fitting
    return best


def is_flat(numbers: NDArray[Any]) -> bool:
    """Whether nearly all pixels are like their right neighbour, as in a mask picture and unlike in a photo.

    Args:
        numbers: A number for each pixel, [height, width].
    """
    return bool(np.mean(numbers[:, 1:] == numbers[:, :-1]) >= _FLAT) if numbers.shape[1] > 1 else False


def _has_few_colours(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            if image.mode in ("I", "F") or image.mode.startswith("I;"):
                return is_flat(np.asarray(image))
            return image.getcolors(_MOST_COLOURS) is not None
    except Exception:  # Pillow's plugins raise nearly anything on damaged files
        return False
