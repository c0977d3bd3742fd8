"""How many pictures a picture file holds."""

from __future__ import annotations

from typing import Any

from PIL import Image

_SUBFILE_TYPE = 254
"""TIFF's tag of what a page is; its lowest bit is set for a smaller copy of another page."""
_MP_ENTRIES = 0xB002
"""The list of pictures in a JPEG file that holds several."""


def count_frames(image: Image.Image) -> int:
    """How many pages or frames of its own a picture has, of which the first is read.

    Smaller copies of the picture, and what phones add to it (previews, maps of depth and brightness), do not count.

    Args:
        image: The picture, of which only the header was read.

    Returns:
        Their number, at least 1.

    Example:
        >>> count_frames(Image.new("L", (4, 2)))
        1
    """
    try:
        if image.format == "MPO":
            return _count_mpo(image)
        if image.format == "TIFF":
            return _count_tiff(image)
        return max(1, int(getattr(image, "n_frames", 1)))
    except Exception:  # damaged files raise nearly anything; what is read of them is the first frame
        return 1


def _count_mpo(image: Any) -> int:
    kinds: list[str] = [entry["Attribute"]["MPType"] for entry in image.mpinfo.get(_MP_ENTRIES, [])]
    return max(1, 1 + sum(kind.startswith("Multi-Frame") and "Disparity" not in kind for kind in kinds[1:]))


def _count_tiff(image: Any) -> int:
    count = 0
    for number in range(image.n_frames):
        image.seek(number)
        count += not int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & 1
    image.seek(0)
    return max(1, count)
