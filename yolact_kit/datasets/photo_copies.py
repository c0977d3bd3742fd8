"""Pictures that were made from one photo: by their names, and where those leave doubt by their pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from yolact_kit.components import connected_components
from yolact_kit.datasets.copy_names import NamedCopies, copies_by_name

Thumbnail = NDArray[np.uint8]
"""uint8 [16, 16], a picture in grey."""

_MOST_COPIES = 50
"""Where more pictures than this have one name but for a number, the number counts photos."""
_SAME = 0.97
"""Least correlation of two thumbnails that show the same."""
_PLAIN = 32.0
"""Length of a thumbnail's pattern, 2 grey levels a pixel, below which it is a plain area that shows nothing."""


def copies_of_photos(files: Iterable[str], thumbnails: Mapping[str, Thumbnail]) -> list[list[str]]:
    """Finds pictures that were made from one photo: augmented, turned, cut into tiles, copied.

    Args:
        files: Paths of the pictures.
        thumbnails: Small copies of those that were decoded, by path; names that leave doubt count only if the
            pictures look the same, perhaps turned or mirrored.

    Returns:
        Paths of the pictures of each photo, two at least.

    Example:
        >>> copies_of_photos(["a_jpg.rf.0a1b2c3d.jpg", "a_jpg.rf.9f8e7d6c.jpg", "b (1).jpg", "b.jpg"], {})
        [['a_jpg.rf.0a1b2c3d.jpg', 'a_jpg.rf.9f8e7d6c.jpg']]
    """
    photos: list[list[str]] = []
    for copies in copies_by_name(files):
        members = copies.certain + copies.doubtful
        pairs = _pairs_alike(copies, thumbnails) if len(members) <= _MOST_COPIES else ()
        certain = [copies.certain] if copies.certain else []
        photos += [group for group in connected_components(members, [*certain, *pairs]) if len(group) > 1]
    return photos


def _pairs_alike(copies: NamedCopies, thumbnails: Mapping[str, Thumbnail]) -> Iterator[tuple[str, str]]:
    """Pairs of a doubtful picture and another of its photo that look the same."""
    doubtful = [file for file in copies.doubtful if file in thumbnails]
    others = [file for file in copies.certain if file in thumbnails]
    for number, file in enumerate(doubtful):
        views = _views(thumbnails[file])
        for other in [*others, *doubtful[:number]]:
            if float((views @ _pattern(thumbnails[other])).max()) >= _SAME:
                yield other, file


def _views(thumbnail: Thumbnail) -> NDArray[np.float64]:
    """The patterns of a small picture in the eight positions that quarter turns and mirrors give, float64 [8, 256]."""
    return np.stack([_pattern(np.rot90(side, turns)) for side in (thumbnail, thumbnail[:, ::-1]) for turns in range(4)])


def _pattern(thumbnail: Thumbnail) -> NDArray[np.float64]:
    """A small picture without its brightness and contrast, float64 [256] of length 1; zeros for a plain one."""
    values = thumbnail.reshape(-1) - thumbnail.mean()
    length = float(np.linalg.norm(values))
    return values / length if length >= _PLAIN else np.zeros_like(values)
