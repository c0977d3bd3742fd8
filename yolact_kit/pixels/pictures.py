"""Reading pictures of every kind as 8-bit RGB, upright."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from yolact_kit.errors import UserError
from yolact_kit.pixels.depth import DepthRule, OwnRange
from yolact_kit.pixels.formats import SUFFIXES, unread_content, unread_format
from yolact_kit.pixels.frames import count_frames
from yolact_kit.pixels.rgb import grey_to_rgb, to_rgb
from yolact_kit.pixels.values import deep_colours, deep_values, is_deep, is_grey

MAX_PIXELS = 150_000_000
"""Pictures of more pixels are refused unless the caller raises the limit: a small file can unpack to gigabytes."""

UNREAD_ADVICE = "Save it as JPEG or PNG: export it from the program that made it, or convert it."
"""What to do about a picture of a format that is not read."""

PictureSource = Path | str | bytes
"""A picture file, or its content."""

_ORIENTATION_TAG = 0x0112
_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The EXIF orientation that undoes another."""
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_FORMATS = tuple(format for format in SUFFIXES if format != "MPO")  # which Pillow opens as JPEG
_open_lock = threading.Lock()


class PictureError(UserError):
    """A picture that cannot be read.

    Args:
        message: What is wrong, naming the file.
        advice: What to do about it.
        code: Which problem it is: ``picture-missing``, ``picture-undecodable``, ``picture-too-large`` or
            ``picture-unread-format``.
    """

    def __init__(self, message: str, advice: str = "", code: str = "picture-undecodable") -> None:
        super().__init__(message, advice)
        self.code = code


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What the header of a picture file says.

    Attributes:
        width: Width in pixels, as stored.
        height: Height in pixels, as stored.
        orientation: EXIF orientation, 1 (upright) to 8.
        mode: Pillow's name of the pixel format, such as ``"RGB"`` or ``"I;16"``.
        format: Pillow's name of the file format, such as ``"JPEG"``.
        deep: Whether a channel has more than 8 bits.
        frames: How many pages or frames it has; the first is read.
    """

    width: int
    height: int
    orientation: int
    mode: str
    format: str
    deep: bool
    frames: int = 1

    @property
    def plain(self) -> bool:
        """Whether its pixels are stored as 8-bit RGB."""
        return self.mode == "RGB" and not self.deep

    def turned(self, orientation: int) -> tuple[int, int]:
        """Width and height after turning by an EXIF orientation, 1 to 8."""
        return (self.height, self.width) if orientation >= 5 else (self.width, self.height)

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after turning as EXIF says."""
        return self.turned(self.orientation)

    def suits(self, suffix: str) -> bool:
        """Whether a file name suffix is one of this file format's."""
        return suffix.lower() in SUFFIXES.get(self.format, (suffix.lower(),))


def inspect_picture(source: PictureSource, max_pixels: int = MAX_PIXELS) -> PictureInfo:
    """Reads the header of a picture, not its pixels.

    Args:
        source: The picture file, or its content.
        max_pixels: Pictures with more pixels are refused.

    Returns:
        Size, orientation and format.

    Raises:
        PictureError: The file is missing, no picture, or too large.
    """
    with _opened(source, max_pixels) as image:
        return _info(image)


def picture_size(source: PictureSource, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height of a picture in pixels, turned upright as EXIF says.

    Args:
        source: The picture file, or its content.
        max_pixels: Pictures with more pixels are refused.

    Returns:
        Width, height: the size of what `read_picture` gives.

    Raises:
        PictureError: The file is missing, no picture, or too large.
    """
    return inspect_picture(source, max_pixels).upright


def read_picture(
    source: PictureSource,
    orientation: int | None = None,
    max_pixels: int = MAX_PIXELS,
    depth: DepthRule | None = None,
) -> NDArray[np.uint8]:
    """Reads a picture of any kind as 8-bit RGB.

    Grey and palette pictures become RGB, transparency is dropped, CMYK is converted, and of several frames the first
    is taken.

    Args:
        source: The picture file, or its content.
        orientation: EXIF orientation to turn by, 1 (as stored) to 8; None for the one that the file names.
        max_pixels: Pictures with more pixels are refused.
        depth: The range by which values of more than 8 bits become 8-bit: that of the picture's set; None where it
            belongs to none.

    Returns:
        uint8 [height, width, 3], R G B.

    Raises:
        PictureError: The file is missing, not decodable, truncated, or too large.
    """
    return _read(source, orientation, max_pixels, depth=depth)


def read_values(source: PictureSource, orientation: int | None = None, max_pixels: int = MAX_PIXELS) -> NDArray[Any]:
    """Reads a picture of more than 8 bits as it is stored.

    Args:
        source: The picture file, or its content.
        orientation: As in `read_picture`.
        max_pixels: Pictures with more pixels are refused.

    Returns:
        [height, width], or [height, width, 3] R G B, upright, of the file's own type.

    Raises:
        PictureError: The file is missing, not decodable, truncated, or too large.
    """
    with _opened(source, max_pixels) as image, _decoding(source):
        stored, exif = _stored(image, source)
    return turn(stored, exif if orientation is None else orientation)


def read_small(source: PictureSource, side: int, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Reads a picture, upright and as 8-bit RGB, at a reduced size if that saves most of the decoding.

    Args:
        source: The picture file, or its content.
        side: Pixels that width and height have at least, where the picture has as many.
        max_pixels: Pictures with more pixels are refused.

    Returns:
        uint8 [height, width, 3], R G B: of JPEG files down to an eighth of the size, of others all of it.

    Raises:
        PictureError: The file is missing, not decodable, truncated, or too large.
    """
    return _read(source, None, max_pixels, side)


def pixels_of(image: Image.Image, depth: DepthRule | None = None) -> NDArray[np.uint8]:
    """The pixels of one of Pillow's pictures, as `read_picture` gives those of a file.

    Args:
        image: The picture. Of colours with more than 8 bits Pillow keeps only 8; they are read again from the file, if
            there is one.
        depth: As in `read_picture`.

    Returns:
        uint8 [height, width, 3], R G B, upright.

    Example:
        >>> pixels_of(Image.new("L", (4, 2), 9)).shape
        (2, 4, 3)
    """
    file = Path(getattr(image, "filename", ""))
    stored, orientation = _stored(image, file if file.is_file() else None)
    return turn(_eight_bits(stored, depth), orientation)


def _read(
    source: PictureSource,
    orientation: int | None,
    max_pixels: int,
    side: int | None = None,
    depth: DepthRule | None = None,
) -> NDArray[np.uint8]:
    """The upright pixels of a picture; where ``side`` is given, a smaller version if decoding that is quicker."""
    with _opened(source, max_pixels) as image, _decoding(source):
        if side is not None:
            image.draft("RGB", (side, side))
        stored, exif = _stored(image, source)
    return turn(_eight_bits(stored, depth), exif if orientation is None else orientation)


def _stored(image: Image.Image, source: PictureSource | None) -> tuple[NDArray[Any], int]:
    """8-bit RGB, or the values of a picture of more than 8 bits, not turned, and the EXIF orientation.

    ``source`` is the file.
    """
    deep, in_tiff = is_deep(image), _tiff_tags(image).get(_ORIENTATION_TAG, 1)
    _load(image, on_its_side=in_tiff in (5, 6, 7, 8))
    orientation = _orientation(image)
    # Pillow turns TIFF files upright while it loads them, and then forgets that they were not.
    by_pillow = in_tiff if orientation == 1 and in_tiff in _BACK else 1
    colours = deep_colours(source) if deep and source is not None and not is_grey(image) else None
    if colours is None:
        colours = turn(deep_values(image) if deep else to_rgb(image), _BACK[by_pillow])
    return colours, orientation if by_pillow == 1 else by_pillow


def _load(image: Image.Image, on_its_side: bool) -> None:
    """Decodes a picture; ``on_its_side`` says whether Pillow exchanges width and height of a TIFF file meanwhile."""
    name = getattr(image, "filename", "")
    if not on_its_side or not name:
        image.load()
        return
    # A file with a name may be mapped into memory: by the width after turning, which scrambles its pixels.
    vars(image)["filename"] = ""
    try:
        image.load()
    finally:
        vars(image)["filename"] = name


def _tiff_tags(image: Image.Image) -> Mapping[int, Any]:
    """The tags of a TIFF file; none of another."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    return tags


def _eight_bits(stored: NDArray[Any], depth: DepthRule | None) -> NDArray[np.uint8]:
    """The 8-bit RGB of what `_stored` gives."""
    if stored.dtype == np.uint8:
        return stored
    return grey_to_rgb((depth or OwnRange()).range_of(stored).to_8bit(stored))


@contextmanager
def _decoding(source: PictureSource) -> Iterator[None]:
    """Whatever decoding a damaged picture raises becomes a `PictureError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        raise PictureError(
            f"{_name(source)} cannot be decoded: it is damaged or cut off ({error}).",
            "Copy it again from its source, or remove it.",
        ) from error


def turn(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turns and mirrors stored pixels upright.

    Args:
        pixels: [height, width, ...], as stored.
        orientation: EXIF orientation, 1 (nothing to do) to 8.

    Returns:
        The upright pixels, contiguous; for orientations 5 to 8 width and height have changed places.

    Example:
        >>> turn(np.array([[1, 2], [3, 4]]), 6).tolist()
        [[3, 1], [4, 2]]
    """
    # EXIF's eight orientations are all combinations of three steps: exchange rows and columns, mirror, mirror.
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


@contextmanager
def _opened(source: PictureSource, max_pixels: int) -> Iterator[Image.Image]:
    """A picture of which only the header has been read."""
    if not isinstance(source, bytes) and Path(source).is_symlink() and not Path(source).exists():
        raise PictureError(
            f"{_name(source)} is a link to '{Path(source).readlink()}', which is not there any more.",
            "Put the picture back there, or convert again, with --images copy.",
            "picture-missing",
        )
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise PictureError(f"{_name(source)} does not exist.", "Check its name and folder.", "picture-missing")
    with _open(source) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise PictureError(
                f"{_name(source)} has {width} x {height} pixels, more than {max_pixels:,}.",
                "Make it smaller. `convert` takes larger ones with --max-pixels.",
                "picture-too-large",
            )
        yield image


def _name(source: PictureSource) -> str:
    return "The embedded picture" if isinstance(source, bytes) else f"The picture '{source}'"


def _open(source: PictureSource) -> Image.Image:
    """Reads a picture's header with Pillow; errors become `PictureError`."""
    unread = "" if isinstance(source, bytes) else unread_format(source)
    if unread:  # Pillow would take the small preview in a camera's raw file for the picture
        raise _unread(source, unread)
    # Pillow's own limit is a global that warns or raises by size; ours takes its place while a header is read.
    with _open_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS)
        except UnidentifiedImageError as error:
            start = _start(source)
            if unread_content(start):
                raise _unread(source, unread_content(start)) from error
            what = "is not a picture that can be read, or is damaged" if start else "is empty"
            raise PictureError(f"{_name(source)} {what}.", "Replace it, or remove it.") from error
        except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
            raise PictureError(f"{_name(source)} cannot be opened: {error}.", "Replace it, or remove it.") from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _start(source: PictureSource) -> bytes:
    """The first bytes of a file, which tell its format."""
    if isinstance(source, bytes):
        return source[:12]
    with Path(source).open("rb") as stream:
        return stream.read(12)


def _unread(source: PictureSource, format: str) -> PictureError:
    """The error for a picture of a format that is not read."""
    message = f"{_name(source)} is of the format {format}, which is not read."
    return PictureError(message, UNREAD_ADVICE, "picture-unread-format")


def _info(image: Image.Image) -> PictureInfo:
    """What Pillow read in the header."""
    deep = is_deep(image)  # first: looking for EXIF decodes a PNG
    tags = _tiff_tags(image)  # of TIFF files Pillow says the size after turning
    width, height = tags.get(_TIFF_WIDTH, image.width), tags.get(_TIFF_HEIGHT, image.height)
    orientation, mode, frames = _orientation(image), image.mode, count_frames(image)
    return PictureInfo(width, height, orientation, mode, image.format or "", deep, frames)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 if the picture has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF leaves the picture as it is stored
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
