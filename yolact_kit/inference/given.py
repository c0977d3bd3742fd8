"""Pictures as Python code passes them: paths, arrays, tensors, Pillow pictures, the content of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from yolact_kit.errors import UserError
from yolact_kit.inference.sources import SourcePicture, decoded, find_pictures
from yolact_kit.pixels.pictures import PictureError, pixels_of, read_picture

PictureLike = str | Path | bytes | NDArray[np.uint8] | Tensor | Image.Image
"""A picture: a path, a folder, a glob, a video or an address as `find_pictures` takes them, the content of a picture
file, pixels, a tensor as torchvision has them, or one of Pillow's."""

_ADVICE = (
    "Give a path, one of Pillow's pictures, uint8 pixels [height, width, 3] (red, green, blue), or a tensor "
    "[3, height, width]. Pixels of 0 to 1: `(pixels * 255).round().astype(np.uint8)`."
)


class GivenPicture(NamedTuple):
    """A picture passed from Python.

    Attributes:
        name: Its path, or its number.
        pixels: uint8 [H, W, 3], red, green, blue, upright.
        on_disk: Whether it can be read again under its name.
    """

    name: str
    pixels: NDArray[np.uint8]
    on_disk: bool = False


def read_given(images: PictureLike | Iterable[PictureLike]) -> Iterator[GivenPicture]:
    """Reads pictures in whatever form they are given.

    Args:
        images: A picture or several; arrays and tensors with four dimensions are several.

    Yields:
        Each picture; of a folder each of its pictures, of a video each frame.

    Raises:
        UserError: The picture does not exist, cannot be read, or is of another type.

    Example:
        >>> [one] = read_given(np.zeros((48, 64), dtype=np.uint8))
        >>> one.name, one.pixels.shape
        ('0', (48, 64, 3))
    """
    for number, picture in enumerate(_listed(images)):
        if isinstance(picture, str | Path):
            found = [one._replace(name=str(one.path)) for one in find_pictures(picture)]
            for source, pixels in decoded(found, _refuse):
                yield GivenPicture(source.name, pixels, source.on_disk)
        elif isinstance(picture, bytes):
            yield GivenPicture(str(number), read_picture(picture))
        elif isinstance(picture, Image.Image):
            yield GivenPicture(str(getattr(picture, "filename", "") or number), pixels_of(picture))
        elif isinstance(picture, Tensor):
            yield GivenPicture(str(number), _from_tensor(picture))
        else:
            yield GivenPicture(str(number), _checked(picture))


def _listed(images: Any) -> Iterable[Any]:
    if isinstance(images, np.ndarray | Tensor):
        return images if images.ndim == 4 else [images]
    return images if isinstance(images, Iterable) and not isinstance(images, str | bytes) else [images]


def _refuse(_: SourcePicture, error: PictureError) -> None:
    raise error


def _from_tensor(tensor: Tensor) -> NDArray[np.uint8]:
    """The pixels of a tensor: channels first, and floats of 0 to 1, as torchvision has them."""
    values = tensor.detach().cpu()
    if values.ndim == 3 and values.shape[0] in (1, 3, 4):
        values = values.permute(1, 2, 0)
    if values.is_floating_point() and values.numel():
        low, high = (float(value) for value in values.aminmax())
        if not (low >= 0 and high <= 1):
            raise UserError(
                f"A tensor with values from {low:.3g} to {high:.3g} is not a picture.",
                "Floats must lie between 0 and 1: leave out any normalisation, the model does it itself.",
            )
        values = (values.float() * 255).round().byte()
    return _checked(values.numpy())


def _checked(pixels: Any) -> NDArray[np.uint8]:
    if not hasattr(pixels, "__array__"):
        raise UserError(f"A value of type {type(pixels).__name__} is not a picture.", _ADVICE)
    found = np.asarray(pixels)
    if found.ndim == 2:
        found = found[..., None]
    if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] not in (1, 3, 4) or 0 in found.shape:
        raise UserError(f"An array {list(np.shape(pixels))} of {found.dtype} is not a picture.", _ADVICE)
    # Transparency is dropped, as with files.
    return np.ascontiguousarray(np.broadcast_to(found[..., :3], (*found.shape[:2], 3)))
