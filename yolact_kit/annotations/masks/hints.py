"""Noticing mask pictures in a folder without annotation files, to say with which options they are read."""

from __future__ import annotations

import shlex
from collections import defaultdict
from pathlib import Path

import numpy as np

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.files import chosen_masks, is_mask_picture
from yolact_kit.annotations.masks.pairs import pair_masks
from yolact_kit.annotations.masks.pictures import read_mask
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError
from yolact_kit.pixels.pictures import EXTENSIONS

_ARRAYS = {".npy", ".npz", ".mat"}
_FLAT = 0.9
"""Share of a mask picture's pixels that are like their right neighbour, at least; of a photo fewer are."""
_TRIALS = 3
"""Pictures of a folder that are looked at."""


class MasksUnnamedError(UserError):
    """A folder has mask pictures, and nothing says that they are the labels."""


def masks_without_options(folder: SourceFolder) -> MasksUnnamedError | None:
    """Notices mask pictures beside photos.

    Args:
        folder: A source without annotation files.

    Returns:
        An error that names their folder and the command that reads them; None where there are none.
    """
    pictures = [path for path in folder.candidates if path.suffix.lower() in EXTENSIONS]
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in filter(is_mask_picture, pictures):
        by_folder[path.parent].append(path)
    for masks_folder, files in by_folder.items():
        masks = chosen_masks(files)
        photos = sorted(set(pictures) - set(masks))
        trials = [mask for files in pair_masks(masks, photos).of_photo.values() for mask in files][:_TRIALS]
        counts = [_colours_of_mask(path) for path in trials]
        if trials and all(counts):
            return _error(folder, masks_folder, max(counts))
    return _arrays(folder, {comparable(path.stem) for path in pictures})


def _colours_of_mask(path: Path) -> int:
    """The number of colours in a mask picture besides its background; 0 if it is a photo."""
    try:
        mask = read_mask(path, {})
    except ValueError:
        return 0
    is_flat = float(np.mean(mask.codes[:, 1:] == mask.codes[:, :-1])) >= _FLAT if mask.codes.shape[1] > 1 else False
    return len(mask.colours) if is_flat and (mask.codes == 0).any() else 0


def _error(folder: SourceFolder, masks: Path, most: int) -> MasksUnnamedError:
    """The error for a folder of mask pictures with up to ``most`` colours."""
    words = ["yolact-kit", "convert", str(folder.source), "OUT", "--masks", str(masks), "--classes", "NAME"]
    command = shlex.join(words)
    if most == 1:
        command += " --parts-as-objects"
    advice = f"If each colour is an object of one class: `{command}`; if each is a class, name them with --colors FILE."
    if most == 1:
        advice = f"Their colour does not tell objects apart. To take each connected part as one: `{command}`."
    return MasksUnnamedError(
        f"'{folder.source}' holds no annotation file, but the pictures in '{masks}' look like masks.", advice
    )


def _arrays(folder: SourceFolder, stems: set[str]) -> MasksUnnamedError | None:
    """The error for arrays that are named like pictures."""
    for path in folder.candidates:
        if path.suffix.lower() in _ARRAYS and comparable(path.stem) in stems:
            return MasksUnnamedError(
                f"'{folder.source}' holds no annotation file; arrays such as '{path}' are not read.",
                "If they are masks, save them as PNG of 16 bits and give their folder: --masks DIR --classes NAME.",
            )
    return None
