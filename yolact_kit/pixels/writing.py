"""Writing pictures, as a whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.files import replacing, with_ending
from yolact_kit.pixels.formats import SUFFIXES

_FORMAT_OF_SUFFIX = {
    suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes if name not in ("MPO", "GIF")
}


def save_image(path: Path, image: Image.Image, **options: Any) -> None:
    """Writes a picture file completely or not at all: after an error, the file is as before.

    Args:
        path: The file; its suffix decides the format. Missing folders above it are made.
        image: The picture.
        options: Pillow's options for the format, such as ``quality``.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "a" / "b.png"
        >>> save_image(file, Image.new("RGB", (4, 2)))
        >>> Image.open(file).size
        (4, 2)
    """
    # Not forced to the disk one by one, as `atomic_write_bytes` does: a picture may have a hundred such files.
    with replacing(path) as beside:
        # PNG's lowest level of compression takes half the time of Pillow's own choice; masks become no larger by it.
        image.save(beside, Image.registered_extensions()[path.suffix.lower()], **{"compress_level": 1, **options})


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """The content of a JPEG file.

    Args:
        image: The picture.
        quality: Pillow's measure of it, 1..95.

    Returns:
        The content.

    Example:
        >>> jpeg(Image.new("RGB", (4, 2)))[6:10]
        b'JFIF'
    """
    coded = io.BytesIO()
    image.save(coded, "JPEG", quality=quality)
    return coded.getvalue()


def rgb_name(name: str) -> str:
    """The name of a file that an RGB picture can be written to: ``.png`` is added if the format cannot store it.

    Args:
        name: Name or path of a picture file.

    Returns:
        The name, or the name with ``.png`` after it.

    Example:
        >>> rgb_name("a.gif"), rgb_name("a.JPG")
        ('a.gif.png', 'a.JPG')
    """
    return name if PurePath(name).suffix.lower() in _FORMAT_OF_SUFFIX else with_ending(name, ".png")


def write_picture(path: Path | str, pixels: NDArray[np.uint8]) -> None:
    """Writes a picture in the format of its suffix, as a whole or not at all, as little changed as the format allows.

    Args:
        path: The file, named as `rgb_name` says.
        pixels: uint8 [height, width, 3], R G B.
    """
    path = Path(path)
    name = _FORMAT_OF_SUFFIX[path.suffix.lower()]
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "WEBP": {"lossless": True},
        "TIFF": {"compression": "tiff_lzw"},
    }
    with replacing(path) as beside:
        Image.fromarray(pixels).save(beside, format=name, **options.get(name, {}))
