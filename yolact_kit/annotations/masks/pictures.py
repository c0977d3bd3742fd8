"""Reading a mask picture: a number for each of its colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.masks.colours import Colour
from yolact_kit.pixels.pictures import inspect_picture
from yolact_kit.shapes.crops import MaskCrop

_BACKGROUND: frozenset[Colour] = frozenset({(0,), (0, 0, 0)})
_BORDERS: frozenset[Colour] = frozenset({(255,), (224, 224, 192)})
"""VOC's border between objects: index 255, or the colour that its palette gives it."""

_DEEP_BORDER = 65535
"""The number that pictures of 16 bits give to what is to be ignored, as 255 is of 8; so are numbers below 0."""


@dataclass(slots=True)
class MaskPicture:
    """A mask picture.

    Attributes:
        codes: int32 [height, width]: a number for each colour, 0 for background and for what is to be ignored.
        colours: The colours that a number stands for: R G B, and the palette's index or grey value where it has one.
        border: Number of pixels that are ignored because their colour is that of the border between objects.
    """

    codes: NDArray[np.int32]
    colours: dict[int, list[Colour]]
    border: int = 0

    def name(self, code: int, names: dict[Colour, str | None]) -> str | None:
        """The class that a number stands for.

        Args:
            code: The number.
            names: Class name by colour.

        Returns:
            The class; None if ``names`` does not have its colour.
        """
        return next((names[colour] for colour in self.colours[code] if colour in names), None)

    def name_under(self, region: MaskCrop, names: dict[Colour, str | None]) -> str | None:
        """The class that most pixels of an object have, in a picture with a colour for each class.

        Args:
            region: The object.
            names: Class name by colour.

        Returns:
            The class; None if it is unknown.
        """
        height, width = region.pixels.shape
        codes = self.codes[region.y : region.y + height, region.x : region.x + width][region.pixels]
        values, counts = np.unique(codes[codes > 0], return_counts=True)
        return self.name(int(values[np.argmax(counts)]), names) if len(values) else None


def read_mask(path: Path, names: dict[Colour, str | None]) -> MaskPicture:
    """Reads a mask picture: palette, RGB, or grey of any depth.

    Args:
        path: The picture.
        names: Class name by colour; colours named as background count as background.

    Returns:
        The mask picture.

    Raises:
        ValueError: It cannot be decoded, or not without losing digits of its numbers.
    """
    try:
        is_deep = inspect_picture(path).deep
        with Image.open(path) as image:
            pages = getattr(image, "n_frames", 1)
            numbers, rgb = _numbers(image)
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        raise ValueError(f"its mask picture '{path.name}' cannot be decoded ({error})") from error
    if pages > 1:
        raise ValueError(f"its mask picture '{path.name}' has {pages} pages; save each as a file of its own")
    if rgb is not None and is_deep:
        raise ValueError(f"its mask picture '{path.name}' has colours of 16 bits; save it as grey of 16 bits")
    if numbers is None:
        assert rgb is not None
        return _of_colours(rgb, names)
    return _of_numbers(numbers, rgb, names, path)


def _numbers(image: Image.Image) -> tuple[NDArray[Any] | None, NDArray[np.uint8] | None]:
    """The number of each pixel, where it has one; and its R G B, unless it is grey of more than 8 bits."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return np.asarray(image), None
    rgb = np.asarray(image.convert("RGB"))
    if image.mode in ("P", "L"):
        return np.asarray(image), rgb
    if image.mode == "1":
        return np.asarray(image.convert("L")), rgb
    if image.mode in ("LA", "PA"):
        return np.asarray(image)[:, :, 0], rgb
    return None, rgb


def _of_colours(rgb: NDArray[np.uint8], names: dict[Colour, str | None]) -> MaskPicture:
    """A mask picture of colours, uint8 [height, width, 3]; grey ones are numbers too."""
    packed = (rgb.astype(np.int32) * (65536, 256, 1)).sum(axis=2).astype(np.int32)
    values, positions = np.unique(packed, return_inverse=True)
    forms: list[list[Colour]] = [[(value >> 16, value >> 8 & 255, value & 255)] for value in values.tolist()]
    if all(len(set(colour)) == 1 for (colour,) in forms):
        forms = [[colour, colour[:1]] for (colour,) in forms]
    borders = {number for number, (colour, *_) in enumerate(forms) if colour in _BORDERS}
    return _coded(positions.reshape(packed.shape), forms, borders, names)


def _of_numbers(
    numbers: NDArray[Any], rgb: NDArray[np.uint8] | None, names: dict[Colour, str | None], path: Path
) -> MaskPicture:
    """A mask picture of numbers, [height, width]; of 8 bits each number has a colour as well.

    Raises:
        ValueError: The numbers are not whole.
    """
    values, first, positions = np.unique(numbers, return_index=True, return_inverse=True)
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        raise ValueError(f"its mask picture '{path.name}' holds fractions; the numbers of objects are whole")
    whole = [int(value) for value in values]
    forms: list[list[Colour]] = [[(value,)] for value in whole]
    if rgb is not None:
        for form, pixel in zip(forms, rgb.reshape(-1, 3)[first].tolist(), strict=True):
            form.append(tuple(pixel))
    ignored = _ignored_numbers(whole, 255 if rgb is not None else _DEEP_BORDER)
    return _coded(positions.reshape(numbers.shape), forms, ignored, names)


def _ignored_numbers(values: list[int], border: int) -> set[int]:
    """The positions of numbers that mean no object: those below 0, and the number of the border between objects."""
    # The largest number is no border where it is the only one, as in a mask of black and white, nor where objects have
    # all the numbers below it.
    is_object = set(values) <= {0, border} or len(values) > border
    return {position for position, value in enumerate(values) if value < 0 or (value == border and not is_object)}


def _coded(
    positions: NDArray[Any], forms: list[list[Colour]], ignored: set[int], names: dict[Colour, str | None]
) -> MaskPicture:
    """A mask picture from the position of each pixel in a list of colours, and the positions to be ignored."""
    # Code N is the Nth colour, so that a lookup by position can send background and border to 0.
    colours: dict[int, list[Colour]] = {}
    lookup = np.zeros(len(forms), dtype=np.int32)
    for number, form in enumerate(forms):
        if not _is_background(form, number in ignored, names):
            lookup[number] = number + 1
            colours[number + 1] = form
    is_ignored = np.zeros(len(forms), dtype=bool)
    is_ignored[[number for number in ignored if not lookup[number]]] = True
    return MaskPicture(lookup[positions], colours, int(is_ignored[positions].sum()))


def _is_background(form: list[Colour], ignored: bool, names: dict[Colour, str | None]) -> bool:
    """Whether a colour is background: according to the file of names, or else by convention."""
    for colour in form:
        if colour in names:
            return names[colour] is None
    return ignored or form[0] in _BACKGROUND
