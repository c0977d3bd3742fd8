"""Writing pictures that were drawn."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from yolact_kit.files import replacing


def save_image(path: Path, image: Image.Image, **options: Any) -> None:
    """Writes a picture file: either the whole of it is there afterwards, or the file is as it was before.

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
