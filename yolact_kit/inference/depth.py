"""The one range by which the pictures of more than 8 bits of a call become 8-bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from yolact_kit.display import SILENT, Display
from yolact_kit.errors import UserError
from yolact_kit.pixels.depth import DepthRange, common_range, value_range

if TYPE_CHECKING:
    from yolact_kit.inference.predictor import Predictor

Values = Callable[[], Iterable[NDArray[Any]]]
"""Gives the values of every picture of more than 8 bits of a call, one after the other."""

_FIX = "Give the range yourself: --depth-range LOW,HIGH, in Python depth_range=(LOW, HIGH)."


class CallDepth:
    """A `DepthRule` for all pictures of a call: the range that the weights were trained with.

    Weights that were trained on pictures of 8 bits have none. Then the pictures of the call are a set of their own: as
    soon as one with more than 8 bits appears, the range that suits all of them is looked for, once.

    Args:
        trained: The range of the weights; None where they have none.
        chosen: The range that the user chose instead.
        values: Gives the values of the call's pictures, for weights without a range; None where nobody can look ahead.
        display: Where `report` tells of the range.

    Example:
        >>> import numpy as np
        >>> CallDepth(DepthRange(0, 4095)).range_of(np.zeros((4, 4), np.uint16))
        DepthRange(low=0, high=4095)
    """

    def __init__(
        self,
        trained: DepthRange | None,
        chosen: DepthRange | None = None,
        values: Values | None = None,
        display: Display = SILENT,
    ) -> None:
        self.trained = trained
        self.chosen = chosen
        self._settled = chosen or trained
        self._values = values
        self._display = display
        self._met = self._told = False
        self._lock = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether the range is known before any picture is."""
        return self.chosen is not None or self.trained is not None

    def range_of(self, values: NDArray[Any]) -> DepthRange:
        """The range, the same for every picture of the call.

        Args:
            values: [H, W] or [H, W, 3], those of one of the pictures.

        Raises:
            UserError: There is none, and nobody can look ahead.
        """
        with self._lock:
            self._met = True
            if self._settled is None:
                self._settled = common_range(self._ranges(values))
            return self._settled

    def _ranges(self, values: NDArray[Any]) -> Iterator[DepthRange]:
        """The range of each picture that can be looked at in advance, and of the first one that was met."""
        if self._values is None:
            raise UserError(
                "The weights have no range of values for pictures of more than 8 bits, and the pictures come one by "
                "one, so that none can be found that suits them all.",
                _FIX,
            )
        yield value_range(values)
        for others in self._values():
            yield value_range(others)

    def report(self) -> None:
        """Tells once of the range, if a picture of more than 8 bits has been met.

        Pictures are read in other threads, which should not print; so whoever reads them calls this afterwards.
        """
        if not self._met or self._told or self._settled is None:
            return
        self._told = True
        what = f"Pictures with more than 8 bits a channel: {self._settled} became black to white in all of them"
        if self.chosen is None and self.trained is None:
            self._display.warn(
                f"{what}, which suits those here; the weights have no range, as they were trained on pictures of 8 "
                f"bits. {_FIX}"
            )
        elif self.chosen is not None and self.trained not in (None, self.chosen):
            self._display.warn(f"{what}, as asked for; but the weights were trained with {self.trained}.")
        else:
            self._display.say(f"{what}, as {'in training' if self.chosen is None else 'asked for'}.")


def call_depth(predictor: Predictor, values: Values | None, display: Display = SILENT) -> CallDepth:
    """The rule for the pictures that a predictor gets in one call.

    Args:
        predictor: The model.
        values: As `CallDepth` takes them.
        display: Where the range is told.

    Returns:
        The rule.
    """
    return CallDepth(predictor.trained_range, predictor.depth_range, values, display)
