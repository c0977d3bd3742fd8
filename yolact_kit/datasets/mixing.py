"""Training pictures made of several: mosaics, and objects copied from one picture into another.

albumentations has a `Mosaic`, which carries one mask for a whole picture, and an `OverlayElements`, which carries no
new objects; here each object keeps a mask of its own, where objects overlap as well.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_CENTRE = (0.3, 0.7)
"""Where the four pictures of a mosaic meet, as a share of the side."""


class Labelled(NamedTuple):
    """A picture with its objects.

    Attributes:
        image: uint8 [S, S, 3].
        masks: uint8 [N, S, S] of 0 and 1.
        labels: int64 [N].
        crowds: bool [N].
        whole: float64 [N], the share of the picture that each would cover if nothing hid it or cut it off.
    """

    image: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    labels: NDArray[np.int64]
    crowds: NDArray[np.bool_]
    whole: NDArray[np.float64]


def mosaic(pictures: list[Labelled], random: np.random.Generator) -> Labelled:
    """Four pictures in one (Bochkovskiy et al., YOLOv4, 2020): each fills a corner with a part of it, made smaller.

    Args:
        pictures: Four of the same size.
        random: Draws where they meet, how much smaller each is made, and which part of it is seen.

    Returns:
        A picture of the same size, with the objects of all four; masks of objects that are not seen are empty.

    Raises:
        ValueError: There are not four.
    """
    if len(pictures) != 4:
        raise ValueError("a mosaic takes four pictures")
    side = pictures[0].image.shape[0]
    x, y = (round(float(place) * side) for place in random.uniform(*_CENTRE, 2))
    image = np.zeros_like(pictures[0].image)
    masks, whole = [], []
    corners = [(row, column) for row in (slice(0, y), slice(y, side)) for column in (slice(0, x), slice(x, side))]
    for picture, (rows, columns) in zip(pictures, corners, strict=True):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        small = int(random.integers(max(high, wide), side + 1))
        top, left = int(random.integers(small - high + 1)), int(random.integers(small - wide + 1))
        seen = np.s_[top : top + high, left : left + wide]
        image[rows, columns] = cv2.resize(picture.image, (small, small), interpolation=cv2.INTER_AREA)[seen]
        placed = np.zeros_like(picture.masks)
        for number, mask in enumerate(picture.masks):
            smaller = cv2.resize(mask, (small, small), interpolation=cv2.INTER_NEAREST_EXACT)
            placed[number, rows, columns] = smaller[seen]
        masks.append(placed)
        whole.append(picture.whole * (small / side) ** 2)
    labels, crowds = ([getattr(picture, name) for picture in pictures] for name in ("labels", "crowds"))
    return Labelled(image, np.concatenate(masks), np.concatenate(labels), np.concatenate(crowds), np.concatenate(whole))


def copy_paste(picture: Labelled, source: Labelled, random: np.random.Generator) -> Labelled:
    """A picture with objects of another one pasted onto it (Ghiasi et al., Simple Copy-Paste, CVPR 2021).

    What a pasted object covers is no longer seen of the objects below it; their masks lose it.

    Args:
        picture: What is pasted onto.
        source: Where objects come from, of the same size; crowds are not copied.
        random: Draws which of them.

    Returns:
        A new picture; the objects that were there come first.
    """
    chosen = ~source.crowds & source.masks.any(axis=(1, 2)) & (random.random(len(source.masks)) < random.random())
    covered: NDArray[np.bool_] = np.any(source.masks[chosen], axis=0)
    image = np.where(covered[..., None], source.image, picture.image)
    masks = np.concatenate([picture.masks * ~covered, source.masks[chosen]])
    rest = (np.concatenate([getattr(picture, name), getattr(source, name)[chosen]]) for name in Labelled._fields[2:])
    return Labelled(image, masks, *rest)
