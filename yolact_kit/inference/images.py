"""Pictures as Python code passes them: paths, arrays, tensors, Pillow pictures, the content of files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, Union

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.errors import UserError
from yolact_kit.inference.depth import CallDepth
from yolact_kit.inference.sources import SourcePicture, decoded, deep_values_of, find_pictures
from yolact_kit.pixels.pictures import PictureError, pixels_of, read_picture
from yolact_kit.pixels.values import deep_values, is_deep

if TYPE_CHECKING:
    from torch import Tensor

PictureLike = Union[str, Path, bytes, NDArray[Any], "Tensor", Image.Image]
"""A picture: a path, a folder, a glob, a video or an address as `find_pictures` takes them, the content of a picture
file, pixels, a tensor as torchvision has them, or one of Pillow's."""

_ADVICE = (
    "Give a path, one of Pillow's pictures, uint8 pixels [height, width, 3] (red, green, blue), or a tensor "
    "[3, height, width]. Pixels of 0 to 1: `(pixels * 255).round().astype(np.uint8)`."
)


class NamedImage(NamedTuple):
    """A picture passed from Python.

    Attributes:
        name: Its path, or its number.
        pixels: uint8 [H, W, 3], red, green, blue, upright.
        on_disk: Whether it can be read again under its name.
    """

    name: str
    pixels: NDArray[np.uint8]
    on_disk: bool = False


def read_images(images: PictureLike | Iterable[PictureLike], depth: CallDepth | None = None) -> Iterator[NamedImage]:
    """Reads pictures in any of the forms that Python code has them in.

    Args:
        images: A picture or several; arrays and tensors with four dimensions are several.
        depth: The range by which pictures of more than 8 bits become 8-bit. Without it arrays of that kind are refused.

    Yields:
        Each picture; of a folder each of its pictures, of a video each frame.

    Raises:
        UserError: The picture does not exist, cannot be read, or is of another type.

    Example:
        >>> [image] = read_images(np.zeros((48, 64), dtype=np.uint8))
        >>> image.name, image.pixels.shape
        ('0', (48, 64, 3))
    """
    for number, picture in enumerate(_each(images)):
        if isinstance(picture, str | Path):
            # Python code wants the path itself, not the one below the folder that it came from.
            sources = [source._replace(name=str(source.path)) for source in find_pictures(picture)]
            for source, pixels in decoded(sources, _refuse, depth=depth):
                yield NamedImage(source.name, pixels, source.on_disk)
        else:
            name = str(getattr(picture, "filename", "") or number) if isinstance(picture, Image.Image) else str(number)
            pixels = _pixels_of(picture, depth)
            if depth is not None:
                depth.report()
            yield NamedImage(name, pixels)


def _pixels_of(picture: Any, depth: CallDepth | None) -> NDArray[np.uint8]:
    """The pixels of a picture that is in memory, uint8 [H, W, 3]."""
    if isinstance(picture, bytes):
        return read_picture(picture, depth=depth)
    if isinstance(picture, Image.Image):
        return pixels_of(picture, depth)
    if _is_tensor(picture):
        return _from_tensor(picture, depth)
    return _checked(picture, depth)


def deep_values_in(images: PictureLike | Iterable[PictureLike]) -> Iterator[NDArray[Any]]:
    """The values of those pictures that have more than 8 bits a channel.

    Args:
        images: As `read_images` takes them, but nothing that can be gone through only once.

    Yields:
        [H, W] or [H, W, 3] of each.
    """
    for picture in _each(images):
        if isinstance(picture, str | Path):
            yield from deep_values_of(find_pictures(picture))
        elif isinstance(picture, bytes):
            yield from deep_values_of([SourcePicture("", Path(), content=picture)])
        elif isinstance(picture, Image.Image):
            if is_deep(picture):
                yield deep_values(picture)
        else:
            array = np.asarray(picture.detach().cpu() if _is_tensor(picture) else picture)
            if _is_deep_array(array):
                yield array


def _each(images: Any) -> Iterable[Any]:
    """The pictures one by one, whether one or several were passed."""
    if isinstance(images, np.ndarray) or _is_tensor(images):
        is_several = images.ndim == 4
    else:
        is_several = isinstance(images, Iterable) and not isinstance(images, str | bytes)
    return images if is_several else [images]


def _refuse(_: SourcePicture, error: PictureError) -> None:
    """Stops at a picture that cannot be read; the command line goes on with the others."""
    raise error


def _from_tensor(tensor: Tensor, depth: CallDepth | None) -> NDArray[np.uint8]:
    """The pixels of a tensor with the channels first, of integers or of floats from 0 to 1, as torchvision has them."""
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
    return _checked(values.numpy(), depth)


def _is_tensor(picture: Any) -> TypeGuard[Tensor]:
    """Whether it is one of torch's tensors; without torch, which then is loaded already, there are none."""
    return "torch" in sys.modules and isinstance(picture, sys.modules["torch"].Tensor)


def _checked(pixels: Any, depth: CallDepth | None) -> NDArray[np.uint8]:
    """The pixels as uint8 [H, W, 3]; grey gets three equal channels."""
    if not hasattr(pixels, "__array__"):
        raise UserError(f"A value of type {type(pixels).__name__} is not a picture.", _ADVICE)
    array = np.asarray(pixels)
    if array.ndim == 2:
        array = array[..., None]
    is_whole = array.ndim == 3 and array.shape[2] in (1, 3, 4) and 0 not in array.shape
    if depth is not None and is_whole and (_is_deep_array(array) or (array.dtype.kind == "f" and depth.known)):
        values = array[..., :3]
        array = depth.range_of(values).to_8bit(values)
    if array.dtype != np.uint8 or not is_whole:
        raise UserError(f"An array {list(np.shape(pixels))} of {array.dtype} is not a picture.", _ADVICE)
    # Transparency is dropped, as with files.
    return np.ascontiguousarray(np.broadcast_to(array[..., :3], (*array.shape[:2], 3)))


def _is_deep_array(array: NDArray[Any]) -> bool:
    """Whether an array holds whole numbers of more than 8 bits."""
    return array.dtype.kind in "iu" and array.dtype.itemsize > 1
