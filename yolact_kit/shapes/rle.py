"""Masks as run lengths; broken ones are found before they reach pycocotools' native code, which trusts them."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask


class Rle(TypedDict):
    """COCO's compressed run-length encoding of one mask: ``size`` [height, width], ``counts`` as ASCII text."""

    size: list[int]
    counts: str


def encode_mask(mask: NDArray[Any]) -> Rle:
    """Encodes a mask.

    Args:
        mask: [height, width], any type; what is not 0 belongs to the object.

    Returns:
        Compressed RLE.

    Example:
        >>> encode_mask(np.eye(2))["size"]
        [2, 2]
    """
    encoded = coco_mask.encode(np.asfortranarray(mask != 0, dtype=np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def decode_rle(rle: Rle) -> NDArray[np.uint8]:
    """Decodes a mask that `encode_mask` or `parse_rle` gave.

    Args:
        rle: Compressed RLE.

    Returns:
        uint8 [height, width] of 0 and 1.
    """
    decoded: NDArray[np.uint8] = coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})
    return decoded


def rle_area(rle: Rle) -> int:
    """The number of pixels of a mask."""
    return int(coco_mask.area({"size": rle["size"], "counts": rle["counts"].encode("ascii")}))


def merge_rles(rles: list[Rle]) -> Rle:
    """The union of masks of the same size."""
    merged = coco_mask.merge([{"size": rle["size"], "counts": rle["counts"].encode("ascii")} for rle in rles])
    return {"size": [int(side) for side in merged["size"]], "counts": merged["counts"].decode("ascii")}


def rings_to_rle(rings: list[NDArray[np.float64]], height: int, width: int) -> Rle:
    """The union of polygons as a mask.

    Args:
        rings: The polygons, each float64 [P, 2] with P of at least 3, x y in pixels.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        Compressed RLE.
    """
    encoded = coco_mask.frPyObjects([ring.reshape(-1).tolist() for ring in rings], height, width)
    merged = coco_mask.merge(encoded)
    return {"size": [height, width], "counts": merged["counts"].decode("ascii")}


def parse_rle(segmentation: dict[str, Any], height: int, width: int) -> Rle:
    """Checks run lengths from a COCO file, compressed or not, and compresses them.

    Args:
        segmentation: ``{"size": [height, width], "counts": list of numbers | text}``.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        Compressed RLE.

    Raises:
        ValueError: The run lengths are broken, or of another size than the picture; the message says which.

    Example:
        >>> parse_rle({"size": [2, 2], "counts": [1, 2, 1]}, 2, 2)["size"]
        [2, 2]
    """
    _check_size(segmentation.get("size"), height, width)
    runs = _checked_runs(segmentation.get("counts"), height * width)
    compressed = coco_mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)
    return {"size": [height, width], "counts": compressed["counts"].decode("ascii")}


def _check_size(size: Any, height: int, width: int) -> None:
    """Refuses a mask whose stated size is not the picture's."""
    if not (isinstance(size, list | tuple) and len(size) == 2):
        raise ValueError("its mask has no size")
    stated = [int(side) for side in size]
    if stated != [height, width]:
        swapped = " (height and width have changed places)" if stated == [width, height] else ""
        raise ValueError(f"its mask has the size {list(size)}, the picture [{height}, {width}]{swapped}")


def _checked_runs(counts: Any, pixels: int) -> list[int]:
    """Run lengths that add up to a given number of pixels, from a list or from compressed text."""
    # As Python's own numbers, whose sum cannot overflow.
    runs = decode_counts(counts).tolist() if isinstance(counts, str | bytes) else counts
    if not isinstance(runs, list) or not all(isinstance(run, int) and run >= 0 for run in runs):
        raise ValueError("its run lengths are not a list of numbers of 0 or more")
    if sum(runs) != pixels:
        raise ValueError(f"its run lengths add up to {sum(runs)}, not to the {pixels} pixels of the picture")
    return runs


def decode_counts(text: str | bytes) -> NDArray[np.int64]:
    """The run lengths in COCO's compressed text: base 32, low digits first, differences from the fourth run on.

    Args:
        text: The compressed run lengths.

    Returns:
        int64 [R], runs of 0 and of 1 in turn.

    Raises:
        ValueError: The text is broken or cut off.

    Example:
        >>> decode_counts(encode_mask(np.eye(2))["counts"]).tolist()
        [0, 1, 2, 1]
    """
    # Each character carries six bits of its code less 48: five of the number, and 32 where more characters follow. The
    # highest of a number's bits, 16 in its last character, says that it is negative (two's complement).
    codes = text.encode("ascii", "replace") if isinstance(text, str) else text
    digits = np.frombuffer(codes, dtype=np.uint8).astype(np.int64) - 48
    ends = ((digits & 32) == 0).nonzero()[0]
    starts = np.r_[0, ends + 1]
    lengths = ends - starts[:-1] + 1
    # Seven digits hold every difference that pycocotools writes; more could overflow on their way to native code.
    if ((digits < 0) | (digits > 63)).any() or (lengths > 7).any():
        raise ValueError("its compressed run lengths are broken")
    if starts[-1] != len(digits):
        raise ValueError("its compressed run lengths are cut off")
    if len(ends) == 0:
        return digits
    # Digit i of a number counts 32^i: shift each digit by where it stands in its number, and add up number by number.
    position = np.arange(len(digits)) - np.repeat(starts[:-1], lengths)
    runs: NDArray[np.int64] = np.add.reduceat((digits & 31) << 5 * position, starts[:-1])
    runs -= np.where(digits[ends] & 16, 1 << 5 * lengths, 0)
    # From the fourth on, a number is the difference to the run two before it, the last of its own kind. Running sums of
    # every other number undo that; the first run is in neither of them.
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs


def drop_pairs(flips: NDArray[np.int64]) -> NDArray[np.int64]:
    """Flips without the pairs that undo each other: of a run that ends where it began, or where the next one begins."""
    if len(flips) == 0:
        return flips
    # Flips are rising, so equal ones stand side by side: an even number of them is no change at all, an odd one is one.
    distinct = np.r_[True, flips[1:] != flips[:-1]].nonzero()[0]
    odd = np.diff(distinct, append=len(flips)) % 2 == 1
    changes: NDArray[np.int64] = flips[distinct[odd]]
    return changes


def run_lengths(flips: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """Run lengths of a mask from the pixels at which it begins and ends.

    Args:
        flips: int64 [F], pixels counted down the columns at which the mask changes, rising, each once.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        int64 [R], runs of 0 and of 1 in turn, the first of 0.

    Example:
        >>> run_lengths(np.array([2, 3]), 2, 2).tolist()
        [2, 1, 1]
    """
    counts = np.diff(flips, prepend=0, append=height * width)
    return counts[:-1] if len(counts) > 1 and counts[-1] == 0 else counts


def compress(counts: NDArray[np.int64], height: int, width: int) -> Rle:
    """Compresses run lengths that are known to be right; `parse_rle` takes those from files.

    Args:
        counts: int64 [R], runs of 0 and of 1 in turn, height x width pixels in all.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.

    Returns:
        Compressed RLE.

    Example:
        >>> decode_rle(compress(np.array([2, 1, 1]), 2, 2)).tolist()
        [[0, 1], [0, 0]]
    """
    coded = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    return Rle(size=[height, width], counts=coded["counts"].decode("ascii"))
