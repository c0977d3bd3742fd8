"""Batches whose loss is not finite: they are reported and skipped, and training ends if they keep coming."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from yolact_kit.errors import EXIT_PROBLEMS

_ADVICE = (
    "If it began with the first batch, the weights that training started from are damaged: try others, or "
    "`--weights none`. If it began later, training has run away: set train.learning_rate to a tenth, or "
    "train.precision to 32-true. If it is always the same pictures, look at them with `yolact-kit preview DATASET`."
)


class TrainingStoppedError(Exception):
    """Training cannot continue; files saved before are kept.

    Args:
        message: Why.
        advice: What to do about it.
    """

    exit_code = EXIT_PROBLEMS

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class BadBatches:
    """Counts batches whose loss or gradient is infinite or NaN.

    Args:
        limit: Training stops after this many in a row.
        say: Prints a line.

    Attributes:
        count: How many there were in all.
    """

    def __init__(self, limit: int, say: Callable[[str], None] = lambda _line: None) -> None:
        self.limit = limit
        self.say = say
        self.count = 0
        self.in_a_row = 0

    def good(self) -> None:
        """Records a step without problems."""
        self.in_a_row = 0

    def bad(self, step: int, parts: Sequence[str], pictures: Sequence[str]) -> None:
        """Counts and reports a bad batch.

        Args:
            step: The step, from 0.
            parts: What is not finite: components of the loss, or ``gradient``.
            pictures: The pictures that may be the cause.

        Raises:
            TrainingStoppedError: The limit is reached.
        """
        self.count += 1
        self.in_a_row += 1
        what = f"the loss ({', '.join(parts)})" if parts != ["gradient"] else "the gradient"
        where = f"{what} is not finite in step {step + 1} with {', '.join(pictures)}"
        self.say(f"warning: {where}; the batch is skipped")
        if self.in_a_row >= self.limit:
            raise TrainingStoppedError(
                f"Training stopped after {self.in_a_row} bad batches in a row: {where}.", _ADVICE
            )


def not_finite(losses: Mapping[str, Tensor]) -> list[str]:
    """Names of the components that are infinite or NaN.

    Args:
        losses: Scalars by name.

    Returns:
        The names, in their order.

    Example:
        >>> not_finite({"box": torch.tensor(1.0), "mask": torch.tensor(float("inf"))})
        ['mask']
    """
    return [name for name, value in losses.items() if not torch.isfinite(value)]
