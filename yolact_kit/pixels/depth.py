"""Pictures of more than 8 bits a channel: the one range of values by which all of a set become 8-bit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError

USUAL_TOPS = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""The highest values of the usual depths: shares, and 8, 10, 12, 14 and 16 bits."""

_OUTLIERS = 1e-4
"""Share of a picture's pixels at either end that its range leaves out: broken pixels of a camera, glints."""
_AT_ONCE = 1 << 22
"""Values that are scaled to 8 bits at once."""


class DepthRule(Protocol):
    """Decides by which range the values of a picture of more than 8 bits become 8-bit."""

    def range_of(self, values: NDArray[Any]) -> DepthRange:
        """The range for a picture.

        Args:
            values: [H, W] or [H, W, 3], as stored.
        """


@dataclass(frozen=True, slots=True)
class DepthRange:
    """The values that become black and white; those between become grey in proportion.

    Attributes:
        low: What becomes 0; values below it as well.
        high: What becomes 255; values above it as well.

    Example:
        >>> DepthRange(0, 4095).to_8bit(np.array([[0, 2048, 65535]], np.uint16)).tolist()
        [[0, 128, 255]]
        >>> str(DepthRange(0, 4095))
        '0 to 4095'
    """

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"

    @property
    def pair(self) -> tuple[float, float]:
        """Both numbers, as files have them."""
        return self.low, self.high

    def range_of(self, values: NDArray[Any]) -> DepthRange:
        """This range, whatever the values: a range is the simplest `DepthRule`."""
        return self

    def to_8bit(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The values scaled to 8 bits, some rows at a time: as floats all would take eight times the memory.

        Args:
            values: [H, W] or [H, W, 3]; what is not a number becomes 0.

        Returns:
            uint8 of the same shape.
        """
        pixels = np.empty(values.shape, np.uint8)
        rows = max(1, _AT_ONCE // max(1, values[:1].size))
        scale = 255.0 / max(self.high - self.low, 1e-12)
        for start in range(0, len(values), rows):
            block = values[start : start + rows].astype(np.float64).clip(self.low, self.high)
            pixels[start : start + rows] = np.round((np.nan_to_num(block, nan=self.low) - self.low) * scale)
        return pixels


class OwnRange:
    """The `DepthRule` for a picture that belongs to no set: it is a set of its own."""

    def range_of(self, values: NDArray[Any]) -> DepthRange:
        """The common range of a set of this one picture."""
        return common_range([value_range(values)])


def value_range(values: NDArray[Any]) -> DepthRange:
    """The lowest and the highest value of a picture, without one in 10,000 pixels at either end.

    Args:
        values: [H, W] or [H, W, 3], as stored.

    Returns:
        Both; 0 and 0 where no value is a number.

    Example:
        >>> value_range(np.array([[3, 9], [4, 5]], np.uint16))
        DepthRange(low=3.0, high=9.0)
    """
    flat = values.reshape(-1)
    if flat.dtype.kind == "f":
        flat = flat[np.isfinite(flat)]
    if not flat.size:
        return DepthRange(0.0, 0.0)
    left_out = int(flat.size * _OUTLIERS)
    ends = np.partition(flat, (left_out, flat.size - 1 - left_out))
    return DepthRange(float(ends[left_out]), float(ends[flat.size - 1 - left_out]))


def common_range(ranges: Iterable[DepthRange]) -> DepthRange:
    """The one range for pictures of a set.

    Args:
        ranges: The `value_range` of each.

    Returns:
        0 to the highest value of a usual depth, where the pictures fill at least half of that: the range then stays
        the same when pictures of the camera are added. Otherwise from the lowest to the highest value, so that the 256
        greys of thermal and medical pictures are not spent on values that none has.

    Example:
        >>> str(common_range([DepthRange(0, 250), DepthRange(5, 4000)]))
        '0 to 4095'
        >>> str(common_range([DepthRange(-1024, 3071)]))
        '-1024 to 3071'
    """
    ranges = list(ranges)
    low, high = min(item.low for item in ranges), max(item.high for item in ranges)
    for top in USUAL_TOPS:
        if low >= 0 and high <= top <= 2 * (high - low):
            return DepthRange(0.0, top)
    if low == high:  # Pictures of a single value: it keeps its place in its likely depth.
        top = next((top for top in USUAL_TOPS[1:] if high <= top), high)
        return DepthRange(min(low, 0.0), top)
    return DepthRange(low, high)


def depth_range(pair: Sequence[float] | None) -> DepthRange | None:
    """A range as files and Python code write it.

    Args:
        pair: What becomes black and what becomes white; None for no range.

    Returns:
        The range; None where there is none.

    Raises:
        UserError: They are no finite numbers, or the first is not the lower one.

    Example:
        >>> depth_range([0, 4095])
        DepthRange(low=0.0, high=4095.0)
    """
    if pair is None:
        return None
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(
            f"{pair} is no range of values for pictures of more than 8 bits.",
            "Give two numbers: the value that becomes black, then a higher one, which becomes white.",
        )
    return DepthRange(low, high)


def parse_depth_range(text: str | None) -> DepthRange | None:
    """The value of ``--depth-range``.

    Args:
        text: Such as ``0,4095``; None where the option was not given.

    Returns:
        The range; None where there is none.

    Raises:
        UserError: It is not two numbers, the lower one first.

    Example:
        >>> parse_depth_range("-1024,3071")
        DepthRange(low=-1024.0, high=3071.0)
    """
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError as error:
        raise UserError(
            f"--depth-range '{text}' is not two numbers.", "Write them as LOW,HIGH, such as --depth-range 0,4095."
        ) from error
    return depth_range((low, high))
