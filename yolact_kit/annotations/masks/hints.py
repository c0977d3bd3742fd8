"""Noticing mask pictures in a folder without annotation files, to say with which options they are read."""

from __future__ import annotations

import os
import shlex
from collections import defaultdict
from pathlib import Path

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.files import ARRAYS, chosen_masks, is_flat, is_mask_picture
from yolact_kit.annotations.masks.pairs import pair_masks
from yolact_kit.annotations.masks.pictures import read_mask
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError
from yolact_kit.pixels.formats import is_picture

_TRIALS = 20
"""Mask pictures whose colours are counted."""


class MasksUnnamedError(UserError):
    """A folder has mask pictures, and nothing says that they are the labels."""


def masks_without_options(folder: SourceFolder) -> MasksUnnamedError | None:
    """Notices mask pictures beside photos.

    Args:
        folder: A source without annotation files.

    Returns:
        An error that names their folder and the command that reads them; None where there are none.
    """
    pictures = [path for path in folder.candidates if is_picture(path)]
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in filter(is_mask_picture, pictures):
        by_folder[path.parent].append(path)
    masks: list[Path] = []
    for files in by_folder.values():
        candidates = chosen_masks(files)
        if _most_colours(candidates[:2]):
            masks += candidates
    pairs = pair_masks(masks, sorted(set(pictures) - set(masks)))
    if len(pairs.of_photo) == 0:
        return _arrays(folder, {comparable(path.stem) for path in pictures})
    of_parts = not pairs.one_file_each and _most_colours(masks[:: -(-len(masks) // _TRIALS)]) == 1
    return _error(folder, Path(os.path.commonpath([path.parent for path in masks])), of_parts)


def _most_colours(files: list[Path]) -> int:
    """The most colours that one of some mask pictures has; 0 if one of them is a photo."""
    most = 0
    for path in files:
        colours = _colours_of_mask(path)
        if not colours:
            return 0
        most = max(most, colours)
    return most


def _colours_of_mask(path: Path) -> int:
    """The number of colours in a mask picture besides its background; 0 if it is a photo."""
    try:
        mask = read_mask(path, {})
    except ValueError:
        return 0
    return len(mask.colours) if is_flat(mask.codes) and (mask.codes == 0).any() else 0


def _error(folder: SourceFolder, masks: Path, of_parts: bool) -> MasksUnnamedError:
    """The error for a folder of mask pictures; ``of_parts`` says that only connected parts can be objects."""
    words = ["yolact-kit", "convert", str(folder.source), "OUT", "--masks", str(masks), "--classes", "NAME"]
    command = shlex.join(words)
    advice = f"If all objects are of one class: `{command}`; if each colour is a class, name them with --colors FILE."
    if of_parts:
        command += " --parts-as-objects"
        advice = f"Their colour does not tell objects apart. To take each connected part as one: `{command}`."
    return MasksUnnamedError(
        f"'{folder.source}' holds no annotation file, but the pictures in '{masks}' look like masks.", advice
    )


def _arrays(folder: SourceFolder, stems: set[str]) -> MasksUnnamedError | None:
    """The error for arrays that are named like pictures."""
    for path in folder.candidates:
        if path.suffix.lower() in ARRAYS and comparable(path.stem) in stems:
            return MasksUnnamedError(
                f"'{folder.source}' holds no annotation file; arrays such as '{path}' are not read.",
                "If they are masks, save them as PNG of 16 bits and give their folder: --masks DIR --classes NAME.",
            )
    return None
